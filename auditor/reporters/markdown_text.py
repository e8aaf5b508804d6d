"""Text as GitHub Flavored Markdown that shows what it says and does nothing: no link, mention, image, HTML or table."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.escape import escape
from auditor.report import Finding
from auditor.reporters.cells import name
from auditor.reporters.rows import spot

# How much of a text is shown, in characters: more than any name that a cluster takes.
_MOST = 400

# Words and numbers, which mean nothing to any renderer. All else is code, where nothing is a mention, a reference to an
# issue, an address, an emoji or a formula (GFM §6.1 and §6.9; GitHub's own filters leave code alone, too).
_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*|\d[\d,]*(?:\.\d+)?%?|[–—….,;:!?()\"“”]+")
_PARTS = re.compile(r"""([("“]*)(.+?)([)"”.,;:!?]*)""")
_CODE = re.compile(r"`([^`]+)`")
_BULLET = re.compile(r"(?: {0,3}[-*]|\d{1,2}\.) (?=\S)")
_INDENT = ("    ", "\t")


def code(text: str) -> str:
    """A name as a code span, its blanks visible; nothing for nothing. Good for a cell of a table as well."""
    return _span(_cut(name(text[:_MOST]), len(text)))


def prose(text: str) -> str:
    """A sentence on one line: words as they are, whatever else as code. Good for a cell of a table as well."""
    return _sentence(_cut(escape(text[:_MOST]), len(text)))


def place(finding: Finding, several: bool) -> str:
    """The namespace, and where a report has several clusters, which one."""
    return code(spot(finding, several))


def subject(finding: Finding) -> str:
    """What a finding is about, with its image and its line in a file where it has them."""
    about = finding.subject
    first = code(f"{about.kind}/{about.name}" if about.name else about.kind)
    first += f" ({code(about.container)})" if about.container else ""
    image = finding.image if finding.image != about.name else None
    return "<br>".join([first, *(code(line) for line in (image, finding.origin) if line)])


def paragraphs(text: str) -> Iterator[str]:
    """The lines of a text whose indented lines are to be pasted: those are fenced, bullets stay bullets."""
    lines = text.lstrip("\n").rstrip().split("\n")
    fenced = False
    for index, line in enumerate(lines):
        # An empty line belongs to the code that goes on after it.
        indented = line.startswith(_INDENT) or (fenced and not line.strip() and lines[index + 1].startswith(_INDENT))
        if indented != fenced:
            yield "```" if fenced else "```text"
            fenced = indented
        if fenced:
            yield escape(line.expandtabs(4)[4:]).replace("```", "``\\u{60}")
        else:
            bullet = _BULLET.match(line)
            lead = bullet[0] if bullet else ""
            yield lead + _sentence(escape(line[len(lead) :].strip()))
    if fenced:
        yield "```"


def _cut(text: str, whole: int) -> str:
    return text if max(len(text), whole) <= _MOST else text[: _MOST - 1] + "…"


def _span(shown: str) -> str:
    text = shown.replace("`", "\\u{60}").replace("|", "\\u{7c}")
    return f"`{text}`" if text else ""


def _sentence(text: str) -> str:
    parts = _CODE.split(text)
    said = "".join(_span(part.strip(" ")) if index % 2 else _words(part) for index, part in enumerate(parts))
    # Code that touches code would be one code span, backticks and all.
    return said.replace("``", "` `").strip(" ")


def _words(text: str) -> str:
    """Blanks at both ends stay, as code may stand there."""
    return " ".join(_word(word) if word else "" for word in re.split(" +", text))


def _word(word: str) -> str:
    parts = _PARTS.fullmatch(word)
    if parts is None:
        return _span(word)
    before, core, after = parts.groups()
    return f"{before}{core if _WORD.fullmatch(core) else _span(core)}{after}"
