"""What became of findings since an earlier report: marks, counts and short lists for every format that tells it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from auditor.diff import Diff
from auditor.published import finding_to_dict
from auditor.report import Finding
from auditor.reporters.grid import paint, table
from auditor.reporters.rows import severest_first, spot

Key = tuple[str, str]


class Marks(Struct, frozen=True):
    """Which findings of a report are new, and which are still there."""

    new: frozenset[Key] = frozenset()
    still: frozenset[Key] = frozenset()

    def of(self, finding: Finding) -> str:
        """`new` or `still`; empty without a comparison, and for what is never compared."""
        key = finding.cluster, finding.id
        return "new" if key in self.new else "still" if key in self.still else ""

    def is_new(self, finding: Finding) -> bool:
        return self.of(finding) == "new"

    def new_first(self, findings: Iterable[Finding]) -> list[Finding]:
        return sorted(findings, key=self.is_new, reverse=True)


UNMARKED = Marks()


def marks(comparison: Diff | None) -> Marks:
    """Without a comparison there are none."""
    return Marks(_keys(comparison.new), _keys(comparison.still)) if comparison else UNMARKED


def outcome(comparison: Diff) -> str:
    """`3 new, 1 gone, 41 still`, and what could not be looked for, if anything."""
    counts = {"new": comparison.new, "gone": comparison.gone, "still": comparison.still, "not seen": comparison.unseen}
    return ", ".join(f"{len(found):,} {name}" for name, found in counts.items() if found or name != "not seen")


def since(comparison: Diff) -> str:
    """`since the baseline of 2026-11-20T03:17:00Z`; the first run says that it is."""
    if comparison.first:
        return "the first run, without a baseline"
    collected = comparison.before.cluster.collected_at
    return f"since the baseline of {collected}" if collected else "since the baseline"


def as_values(comparison: Diff) -> dict[str, Any]:
    """The `baseline` of the JSON and YAML reports. Findings that are new stand in the report, so their ids are enough:
    `CLUSTER/ID` in a report of several clusters."""
    several = bool(comparison.after.clusters)
    return {
        "collectedAt": comparison.before.cluster.collected_at,
        "first": comparison.first,
        "new": [f"{finding.cluster}/{finding.id}" if several else finding.id for finding in comparison.new],
        "still": len(comparison.still),
        "gone": [finding_to_dict(finding) for finding in comparison.gone],
        "unseen": [finding_to_dict(finding) for finding in comparison.unseen],
        "warnings": list(comparison.warnings),
    }


def short(heading: str, findings: Sequence[Finding], width: int, colour: bool, several: bool = False) -> Iterator[str]:
    """A title and one line of text for each finding, the most severe first."""
    if not findings:
        return
    yield heading
    yield ""
    rows = [
        [str(f.severity), f.check, spot(f, several), str(f.subject), state(f) or "failure"]
        for f in sorted(findings, key=severest_first)
    ]
    lines = table(["severity", "check", "namespace", "subject", "state"], rows, width)
    yield from paint(lines) if colour else lines


def state(finding: Finding) -> str:
    """What it is where it is no plain failure."""
    if finding.status == "waived":
        return f"waived until {finding.waiver.expires}" if finding.waiver else "waived"
    return "to judge by hand" if finding.status == "manual" else ""


def tagged(finding: Finding, tag: str) -> Finding:
    """The finding with a word in brackets before its message; as it is without one."""
    return msgspec.structs.replace(finding, message=f"[{tag}] {finding.message}") if tag else finding


def _keys(findings: Iterable[Finding]) -> frozenset[Key]:
    return frozenset((finding.cluster, finding.id) for finding in findings)
