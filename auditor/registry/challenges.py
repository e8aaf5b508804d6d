"""WWW-Authenticate: how a registry wants to be logged in to (RFC 9110 §11.6.1)."""

from __future__ import annotations

import re

from msgspec import Struct

_LONGEST = 8192
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PART = re.compile(
    rf'[ \t,]*(?:({_WORD})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^ \t,"]+))|({_WORD})(?=[ \t,]|$))', re.ASCII
)
_ESCAPE = re.compile(r"\\(.)")


class Challenge(Struct, frozen=True):
    """One scheme, lower-case, with its parameters' names in lower case."""

    scheme: str
    parameters: dict[str, str]


def parse(header: str) -> tuple[Challenge, ...]:
    """The challenges of a header, or of several joined by commas; what is malformed ends it."""
    found: list[Challenge] = []
    position = 0
    text = header[:_LONGEST]
    while part := _PART.match(text, position):
        position = part.end()
        name, quoted, plain, scheme = part.groups()
        if scheme:
            found.append(Challenge(scheme.lower(), {}))
        elif found:
            value = plain if quoted is None else _ESCAPE.sub(r"\1", quoted)
            found[-1].parameters.setdefault(name.lower(), value)
    return tuple(found)


def pull_scope(challenge: Challenge, repository: str) -> str:
    """What a token has to be asked for: to pull, whatever else the registry says. It may know the repository under
    another name than the address has, as registries behind a vanity name do."""
    kind, _, rest = challenge.parameters.get("scope", "").partition(" ")[0].partition(":")
    name, colon, actions = rest.rpartition(":")
    if kind == "repository" and colon and "pull" in actions.split(","):
        return f"repository:{name}:pull"
    return f"repository:{repository}:pull"
