"""The findings of a report as the HTML report lists them: by standing, then by namespace, the worst first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from auditor.diff import Diff
from auditor.report import AppliedWaiver, Finding, Report
from auditor.reporters.html_text import evidence
from auditor.reporters.html_view import STANDINGS, standing
from auditor.reporters.origins import relative, shared_folder
from auditor.reporters.rows import counted, severest_first, spot, worst_first

# A browser lays out a list of this length at once, or not at all while it is out of sight.
_CHUNK = 40

NOTES = {
    "fail": "",
    "judge": "No failures and no passes: the data cannot settle them, a person can.",
    "unjudged": "Unread is never passed: what these need was not read, or the check itself broke.",
    "waived": "Failures that somebody answers for until a date. Expired waivers are among the failures again.",
}


class Item(Struct, frozen=True):
    """A finding with what only the page needs: an anchor that no other has, and what became of it."""

    anchor: str
    finding: Finding
    evidence: str
    image: str | None
    remediation: str | None
    new: bool

    @property
    def waiver(self) -> AppliedWaiver | None:
        return self.finding.waiver


class Group(Struct, frozen=True):
    """The findings of one namespace of one cluster, in lists of bounded length."""

    namespace: str
    label: str
    counted: str
    count: int
    anchor: str
    chunks: tuple[tuple[Item, ...], ...]


class Section(Struct, frozen=True):
    """The findings of one standing."""

    key: str
    title: str
    note: str
    count: int
    groups: tuple[Group, ...]


class Change(Struct, frozen=True):
    """Findings of an earlier report that this one does not have."""

    title: str
    note: str
    findings: tuple[Finding, ...]


def sections(report: Report, remedies: Mapping[str, str], comparison: Diff | None = None) -> list[Section]:
    """All findings, each in one section; `remedies` is what the page says about each check anyway."""
    fresh = {(finding.cluster, finding.id) for finding in comparison.new} if comparison else set()
    by_standing: dict[str, list[Finding]] = {key: [] for key in STANDINGS}
    for finding in relative(report.findings, shared_folder(report.findings)):
        by_standing[standing(finding)].append(finding)
    anchors: set[str] = set()
    several = bool(report.clusters)
    return [
        Section(key, STANDINGS[key], NOTES[key], len(own), tuple(_groups(key, own, several, remedies, fresh, anchors)))
        for key, own in by_standing.items()
    ]


def changes(comparison: Diff) -> list[Change]:
    """What the earlier report had and this one has not."""
    found = (
        Change("Gone", "in the earlier report, and no longer there", comparison.gone),
        Change("Not seen", "in the earlier report; this audit could not tell", comparison.unseen),
    )
    return [change for change in found if change.findings]


def _groups(
    key: str,
    findings: Iterable[Finding],
    several: bool,
    remedies: Mapping[str, str],
    fresh: Collection[tuple[str, str]],
    anchors: set[str],
) -> Iterator[Group]:
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.cluster if several else "", finding.namespace or ""), []).append(finding)
    ordered = sorted(found.items(), key=lambda item: (item[0][0], worst_first(item[1]), item[0][1]))
    for number, ((_, namespace), own) in enumerate(ordered, 1):
        own.sort(key=severest_first)
        items = [
            Item(
                _anchor(finding, anchors),
                finding,
                evidence(finding.evidence),
                finding.image if finding.image and finding.image not in finding.message else None,
                finding.remediation if finding.remediation != remedies.get(finding.check, "") else None,
                (finding.cluster, finding.id) in fresh,
            )
            for finding in own
        ]
        anchor = f"{key}-{number}"
        yield Group(namespace, spot(own[0], several), counted(own), len(own), anchor, tuple(_chunks(items)))


def _anchor(finding: Finding, taken: set[str]) -> str:
    """The id; the same finding of another cluster has the same id and gets a number."""
    anchor = f"f-{finding.id}"
    number = 2
    while anchor in taken:
        anchor = f"f-{finding.id}-{number}"
        number += 1
    taken.add(anchor)
    return anchor


def _chunks(items: Sequence[Item]) -> Iterator[tuple[Item, ...]]:
    for start in range(0, len(items), _CHUNK):
        yield tuple(items[start : start + _CHUNK])
