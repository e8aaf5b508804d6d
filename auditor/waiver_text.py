"""A waiver as YAML text: the lines of a block, or a mapping between braces, which may have to be JSON too."""

from __future__ import annotations

import json
import re
from datetime import date

from auditor.escape import escape
from auditor.policy import Waiver

# Without quotes only what no YAML and no place in it reads as anything but text; 1.1 reads these words as values.
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9 ._/()-]*[A-Za-z0-9_)])?")
_VALUES = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null"})


def block(waiver: Waiver) -> list[str]:
    """The lines of a block mapping."""
    return [f"{key}: {text}" for key, text in _pairs(waiver, json_only=False)]


def flow(waiver: Waiver, *, json_only: bool) -> str:
    """`{check: …, expires: …}` on one line."""
    quote = '"' if json_only else ""
    return "{" + ", ".join(f"{quote}{key}{quote}: {text}" for key, text in _pairs(waiver, json_only=json_only)) + "}"


def scalar(text: str, *, json_only: bool) -> str:
    """Text that is read back as this text."""
    if not json_only and _PLAIN.fullmatch(text) and text.lower() not in _VALUES:
        return text
    return "".join(_shown(c, json_only=json_only) for c in json.dumps(text, ensure_ascii=False))


def field(waiver: Waiver, name: str, *, json_only: bool) -> str:
    """The value of one of its fields."""
    value = getattr(waiver, name)
    if isinstance(value, date):
        return f'"{value.isoformat()}"' if json_only else value.isoformat()
    return scalar(value, json_only=json_only)


def _pairs(waiver: Waiver, *, json_only: bool) -> list[tuple[str, str]]:
    globs = [name for name in ("check", "namespace", "subject", "container") if getattr(waiver, name) != "*"]
    names = [*globs, "reason", *(["owner"] if waiver.owner is not None else []), "expires"]
    return [(name, field(waiver, name, json_only=json_only)) for name in names]


def _shown(character: str, *, json_only: bool) -> str:
    r"""What a reader would not see as `\u200b`. Above U+FFFF the escapes of YAML and JSON differ, and a file that is
    read as both can have neither."""
    code = ord(character)
    if escape(character) == character or (json_only and code > 0xFFFF):
        return character
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
