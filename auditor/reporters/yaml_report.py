"""The report as YAML: the same document as the JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from auditor.escape import escape
from auditor.report import Report
from auditor.reporters import Options
from auditor.reporters.json_report import published

# What every YAML takes for text without quotes: 1.1 reads `y` as true, and 1.2 reads `1e3`, as an id may look, as a
# number. Words such as `no` the dumper quotes itself.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ._/()-]*[A-Za-z0-9_)]")
# A lone surrogate has no place in a YAML stream (YAML 1.2.2 §5.1).
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Dumper(yaml.CSafeDumper):
    """Plain values, each text written so that any reader reads it back; a list that stands twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def render(report: Report, options: Options) -> str:
    """A YAML document that readers of 1.1 and 1.2 read alike; hostile characters are escapes in double quotes."""
    return document(published(report, options))


def document(value: Mapping[str, Any]) -> str:
    """Plain values as YAML, keys in the order given."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**30)
    return "\n".join(map(_escaped, text.split("\n")))


def _escaped(line: str) -> str:
    """The dumper leaves marks of direction and the like as they are; only double-quoted text holds them."""
    if escape(line) == line:
        return line
    return "".join(character if escape(character) == character else _escape(character) for character in line)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    text = _SURROGATE.sub("\ufffd", text)
    style = None if _PLAIN.fullmatch(text) else "|" if _is_block(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


def _is_block(text: str) -> bool:
    """Whether a text reads best as lines: harmless ones, without blanks where nobody sees them."""
    lines = text.split("\n")
    return (
        len(lines) > 1
        and not text.startswith((" ", "\n"))
        and all(escape(line) == line and not line.endswith(" ") for line in lines)
    )


_Dumper.add_representer(str, _text)
