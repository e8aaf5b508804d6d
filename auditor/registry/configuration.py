"""An image's configuration, reduced to what checks read: names of variables without values, names of programs."""

from __future__ import annotations

import re

import msgspec
from msgspec import Struct

from auditor.evidence import LABELS, Platform
from auditor.registry.digests import is_digest
from auditor.registry.documents import Document
from auditor.registry.fault import Unanswered
from auditor.registry.history import steps
from auditor.registry.programs import program

BOUND = 8 << 20
TYPES = frozenset(("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"))
_VALUE = 512
_NAMES = 256
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,15}://", re.ASCII | re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


class _Settings(Struct, rename="pascal"):
    user: str | None = None
    env: list[str] | None = None
    entrypoint: list[str] | str | None = None
    cmd: list[str] | str | None = None
    labels: dict[str, str] | None = None


class _Step(Struct):
    created: str | None = None
    created_by: str | None = None
    empty_layer: bool | None = None


class _Configuration(Struct):
    architecture: str | None = None
    os: str | None = None
    variant: str | None = None
    created: str | None = None
    config: _Settings | None = None
    history: list[_Step] | None = None


def read(content: bytes) -> Platform:
    """The facts of a configuration, without digest and layers; raises Unanswered where it is none."""
    try:
        found = msgspec.json.decode(content, type=_Configuration)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unanswered("invalid", "what should be an image's configuration is none") from None
    settings = found.config or _Settings()
    entrypoint, command = _first(settings.entrypoint), _first(settings.cmd)
    history = [(s.created_by or "", time(s.created), bool(s.empty_layer)) for s in found.history or ()]
    return Platform(
        digest="",
        platform=f"{found.os or ''}/{found.architecture or ''}"[:_VALUE] if found.os or found.architecture else "",
        variant=(found.variant or "")[:_VALUE],
        created=time(found.created),
        user=(settings.user or "")[:_VALUE],
        entrypoint=entrypoint,
        # Beside an entrypoint it is the first argument of that, which may be anything.
        command=command if not settings.entrypoint or program(command) else "",
        environment=tuple(
            dict.fromkeys(e.partition("=")[0][:_VALUE] for e in (settings.env or ())[:_NAMES] if "=" in e)
        ),
        labels=labels(settings.labels),
        history=steps(history),
    )


def with_manifest(facts: Platform, digest: str, manifest: Document) -> Platform:
    """The facts of a configuration as those of a manifest that has it."""
    layers = manifest.layers or ()
    return msgspec.structs.replace(
        facts,
        digest=digest,
        layers=len(layers),
        size_bytes=sum(layer.size for layer in layers),
        labels=dict(sorted((labels(manifest.annotations) | facts.labels).items())),
    )


def labels(found: dict[str, str] | None) -> dict[str, str]:
    """Those of LABELS, their addresses without user information."""
    return {name: _bare(found[name])[:_VALUE] for name in LABELS if name in (found or {})} if found else {}


def time(text: str | None) -> str | None:
    """A time in the form of RFC 3339; None for anything else."""
    return text if text and _TIME.fullmatch(text) else None


def _bare(value: str) -> str:
    """An address without user and password, with or without a scheme, and without query and fragment: sources are often
    cloned with a token in the address. All before an @ goes, but for that of a digest."""
    head, at, tail = value.rpartition("@")
    if at and is_digest(tail):
        return f"{_bare(head)}@{tail}"
    scheme = _SCHEME.match(value)
    bare = f"{scheme[0] if scheme else ''}{tail}" if at else value
    return bare if re.search(r"\s", bare) or not re.search(r"[/?]", bare) else re.split(r"[?#]", bare)[0]


def _first(words: list[str] | str | None) -> str:
    """The program alone: what it is told may be secret. A single string is for a shell."""
    if isinstance(words, str):
        return "/bin/sh" if words.strip() else ""
    word = words[0] if words else ""
    # `A=b program` and whole command lines in one word are no names of programs.
    return word[:_VALUE] if word and not re.search(r"[\s=]", word) else ""
