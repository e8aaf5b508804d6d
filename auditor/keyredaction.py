"""Auths keys without what may be secret in them, matching exactly what they matched before."""

import re

from auditor.registrykey import UnparsableKey, read_key

_SCHEME = re.compile(r"(?:https?://)?")
_DIGEST = re.compile(r"@sha(?:256|384|512):[0-9a-f]+", re.ASCII)
_PORT = re.compile(r"[0-9*]*", re.ASCII)
_ESCAPED_MARK = re.compile(r"%(?:3f|23)", re.IGNORECASE | re.ASCII)
# Not a valid user information of a URL: a key that bears it stays as unparsable as it was.
_REMOVED = "<redacted>"


def redact_key(auths_key: str) -> str:
    """Take user information, query and fragment off an auths key.

    The kubelet would serve the same images with the result as with the original. A key that it cannot parse is taken
    apart more widely, since there anything before an `@` or after a colon may be a password, and stays unparsable. So
    does a key whose password holds a `/`, `?` or `#`, which makes something else of it than was meant.
    """
    scheme = _SCHEME.match(auths_key)
    start = scheme.end() if scheme else 0
    prefix, text = auths_key[:start], auths_key[start:]
    body = re.split("[?#]", text, maxsplit=1)[0]
    authority, slash, path = body.partition("/")
    host, path = authority.rpartition("@")[2], _without_escaped_tail(path)
    astray = "@" in text[len(body) :]
    misread = "@" in _DIGEST.sub("", path) or (astray and "." not in host and host != "localhost")
    if misread or not _parses(auths_key):
        # With an `@` behind a query mark either side may be the password: nothing of it can be shown.
        return _redact_unparsable(prefix, "" if astray else body)
    return _with_prefix(prefix, host + slash + path)


def _redact_unparsable(prefix: str, body: str) -> str:
    rest = body.rpartition("@")[2]
    authority, slash, path = rest.partition("/")
    name, colon, port = authority.partition(":")
    if not authority.startswith("[") and not _PORT.fullmatch(port):
        rest = f"{name}{colon}{_REMOVED}{slash}{path}"
    redacted = _with_prefix(prefix, rest)
    return f"{prefix}{_REMOVED}@{rest}" if _parses(redacted) else redacted


def _with_prefix(prefix: str, rest: str) -> str:
    # Without its user information a key may begin with what would now be read as its scheme.
    return f"https://{rest}" if not prefix and rest.startswith(("http://", "https://")) else prefix + rest


def _without_escaped_tail(path: str) -> str:
    """At a lookup the unescaped key is parsed again: what follows an escaped `?` or `#` is query or fragment then."""
    mark = _ESCAPED_MARK.search(path)
    return path[: mark.end()] if mark else path


def _parses(auths_key: str) -> bool:
    """Whether the kubelet can read the key when it indexes it, and again when it looks an image up."""
    try:
        read_key(auths_key)
    except UnparsableKey:
        return False
    return True
