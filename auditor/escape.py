"""Text from a cluster is hostile: what could steer a terminal, hide or reorder text is written as an escape."""

from __future__ import annotations

import re

# C0 and C1 controls, every format character (Cf), what is invisible or turns the reading direction, lone surrogates,
# and characters that mean nothing to anyone else: private use and noncharacters.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)


def escape(text: str) -> str:
    r"""Text for a person: hostile characters as `\u{202e}`."""
    if text.isascii() and text.isprintable():
        return text
    return _HOSTILE.sub(lambda match: f"\\u{{{ord(match[0]):x}}}", text)


def escape_json(text: str) -> str:
    r"""JSON text: hostile characters as `\u202e`, pairs above U+FFFF; line feeds between tokens stay.

    A lone surrogate has no place in JSON (RFC 8259 §8.2): many readers refuse the whole text. It becomes U+FFFD.
    """
    return _HOSTILE.sub(_json_escape, text)


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\n":
        return "\n"
    if 0xD800 <= code <= 0xDFFF:
        return "\\ufffd"
    if code > 0xFFFF:
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"
