"""Images that nobody has allowed, of many shapes: what a policy that means something else may let in all the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from auditor.enforcement.samples import DIGEST

_HOSTS = ("bad.example", "outsider.test", "evil.com", "registry.attacker.io", "docker.attacker.dev")
_NAMES = ("x", "app", "team/api")
_COMMIT = "9fceb02d0ae598e95dc970b74767f19372d61af8"
_SUFFIXES = (":1", ":1.2.3", ":v1.2.3", ":latest", "", ":1.0-prod", ":stable", f":{_COMMIT}", f":2.0@{DIGEST}")
_TAG = re.compile(r"[\w][\w.-]{0,60}", re.ASCII)
_LABEL = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*", re.ASCII)
_BETWEEN = re.compile(r"[:/@^$|()\s]+")
_MOST_WORDS = 12


def outsiders(words: Iterable[str]) -> Iterator[str]:
    """References by tag, by digest and bare, under hosts of several domains and none; with the policy's own words as
    tag, as end of a tag, and as a part of host or name."""
    for host in _HOSTS:
        for name in _NAMES:
            yield f"{host}/{name}@{DIGEST}"
    for suffix in _SUFFIXES:
        for host in _HOSTS[:2]:
            yield f"{host}/x{suffix}"
        # Docker Hub's, which need no host.
        yield f"x{suffix}"
        yield f"outsider/x{suffix}"
    for word in _parts(words):
        if _TAG.fullmatch(word):
            yield f"bad.example/x:{word}"
            yield f"bad.example/x:1.0-{word.lstrip('.-')}"
        lower = word.strip(".-").lower()
        if _LABEL.fullmatch(lower):
            yield f"bad.example/{lower}/x@{DIGEST}"
            yield f"bad.example/{lower}"
            if "." not in lower:  # a registry without a closing slash is told as an open end
                yield f"{lower}.attacker.io/x@{DIGEST}"
            yield f"attacker.{lower}/x@{DIGEST}"


def names(words: Iterable[str]) -> Iterator[str]:
    """Names of repositories that the policy's own words may exempt."""
    for word in _parts(words):
        lower = word.strip(".-").lower()
        if _LABEL.fullmatch(lower) and "." not in lower:
            yield lower


def _parts(words: Iterable[str]) -> list[str]:
    return sorted({part for text in words for part in _BETWEEN.split(text) if part})[:_MOST_WORDS]
