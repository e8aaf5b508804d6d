"""The findings of a report as rows of one table per namespace, most severe first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from auditor.escape import escape
from auditor.report import Finding, Severity
from auditor.reporters.cells import columns, name, wrap_name, wrap_text
from auditor.reporters.evidence import in_words
from auditor.reporters.grid import GAP, Cell, grid, paint, rule, shares

CLUSTER = "(cluster)"

_SEVERITY = len("severity")
# The check has a column of its own where that leaves so much to each of the other two.
_ROOMY = 50
_IMAGES = 4


class Widths(Struct, frozen=True):
    """The columns of a table of findings. `check` 0: the check stands above the subject."""

    check: int
    about: int
    message: int

    @property
    def all(self) -> tuple[int, ...]:
        return tuple(width for width in (_SEVERITY, self.check, self.about, self.message) if width)


class Row(Struct, frozen=True):
    """Findings of one check in one namespace that say the same of one or several subjects, with or without evidence."""

    findings: tuple[Finding, ...]
    evidence: bool = False

    @property
    def first(self) -> Finding:
        return self.findings[0]


def one_each(findings: Iterable[Finding]) -> list[Row]:
    return [Row((finding,)) for finding in findings]


def alike(findings: Iterable[Finding]) -> list[Row]:
    """One row for all that say the same of different subjects, with the evidence that a person needs to judge."""
    found: dict[tuple[str, str | None, str, Severity, str], list[Finding]] = {}
    for finding in findings:
        key = finding.cluster, finding.namespace, finding.check, finding.severity, finding.message
        found.setdefault(key, []).append(finding)
    return [Row(tuple(same), evidence=True) for same in found.values()]


def place(namespace: str | None) -> str:
    return namespace or CLUSTER


def spot(finding: Finding, several: bool) -> str:
    """The namespace, and where a report has several clusters which one."""
    return f"{finding.cluster}/{place(finding.namespace)}" if several else place(finding.namespace)


def counted(findings: Iterable[Finding]) -> str:
    """`2 high, 5 medium`."""
    severities = [finding.severity for finding in findings]
    return ", ".join(f"{severities.count(s):,} {s}" for s in Severity if s in severities)


def worst_first(findings: Iterable[Finding]) -> tuple[int, ...]:
    """A sort key of a group of findings: first the one with the most of the worst."""
    severities = [finding.severity for finding in findings]
    return tuple(-severities.count(severity) for severity in Severity)


def by_namespace(rows: Iterable[Row], several: bool = False) -> list[tuple[str, list[Row]]]:
    """The rows of each namespace, the worst namespace first, in each the most severe row first. Of several clusters
    one comes after the other."""

    def where(row: Row) -> tuple[str, str]:
        return row.first.cluster if several else "", row.first.namespace or ""

    groups = [(key, list(own)) for key, own in groupby(sorted(rows, key=where), where)]
    for _, own in groups:
        own.sort(key=lambda row: severest_first(row.first))
    groups.sort(key=lambda group: (group[0][0], worst_first(f for row in group[1] for f in row.findings)))
    return [(spot(own[0].first, several), own) for _, own in groups]


def section(
    title: str, rows: Sequence[Row], last: str, width: int, colour: bool, several: bool = False
) -> Iterator[str]:
    """A title, the names of the columns, and a table per namespace (of each cluster, if there are several); all tables
    have the same columns."""
    if not rows:
        return
    yield title
    yield ""
    widths = fit(rows, width, last)
    yield from _titles(widths, last)
    for namespace, own in by_namespace(rows, several):
        yield ""
        yield from wrap_text(f"{namespace}: {counted(f for row in own for f in row.findings)}", width, "  ")
        cells = [rule(widths.all), *(_cells(row, widths) for row in own)]
        lines = grid(cells, widths.all)
        yield from paint(lines) if colour else lines


def _titles(widths: Widths, last: str) -> list[str]:
    names = ["check", "subject, image"] if widths.check else ["check, subject, image"]
    return grid([[[text] for text in ("severity", *names, last)]], widths.all)


def fit(rows: Sequence[Row], width: int, last: str) -> Widths:
    """The columns that the rows need, as far as there is room; each holds its title."""
    room = width - _SEVERITY - GAP
    check = max(len("check"), *(columns(name(row.first.check)) for row in rows))
    lines = (line for row in rows for f in row.findings for line in (str(f.subject), *_images(f), *_origin(f)))
    about = max(len("check, subject, image"), *(columns(name(line)) for line in lines))
    message = max(len(last), *(columns(escape(row.first.message)) for row in rows))
    if room - check - 2 * GAP >= 2 * _ROOMY:
        return Widths(check, *shares(room - check - 2 * GAP, (about, message)))
    return Widths(0, *shares(room - GAP, (max(check, about), message)))


def _cells(row: Row, widths: Widths) -> list[Cell]:
    first = row.first
    check = wrap_name(first.check, widths.check or widths.about, "  ")
    about: list[str] = [] if widths.check else check
    for finding in row.findings:
        about += wrap_text(str(finding.subject), widths.about, "  ")
        for line in (*_images(finding), *_origin(finding)):
            about += wrap_name(line, widths.about, "  ")
        for line in in_words(finding) if row.evidence else ():
            about += wrap_text(line, widths.about, "  ")
    message = wrap_text(first.message, widths.message)
    return [[str(first.severity)], *([check] if widths.check else []), about, message]


def _images(finding: Finding) -> list[str]:
    """The image, or all that stand in evidence where the subject has several (as during a rollout)."""
    several = finding.evidence.get("images")
    if isinstance(several, list | tuple) and finding.image in several:
        images = [str(image) for image in several]
    else:
        images = [finding.image] if finding.image is not None else []
    images = [image for image in images if image != finding.subject.name]
    return images if len(images) <= _IMAGES else [*images[:_IMAGES], f"(and {len(images) - _IMAGES} more images)"]


def _origin(finding: Finding) -> list[str]:
    return [finding.origin] if finding.origin else []


def severest_first(finding: Finding) -> tuple[int, str, str, str, str, str, str, str]:
    """A sort key of findings."""
    subject = finding.subject
    where = finding.namespace or ""
    return (
        finding.severity.rank,
        finding.check,
        where,
        subject.kind,
        subject.name,
        subject.container or "",
        finding.id,
        finding.cluster,
    )
