"""A repository's content: tags to digests, manifests and blobs by digest, referrers. Every byte is checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from auditor.registry.access import Access
from auditor.registry.addresses import endpoint_of, join
from auditor.registry.cache import Cache
from auditor.registry.digests import as_tag, digest_of, is_digest, matches
from auditor.registry.documents import ACCEPT, OCI_INDEX, Descriptor, Document, decode, schema_one
from auditor.registry.fault import Unanswered
from auditor.registry.transport import REDIRECTS, Answer

MANIFEST = 4 << 20
REFERRERS = 512
_PAGES = 32
_JSON_SECONDS = 30.0
_BLOB_SECONDS = 60.0
_SCHEMA_ONE = "application/vnd.docker.distribution.manifest.v1"
_NO_REFERRERS = frozenset({400, 404, 405, 406, 501})
_CODE = re.compile(r"[A-Z][A-Z_]{1,40}", re.ASCII)
_NEXT = re.compile(r'<([^<>]*)>[^,]*;\s*rel="?next"?(?:[;,\s]|$)', re.IGNORECASE)
T = TypeVar("T")


class Repository:
    """One repository at one endpoint. All methods raise Unanswered. Threads may share it.

    Content comes from the cache, if it is there; that it is still in the registry is what `digest` and `current` tell.
    """

    def __init__(self, access: Access, cache: Cache) -> None:
        self._access = access
        self._cache = cache
        # Digests that this registry has answered for in this run.
        self._met: set[str] = set()

    def digest(self, reference: str) -> str:
        """What a tag names now, or the digest itself if it is there. Asks without fetching, where that is enough."""
        answer = self._get("HEAD", f"/manifests/{reference}", bound=0, also=(405, 501))
        _refuse_schema_one(answer)
        said = answer.headers.get("docker-content-digest", "")
        found = reference if is_digest(reference) else said
        if answer.status != 200 or not is_digest(found):
            return self._fetched(reference)
        self._met.add(found)
        return found

    def manifest(self, digest: str, *, again: bool = True) -> Document:
        """The manifest or index of a digest. `again`: whether this run may want it once more."""
        found = self._cache.content(digest)
        if found is None:
            answer = self._get("GET", f"/manifests/{digest}", bound=MANIFEST)
            _refuse_schema_one(answer)
            found = self._verified(answer.body, digest, again=again)
        return decode(found)

    def current(self, digest: str) -> Document:
        """The manifest of a digest that an index names: one from the cache only if the registry still has it."""
        if digest not in self._met and self._cache.content(digest) is not None:
            self.digest(digest)
        return self.manifest(digest)

    def blob(self, digest: str, bound: int) -> bytes:
        """A blob of at most `bound` bytes, to be kept: it holds nothing that may not lie on a disk."""
        return self._cache.content(digest) or self._verified(self._blob(digest, bound), digest)

    def facts(self, digest: str, bound: int, read: Callable[[bytes], T], kind: type[T]) -> T:
        """What `read` makes of a blob that itself is not kept."""
        kept = self._cache.facts(digest)
        if kept is not None:
            try:
                return msgspec.json.decode(kept, type=kind)
            except msgspec.MsgspecError:
                pass  # of an earlier version
        content = self._blob(digest, bound)
        if not matches(content, digest):
            raise _other_content(self._access, digest)
        made = read(content)
        self._cache.keep_facts(digest, msgspec.json.encode(made))
        return made

    def referrers(self, digest: str) -> list[Descriptor]:
        """What names the digest as its subject, by the referrers API or, where there is none, by the fallback tag.

        https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
        """
        path = f"/referrers/{digest}"
        found: list[Descriptor] = []
        left = MANIFEST
        for _ in range(_PAGES):
            answer = self._listing(path, digest, left)
            left -= len(answer.body)
            if answer.status in _NO_REFERRERS or answer.status in REDIRECTS:
                found = self._fallback(digest)
                following = None
            else:
                found += decode(answer.body).manifests or ()
                following = self._next(answer, path)
            if len(found) > REFERRERS:
                break
            if following is None:
                return found
            path = following
        raise Unanswered("too-big", f"{self._name} lists more than {REFERRERS} referrers of one image")

    def _listing(self, path: str, digest: str, bound: int) -> Answer:
        """A page of referrers. A redirect is followed to where the same is to be had, and is else no such API: GHCR
        sends to a page of GitHub's, which may well answer 429, and that would be held against the registry."""
        also = (*_NO_REFERRERS, *REDIRECTS)
        answer = self._get("GET", path, bound=bound, accept=OCI_INDEX, also=also, redirects=False)
        if answer.status not in REDIRECTS:
            return answer
        if not self._leads_to(answer, f"/referrers/{digest}"):
            return answer
        return self._get("GET", path, bound=bound, accept=OCI_INDEX, also=also)

    def _leads_to(self, answer: Answer, path: str) -> bool:
        """Whether a redirect is to the same of another registry."""
        there = join(self._access.endpoint.url("/"), answer.headers.get("location", ""))
        return there is not None and there.path.startswith("/v2/") and there.path.endswith(path)

    def _fallback(self, digest: str) -> list[Descriptor]:
        found = self.tagged(as_tag(digest))
        return list(found[1].manifests or ()) if found else []

    def tagged(self, tag: str) -> tuple[str, Document] | None:
        """The digest and the manifest of a tag, None where there is no such tag."""
        try:
            digest = self.digest(tag)
        except Unanswered as fault:
            if fault.why.kind == "not-found":
                return None
            raise
        return digest, self.manifest(digest)

    def _fetched(self, reference: str) -> str:
        """The digest of what a registry serves that does not tell it without."""
        answer = self._get("GET", f"/manifests/{reference}", bound=MANIFEST)
        _refuse_schema_one(answer)
        digest = reference if is_digest(reference) else digest_of(answer.body)
        self._verified(answer.body, digest)
        return digest

    def _verified(self, content: bytes, digest: str, *, again: bool = True) -> bytes:
        if not matches(content, digest):
            raise _other_content(self._access, digest)
        self._met.add(digest)
        self._cache.keep_content(digest, content, again=again)
        return content

    def _blob(self, digest: str, bound: int) -> bytes:
        return self._get("GET", f"/blobs/{digest}", bound=bound, accept="*/*", seconds=_BLOB_SECONDS).body

    def _get(
        self,
        method: str,
        path: str,
        *,
        bound: int,
        accept: str = ACCEPT,
        seconds: float = _JSON_SECONDS,
        also: tuple[int, ...] = (),
        redirects: bool = True,
    ) -> Answer:
        """An answer of status 200, or of one in `also`."""
        answer = self._access.send(method, path, accept=accept, bound=bound, seconds=seconds, redirects=redirects)
        if answer.status == 200 or answer.status in also:
            return answer
        said = f"{self._name} answers {answer.status}"
        if answer.status == 404:  # without a code: a HEAD has none, and which is sent depends on the cache
            raise Unanswered("not-found", said)
        raise Unanswered("invalid", said + _code(answer.body))

    def _next(self, answer: Answer, path: str) -> str | None:
        """The rest of the list, by its path below the repository; nowhere else is asked."""
        link = _NEXT.search(answer.headers.get("link", "")[:4096])
        if link is None:
            return None
        base = f"/v2/{self._access.repository}"
        parts = join(self._access.endpoint.url(base + path), link[1])
        if parts is None or not parts.path.startswith(f"{base}/referrers/"):
            raise Unanswered("invalid", f"{self._name} names a next page that is not its own")
        there, own = endpoint_of(parts), self._access.endpoint
        if (there.scheme, there.authority) != (own.scheme, own.authority):
            raise Unanswered("invalid", f"{self._name} names a next page that is not its own")
        return parts.path[len(base) :] + (f"?{parts.query}" if parts.query else "")

    @property
    def _name(self) -> str:
        return self._access.endpoint.authority


def _refuse_schema_one(answer: Answer) -> None:
    if answer.headers.get("content-type", "").startswith(_SCHEMA_ONE):
        raise schema_one()


def _other_content(access: Access, digest: str) -> Unanswered:
    return Unanswered("invalid", f"{access.endpoint.authority} sends other content than {digest[:19]}… names")


def _code(body: bytes) -> str:
    """The registry's own word for an error, if it is one of the specification's form; its text may quote anything."""
    try:
        errors = msgspec.json.decode(body, type=_Errors).errors
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    code = errors[0].code if errors else ""
    return f" ({code})" if _CODE.fullmatch(code) else ""


class _Error(msgspec.Struct):
    code: str = ""


class _Errors(msgspec.Struct):
    errors: list[_Error] = []
