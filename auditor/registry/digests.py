"""Content by its digest: what was asked for is what came, or it is refused."""

from __future__ import annotations

import hashlib
import re

_DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}", re.ASCII)


def is_digest(text: str) -> bool:
    """Of an algorithm that image references may use, complete and lower-case."""
    return _DIGEST.fullmatch(text) is not None


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


def matches(content: bytes, digest: str) -> bool:
    return is_digest(digest) and digest_of(content, digest.partition(":")[0]) == digest


def as_tag(digest: str) -> str:
    """The tag that stands for a digest, where a registry has no other place to refer to it from."""
    return digest.replace(":", "-")
