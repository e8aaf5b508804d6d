"""The two registry secret contents, decoded as Go's encoding/json decodes them for the kubelet."""

import base64
import binascii
import json
import re

import msgspec

_FIELDS = frozenset(("username", "password", "email", "auth"))
# Not read by the kubelet, which drops them; read here to tell what kind of credential an entry was meant to be.
_TOKENS = frozenset(("identitytoken", "registrytoken"))
_SURROGATE = re.compile("[\ud800-\udfff]")
# Go compares the names of struct fields with ASCII case folded, and with the two letters that Unicode folds into ASCII.
_FOLD = {**{upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}, 0x17F: ord("s"), 0x212A: ord("k")}
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII)


class Login(msgspec.Struct, frozen=True):
    """One registry's entry. Holds secret values: it stays within the process, and its repr shows none of them.

    `identity` is the one of the tokens that a token server exchanges."""

    user: bytes = b""
    password: bytes = b""
    tokens: tuple[str, ...] = ()
    problem: str | None = None
    identity: str = ""

    def __repr__(self) -> str:
        return "Login(...)"


class Config(msgspec.Struct, frozen=True):
    """Logins by auths key; `rejected` says why the kubelet refuses the whole; `mistaken` why it is valid yet empty."""

    logins: dict[str, Login] = {}
    rejected: str | None = None
    mistaken: str | None = None


class _Object(list[tuple[str, object]]):
    """A JSON object's members in order, duplicates included."""


def read_config(data: bytes, *, flat: bool) -> Config:
    """Decode a `.dockercfg` (flat: hosts at the top) or a `.dockerconfigjson`. Never raises; reasons quote no value.

    Source: k8s pkg/credentialprovider/config.go (DockerConfigJSON, DockerConfigEntry), Go encoding/json.
    """
    try:
        content = _load(data)
    except RecursionError:
        return Config(rejected="its content is JSON that is nested too deeply")
    except ValueError:
        twice = ": it looks base64-encoded twice" if _is_encoded_json(data) else ""
        return Config(rejected=f"its content is not valid JSON{twice}")
    if content is None:
        content = _Object()
    if not isinstance(content, _Object):
        return Config(rejected="its content is not a JSON object")
    return _read_flat(content) if flat else _read_nested(content)


def _read_flat(content: _Object) -> Config:
    logins, rejected = _read_logins(content)
    inner = [value for name, value in content if name == "auths"]
    if inner and logins.keys() <= {"auths", "credHelpers", "HttpHeaders"} and rejected is None:
        return Config(mistaken="its content is that of a kubernetes.io/dockerconfigjson secret, so it matches nothing")
    return Config(logins, rejected, None if logins else "it names no registry")


def _read_nested(content: _Object) -> Config:
    logins: dict[str, Login] = {}
    rejected: str | None = None
    named = hosts = False
    for name, value in content:
        folded = name.translate(_FOLD)
        if folded == "auths":
            named = True
            if value is None:
                logins.clear()
            elif isinstance(value, _Object):
                read, wrong = _read_logins(value)
                logins |= read
                rejected = rejected or wrong
            else:
                rejected = rejected or "its auths is not an object"
        elif folded == "httpheaders":
            rejected = rejected or _wrong_headers(value)
        elif isinstance(value, _Object) and any(mark in name for mark in ".:"):
            hosts = True
    mistaken = None
    if not logins and hosts:
        mistaken = "its content is that of a kubernetes.io/dockercfg secret, so it matches nothing"
    elif not logins:
        mistaken = "its auths names no registry" if named else "it has no auths"
    return Config(logins, rejected, None if rejected else mistaken)


def _read_logins(members: _Object) -> tuple[dict[str, Login], str | None]:
    logins: dict[str, Login] = {}
    rejected: str | None = None
    for name, value in members:
        login = _read_login(value)
        logins[name] = login
        if login.problem and rejected is None:
            rejected = f"registry {len(logins)} of it: {login.problem}"
    return logins, rejected


def _read_login(value: object) -> Login:
    if value is None:
        return Login()
    if not isinstance(value, _Object):
        return Login(problem="its entry is not an object")
    fields: dict[str, str] = {}
    problem: str | None = None
    for name, member in value:
        folded = name.translate(_FOLD)
        if isinstance(member, str):
            fields[folded] = member
        elif member is not None and folded in _FIELDS:
            problem = problem or f"its {folded} is not a string"
    tokens = tuple(fields[name] for name in sorted(_TOKENS) if fields.get(name))
    user, password = (fields.get(name, "").encode() for name in ("username", "password"))
    if fields.get("auth") and problem is None:
        decoded = _decode_auth(fields["auth"])
        if isinstance(decoded, str):
            problem = decoded
        else:
            user, password = decoded
    return Login(user, password, tokens, problem, fields.get("identitytoken", ""))


def _decode_auth(auth: str) -> tuple[bytes, bytes] | str:
    """User and password, or what is wrong. Standard base64, padded or not; line breaks within it are skipped."""
    text = auth.replace("\r", "").replace("\n", "")
    padded = text.endswith("=")
    if not _BASE64.fullmatch(text) or (len(text) % 4 if padded else len(text) % 4 == 1):
        return "its auth is not standard base64"
    decoded = base64.b64decode(text if padded else text + "=" * (-len(text) % 4))
    user, colon, password = decoded.partition(b":")
    return (user, password) if colon else "its auth has no colon between user and password"


def _wrong_headers(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, _Object):
        return "its HttpHeaders is not an object"
    if any(not (member is None or isinstance(member, str)) for _, member in value):
        return "its HttpHeaders has a value that is not a string"
    return None


def _load(data: bytes) -> object:
    # As text, since json.loads would guess at other encodings of bytes. Go replaces what is not valid UTF-8, too.
    return json.loads(
        data.decode("utf-8", "replace"),
        object_pairs_hook=_members,
        parse_int=_number,
        parse_float=_number,
        parse_constant=_refuse,
    )


def _members(pairs: list[tuple[str, object]]) -> _Object:
    return _Object((_valid(name), _valid(value) if isinstance(value, str) else value) for name, value in pairs)


def _valid(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)


def _number(digits: str) -> int:
    """No number is of use here, and one of many digits would be refused or slow to convert."""
    return len(digits)


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _is_encoded_json(data: bytes) -> bool:
    try:
        return base64.b64decode(data.strip(), validate=True).lstrip().startswith(b"{")
    except binascii.Error:
        return False
