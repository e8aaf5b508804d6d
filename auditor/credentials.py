"""What the kubelet makes of a pull secret, redacted by construction."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Literal

import msgspec

from auditor.dockerconfig import Login, read_config
from auditor.keyproblem import is_docker_hub_lookalike, key_problem
from auditor.keyredaction import redact_key
from auditor.registrykey import (
    Key,
    is_docker_hub_key,
    is_glob,
    matches,
    parse_key,
    path_prefix_without_slash,
    serving,
    taken_for_docker_hub,
)
from auditor.statedexpiry import stated_expiry

__all__ = [
    "DOCKERCFG",
    "DOCKERCONFIGJSON",
    "AuthEntry",
    "Key",
    "Kind",
    "SecretContent",
    "is_docker_hub_key",
    "is_docker_hub_lookalike",
    "is_glob",
    "key_problem",
    "matches",
    "parse_key",
    "path_prefix_without_slash",
    "read_secret",
    "redact_key",
    "serving",
    "taken_for_docker_hub",
]

DOCKERCONFIGJSON = "kubernetes.io/dockerconfigjson"
DOCKERCFG = "kubernetes.io/dockercfg"
Kind = Literal["basic", "empty", "token-only", "aws", "oauth2accesstoken", "json-key", "access-key"]

_DATA_KEYS = {DOCKERCONFIGJSON: ".dockerconfigjson", DOCKERCFG: ".dockercfg"}
_KINDS_BY_USER: dict[bytes, Kind] = {
    b"AWS": "aws",
    b"oauth2accesstoken": "oauth2accesstoken",
    b"_dcgcloud_token": "oauth2accesstoken",
    b"_json_key": "json-key",
    b"_json_key_base64": "json-key",
}
_ACCESS_KEY = re.compile(rb"(?:AKIA|ASIA)[A-Z0-9]{12,28}")
# Fingerprints are keyed afresh in each process, so that one that got out could not be searched for its password.
_FINGERPRINT_KEY = secrets.token_bytes(32)


class AuthEntry(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One registry of a pull secret. `key` is the auths key without user information, query and fragment.

    `problem` says why the kubelet cannot use the entry, or why it rejects the secret because of it. `expires_at` is
    RFC 3339 in UTC, as the token itself states it. Equal `same_as`, the same credential; 0 is none, or unknown.
    """

    key: str
    problem: str | None = None
    kind: Kind = "basic"
    expires_at: str | None = None
    same_as: int = 0


class SecretContent(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the kubelet makes of a pull secret.

    `rejected`: it cannot be decoded, which fails every pull with credentials of a pod that names the secret, whatever
    the registry. `unusable`: it is ignored, or is valid and yet names no registry.
    """

    entries: tuple[AuthEntry, ...] = ()
    rejected: str | None = None
    unusable: str | None = None


def read_secret(type_: str, data: Mapping[str, bytes | None]) -> tuple[SecretContent, tuple[bytes, ...]]:
    """Read a Secret's data, whose values are decoded from base64 (None where that failed). Never raises.

    Second comes a fingerprint per entry, equal only for equal credentials and only within this process; empty where an
    entry holds nothing secret. Number them, and let them go.

    Source: k8s pkg/credentialprovider/secrets/secrets.go and pkg/credentialprovider/config.go.
    """
    name = _DATA_KEYS.get(type_)
    if name is None:
        return SecretContent(unusable=f"its type is neither {DOCKERCONFIGJSON} nor {DOCKERCFG}"), ()
    if name not in data:
        return SecretContent(unusable=f"it has no data under {name}, the key that its type is read from"), ()
    content = data[name]
    if content is None:
        return SecretContent(rejected=f"its {name} is not base64"), ()
    if not content:
        return SecretContent(unusable=f"its {name} is empty"), ()
    config = read_config(content, flat=type_ == DOCKERCFG)
    entries = tuple(_entry(key, login) for key, login in config.logins.items())
    return SecretContent(entries, config.rejected, config.mistaken), tuple(map(_fingerprint, config.logins.values()))


def _entry(key: str, login: Login) -> AuthEntry:
    # A token beside a password is never used: the kubelet passes on the user and the password alone.
    candidates = (login.password.decode("utf-8", "replace"),) if login.password else login.tokens
    expiries = (expiry for candidate in candidates if (expiry := stated_expiry(candidate)) is not None)
    return AuthEntry(redact_key(key), _problem(key, login), _kind(login), next(expiries, None))


def _kind(login: Login) -> Kind:
    if not login.password and login.tokens:
        return "token-only"
    if not login.user and not login.password:
        # What could not be decoded was meant to be a user and a password.
        return "basic" if login.problem else "empty"
    if _ACCESS_KEY.fullmatch(login.user):
        return "access-key"
    return _KINDS_BY_USER.get(login.user, "basic")


def _problem(key: str, login: Login) -> str | None:
    if login.problem:
        return login.problem
    if wrong := key_problem(key):
        return f"its key {wrong}"
    if login.password and login.user:
        return None
    if login.tokens and not login.password:
        return "it holds a token alone, which the kubelet drops"
    if login.user:
        return "it has no password"
    # containerd's ParseAuth looks at a password only beside a user name, and takes the rest for anonymous.
    return "it has no user name" if login.password else "it holds no credential"


def _fingerprint(login: Login) -> bytes:
    if not login.password and not login.tokens:
        return b""
    digest = hashlib.blake2b(key=_FINGERPRINT_KEY, digest_size=16)
    tokens = () if login.password else tuple(token.encode() for token in login.tokens)
    for part in (login.user, login.password, *tokens):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()
