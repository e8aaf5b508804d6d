"""Clair itself, asked for its reports of the content that runs."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_network
from pathlib import Path

import msgspec
from msgspec import Struct

from auditor.errors import UsageError
from auditor.evidence import Evidence
from auditor.images import Image, images
from auditor.model import Snapshot
from auditor.registry.addresses import Endpoint, endpoint_of, split
from auditor.registry.fault import Unanswered
from auditor.registry.patience import PER_HOST, Patience
from auditor.registry.reach import Reach
from auditor.registry.transport import Request, Transport
from auditor.registry.trust import Trust
from auditor.scans.contents import Scanned
from auditor.sources import workers
from auditor.sources.scan_results import clair
from auditor.sources.scan_results.damage import Unusable
from auditor.sources.scan_results.files import Given
from auditor.subjects import image_uses

_PATH = "/matcher/api/v1/vulnerability_report/"
_BOUND = 64 << 20  # bytes of one report
_SECONDS = 60.0
_LIFETIME = 300
_ANYWHERE = Reach(networks=(ip_network("0.0.0.0/0"), ip_network("::/0")))
"""The operator names the server, which mostly is within the cluster; nobody else has a say in where it leads."""


class Clair(Struct, frozen=True):
    """Where Clair is, and how to log in: by a token as it is, or by tokens of our own, signed with a key that both
    share, under the name that Clair's configuration has as `iss`."""

    endpoint: Endpoint
    base: str = ""
    token: str = ""
    key: bytes = b""
    issuer: str = ""

    def __repr__(self) -> str:
        return f"Clair({self.endpoint.authority!r})"

    def authorization(self, now: float) -> dict[str, str]:
        token = _signed(self.key, self.issuer, int(now)) if self.key else self.token
        return {"Authorization": f"Bearer {token}"} if token else {}


def clair_at(url: str, token_file: str | None, key_file: str | None, issuer: str) -> Clair:
    """What the command line says; UsageError where that cannot be."""
    parts = split(url)
    if parts is None or parts.query or parts.fragment:
        raise UsageError("--clair: this is no address of a server", "Such as http://clair.clair.svc:6060")
    if token_file and key_file:
        raise UsageError("--clair-token and --clair-psk exclude each other", "Give one of them.")
    key = b""
    if key_file:
        try:
            key = base64.b64decode(_content(key_file, "--clair-psk"), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not key:
            raise UsageError(
                f"--clair-psk {key_file}: no key in base64", "As Clair's configuration has it under auth.psk.key."
            )
    token = _content(token_file, "--clair-token") if token_file else ""
    if token_file and not (token.isascii() and token.isprintable() and token and " " not in token):
        raise UsageError(f"--clair-token {token_file}: this is no token", "The file holds the token alone.")
    return Clair(endpoint_of(parts), parts.path.rstrip("/"), token, key, issuer)


def ask(
    server: Clair,
    snapshot: Snapshot,
    done: Callable[[], object] = lambda: None,
    *,
    patient: Callable[[Transport], Patience] = Patience,
) -> Given:
    """Clair's reports of the images in use; what gave none is a fault where that does not prove that there is none.

    `done` is called after each.
    """
    wanted, unknown = _digests(snapshot)
    transport = Transport(_ANYWHERE, Trust(), PER_HOST)
    patience = patient(transport)
    asked = _Asking(server, patience, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), done)
    try:
        answers = workers.run([partial(asked.report, digest) for digest in wanted], PER_HOST, patience.stop)
    finally:
        transport.close()
    scanned = tuple(answer for answer in answers if answer is not None and not isinstance(answer, str))
    faults = list(dict.fromkeys(answer for answer in answers if isinstance(answer, str)))
    missing = [digest for digest, answer in zip(wanted, answers, strict=True) if answer is None]
    at = server.endpoint.authority
    doubtful = sum(not wanted[digest] for digest in missing)
    if doubtful:
        faults.append(
            f"{at}: Clair has no report of {doubtful} digests; it knows those of single platforms alone, and which "
            "platforms an index holds, only the registry tells (--registry)"
        )
    if unknown:
        faults.append(f"{at}: of {unknown} images no digest is known to ask Clair by (--registry finds it)")
    return Given(scanned, tuple(faults))


class _Asking(Struct, frozen=True):
    server: Clair
    patience: Patience
    at: str
    done: Callable[[], object]

    def report(self, digest: str) -> Scanned | str | None:
        """The report, None where Clair has none, or why that is not known."""
        where = self.server.endpoint.authority
        request = Request(
            "GET",
            self.server.endpoint,
            f"{self.server.base}{_PATH}{digest}",
            {"Accept": "application/json", **self.server.authorization(time.time())},
            _BOUND,
            _SECONDS,
            redirects=False,
        )
        try:
            answer = self.patience.request(request)
        except Unanswered as fault:
            return f"{where}: {fault.why.detail}"
        finally:
            self.done()
        if answer.status == 404:
            return None
        if answer.status == 202:
            return f"{where}: Clair is still starting and gives no reports yet"
        if answer.status in (401, 403):
            return f"{where}: Clair refuses to tell ({answer.status}): see --clair-psk and --clair-token"
        if answer.status not in (200, 201):
            return f"{where}: Clair answered {answer.status}"
        return self._read(digest, answer.body, where)

    def _read(self, digest: str, body: bytes, where: str) -> Scanned | str:
        """Whatever its Content-Type says: Clair puts that of another document there."""
        try:
            scanned = clair.read(msgspec.json.decode(body, type=clair.ClairReport), f"Clair at {where}", self.at)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return f"{where}: Clair answered with what is no report"
        except Unusable as error:
            return f"{where}: {error}"
        if digest not in scanned[0].digests:
            return f"{where}: Clair answered with the report of another manifest"
        return scanned


def _digests(snapshot: Snapshot) -> tuple[dict[str, bool], int]:
    """The digests to ask for, each with whether it is known to be of a single manifest; how many images have none."""
    evidence = Evidence(snapshot.images)
    found: dict[str, bool] = {}
    unknown = 0
    for image in images(use for owner in snapshot.owners for use in image_uses(owner)):
        own = dict(_of(image, evidence))
        unknown += not own
        for digest, single in own.items():
            found[digest] = found.get(digest, False) or single
    return found, unknown


def _of(image: Image, evidence: Evidence) -> Iterable[tuple[str, bool]]:
    row = evidence.of(image)
    digests: Sequence[str] = image.digests or ([row.digest] if row and row.digest else [])
    for digest in digests:
        row = evidence.content(image.repository, digest)
        if row is None or row.unavailable:
            yield digest, any(True for _ in evidence.indexes(image.repository, digest))
        elif row.children:
            yield from ((platform.digest, True) for platform in row.platforms)
        else:
            yield digest, True


def _content(path: str, option: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror}", "Check the path and its permissions.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{option} {path}: not text", "The file holds one line of text.") from None


def _signed(key: bytes, issuer: str, now: int) -> str:
    """A JSON Web Token, HS256 (RFC 7519, RFC 7515 appendix A.1)."""
    claims = {"iss": issuer, "iat": now, "nbf": now, "exp": now + _LIFETIME}
    text = ".".join(_part(json.dumps(each).encode()) for each in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{text}.{_part(hmac.new(key, text.encode(), hashlib.sha256).digest())}"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
