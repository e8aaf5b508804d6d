"""Reports for the tests of the HTML page: full of hostile text, large, and compared with an earlier one."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.diff import Diff, diff
from auditor.report import (
    AppliedWaiver,
    Cause,
    CheckRow,
    ClusterRow,
    CoverageRow,
    EnforcementRow,
    Finding,
    GoalRow,
    NamespaceRow,
    PolicyRow,
    Report,
    Severity,
    Status,
    Subject,
    UnreadableRow,
)
from tests.reporters.hostile import FRAGMENTS
from tests.reporters.samples import CHECKS, finding, report, shop, use

SCRIPTS = (
    *("<script>window.hacked=1</script>", "</script><script>window.hacked=1</script>", "<svg onload=window.hacked=1>"),
    *('"><img src=x onerror=window.hacked=1>', "' autofocus onfocus=window.hacked=1 x='", "javascript:window.hacked=1"),
    *(
        "</style><style>*{display:none}",
        "<meta http-equiv=refresh content=0;url=https://evil.example>",
        "<!--",
        "<base href=//e>",
    ),
    *("{{ 7*7 }}", "{% raw %}", "https://evil.example/\" onclick='window.hacked=1", "</template></pre></title></head>"),
)


def hostile() -> Report:
    """Every fragment in every field."""
    fragments = (*SCRIPTS, *FRAGMENTS)
    found = [item for number, text in enumerate(fragments) for item in _hostile(number, text)]
    everything = "".join(fragments)
    made = report(
        checks=(),
        passed=dict.fromkeys(fragments, 1),
        coverage=[CoverageRow(text, "forbidden", (text,), 0, text) for text in fragments],
        warnings=fragments,
        cluster=ClusterRow(everything, everything, everything, everything, everything),
    )
    rows = {f.check: CheckRow(f.check, f.message, f.severity) for f in found}
    return msgspec.structs.replace(
        made,
        policy=PolicyRow(everything, everything),
        checks=tuple(rows.values()),
        findings=tuple(found),
        enforcement=_matrix(fragments),
    )


def _matrix(fragments: tuple[str, ...]) -> EnforcementRow:
    cells = [GoalRow("unknown", text, text, text, text, (text,), unread=True) for text in fragments]
    return EnforcementRow(
        tuple(NamespaceRow(text, cell, cell, cell) for text, cell in zip(fragments, cells, strict=True)),
        tuple(UnreadableRow(text, text, "forbidden", text) for text in fragments),
    )


def _hostile(number: int, text: str) -> Iterator[Finding]:
    answers: tuple[tuple[Status, Cause | None], ...] = (("fail", None), ("waived", None), ("manual", "judgment"))
    for status, cause in answers:
        yield Finding(
            id=f"{number:015x}{len(status):x}",
            check=text or "-",
            status=status,
            cause=cause,
            severity=Severity.HIGH,
            subject=Subject(text or "-", text, text),
            message=text,
            namespace=text,
            image=f"image {text}",
            evidence={text: [text, {text: text}]},
            remediation=f"{text}\n\n    {text}",
            references=(text, f"https://kubernetes.io/{text}"),
            waiver=AppliedWaiver(text, text, text, status != "waived"),
            origin=text,
        )


def large(count: int, spaces: int = 200) -> Report:
    """So many findings of all kinds in so many namespaces, as a large cluster has them."""
    checks = list(CHECKS)
    answers: list[tuple[Status, Cause | None]] = [("fail", None)] * 16
    answers += [("manual", "judgment"), ("manual", "judgment"), ("manual", "unreadable"), ("waived", None)]
    waiver = AppliedWaiver("TICKET-12: the vendor pins it next quarter", "2027-01-31", "payments")
    found = []
    for number in range(count):
        image = f"registry.corp.example/team-{number % 40}/service-{number % 900}:1.{number % 30}"
        status, cause = answers[number % len(answers)]
        found.append(
            finding(
                checks[number * 7 % len(checks)],
                f"team-{number * number % spaces:03d}" if number % 50 else None,
                use("Deployment", f"service-{number}", "app"),
                f"{image} names a tag, not content: finding {number}.",
                status=status,
                cause=cause,
                image=image,
                severity=list(Severity)[number * 13 % 4],
                evidence={"pods": number % 9, "nodes": [f"node-{number % 13}", f"node-{number % 5}"]},
                waiver=waiver if status == "waived" else None,
            )
        )
    return report(found, passed={f"team-{number:03d}": number for number in range(spaces)})


def compared() -> tuple[Report, Diff]:
    """The shop, and what became of it since a night on which two failures were not there yet and two others were."""
    after = shop()
    failures = [f for f in after.findings if f.status == "fail"]
    fresh = {failures[0].id, failures[-1].id}
    gone = [
        finding("floating-tag", "web", use("Deployment", "gone", "app"), "It named latest."),
        finding("legacy-dockercfg-secret", "kube-node-lease", Subject("Secret", "unseen"), "It was of the old type."),
    ]
    before = msgspec.structs.replace(
        after,
        findings=(*(f for f in after.findings if f.id not in fresh), *gone),
        cluster=msgspec.structs.replace(after.cluster, collected_at="2026-11-20T12:00:00Z"),
    )
    return after, diff(before, after)
