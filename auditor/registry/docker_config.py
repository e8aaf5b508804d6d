"""Credentials of a docker config.json, as docker, podman and kubectl write it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from auditor.dockerconfig import Login, read_config
from auditor.errors import UsageError
from auditor.image import Reference
from auditor.registry.login import Credential, serving_its_host
from auditor.subjects import ImageUse

_IDENTITY_TOKEN_USER = b"<token>"


class _Helpers(Struct, rename="camel"):
    creds_store: str | None = None
    cred_helpers: dict[str, str] | None = None


class DockerConfig:
    """The file's entries. `notes` say what of it is not used, and quote none of its values."""

    def __init__(self, path: str) -> None:
        self.path = path
        content = _content(path)
        config = read_config(content, flat=False)
        if config.rejected:
            raise UsageError(f"--registry-config {path}: {config.rejected}", "Write it anew with `docker login`.")
        self.notes = _notes(path, content)
        self._keys = [key for key, login in config.logins.items() if _credential(login, path)]
        self._logins = config.logins

    def for_image(self, reference: Reference, uses: Sequence[ImageUse]) -> Sequence[Credential]:
        chosen = (self._logins[self._keys[index]] for index in serving_its_host(self._keys, reference))
        return [found for login in chosen if (found := _credential(login, self.path))]


def _content(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(
            f"--registry-config {path}: {error.strerror}", "Name a docker config.json, such as ~/.docker/config.json."
        ) from None


def _credential(login: Login, origin: str) -> Credential | None:
    """None for an entry that holds nothing to log in with."""
    if login.problem:
        return None
    if login.identity and (not login.password or login.user == _IDENTITY_TOKEN_USER):
        return Credential(origin, identity_token=login.identity)
    return Credential(origin, login.user, login.password) if login.user and login.password else None


def _notes(path: str, content: bytes) -> tuple[str, ...]:
    try:
        helpers = msgspec.json.decode(content, type=_Helpers)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ()
    if not (helpers.creds_store or helpers.cred_helpers):
        return ()
    advice = "give a config that holds the credentials itself"
    return (f"{path} names credential helpers, which are not run: {advice}",)
