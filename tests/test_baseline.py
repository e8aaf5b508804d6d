"""What is kept of a run: nothing that was known is lost, and what a ConfigMap holds is enough for a comparison."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.baseline import LIMIT, baseline_role, packed, unpacked
from auditor.baseline_keeping import kept
from auditor.diff import diff, first_run
from auditor.published import from_json
from auditor.report import (
    Cause,
    CheckRow,
    ClusterRow,
    Counts,
    CoverageRow,
    Finding,
    PolicyRow,
    Report,
    Severity,
    Status,
    Subject,
    Summary,
    identity,
)
from auditor.reporters import Options, render
from tests.reporters.hostile import reports
from tests.reporters.samples import CHECKS, finding, report, shop, use

WEB = use("Deployment", "web", "nginx")
FAIL = finding("floating-tag", "payments", WEB, "latest")
JUDGE = msgspec.structs.replace(FAIL, status="manual", cause="judgment")
ERROR = msgspec.structs.replace(FAIL, status="manual", cause="error")
WAIVED = msgspec.structs.replace(FAIL, status="waived")
UNREAD = finding("floating-tag", None, Subject("Cluster", ""), "…", status="manual", cause="unreadable")
FORBIDDEN = CoverageRow("pods", "forbidden", (), 0, "no")
READ = CoverageRow("pods", "read", (), 3)


def then(old: Report, new: Report, known: Sequence[str] = tuple(CHECKS)) -> Report:
    return kept(diff(old, new), known)


def test_a_run_that_saw_everything_is_kept_as_it_is() -> None:
    sample = report([FAIL], coverage=[READ])
    assert then(report([JUDGE]), sample).findings == (FAIL,)
    assert then(sample, sample) == sample
    assert kept(first_run(sample), CHECKS) == sample


def test_what_a_run_could_not_see_is_not_new_the_night_after() -> None:
    known = report([FAIL], coverage=[READ])
    blind = report([UNREAD], coverage=[FORBIDDEN])
    held = then(known, blind)
    assert held.findings == (FAIL,)
    after = diff(held, known)
    assert (after.new, after.still, after.gone) == ((), (FAIL,), ())
    assert after.warnings == ()
    assert then(held, blind).findings == (FAIL,)


def test_a_renamed_context_is_no_second_cluster() -> None:
    other = finding("runs-as-root", "web", WEB, "root")
    east = [msgspec.structs.replace(found, cluster="east") for found in (FAIL, other)]
    west = [msgspec.structs.replace(found, cluster="west") for found in (other,)]
    held = then(report(east), report(west, coverage=[CoverageRow("*", "excluded", ("payments",))]))
    assert [(found.cluster, found.check) for found in held.findings] == [
        ("west", "floating-tag"),
        ("west", "runs-as-root"),
    ]
    assert not diff(held, report(east)).new


def test_what_is_gone_is_not_kept() -> None:
    assert then(report([FAIL]), report()).findings == ()


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [
        (FAIL, ERROR, FAIL),
        (FAIL, JUDGE, FAIL),
        (FAIL, WAIVED, WAIVED),
        (WAIVED, FAIL, FAIL),
        (WAIVED, JUDGE, JUDGE),
        (WAIVED, ERROR, WAIVED),
        (JUDGE, FAIL, FAIL),
        (JUDGE, JUDGE, JUDGE),
    ],
)
def test_a_failure_stays_one_until_it_passes_or_is_waived(before: Finding, after: Finding, held: Finding) -> None:
    assert then(report([before]), report([after])).findings == (held,)


def test_a_check_that_was_left_out_is_still_known_and_one_that_is_no_more_is_dropped() -> None:
    old, new = report([FAIL]), report(checks=["runs-as-root"])
    held = then(old, new)
    assert {row.id for row in held.checks} == set(CHECKS)
    assert held.findings == (FAIL,)
    assert not diff(held, old).warnings
    without = then(old, new, ["runs-as-root"])
    assert (without.findings, [row.id for row in without.checks]) == ((), ["runs-as-root"])


def test_whose_report_it_is() -> None:
    new = msgspec.structs.replace(report(), cluster=ClusterRow("renamed"), policy=PolicyRow("p", "1" * 64))
    held = then(report(), new)
    assert (held.cluster, held.policy) == (ClusterRow("renamed", "uid-1"), new.policy)


def counts(held: Report) -> list[dict[str, int]]:
    """Of the summary, of the namespaces in it, and of the checks."""
    summary = held.summary
    parts: list[list[Summary | Counts | CheckRow]] = [[summary], [*summary.by_namespace.values()], [*held.checks]]
    names = "passed", "fail", "manual", "waived"
    return [{name: sum(getattr(row, name) for row in rows) for name in names} for rows in parts]


def test_counts_fit_the_findings_that_are_kept() -> None:
    known = report([FAIL, finding("runs-as-root", "web", WEB, "root")], passed={"payments": 5, "web": 2})
    night = report([UNREAD, finding("unpinned-image", "payments", WEB, "tag", status="waived")], passed={"payments": 3})
    first, *others = night.checks
    held = then(known, msgspec.structs.replace(night, checks=(msgspec.structs.replace(first, passed=3), *others)))
    assert [found.check for found in held.findings] == ["floating-tag", "unpinned-image"]
    assert counts(held) == [{"passed": 3, "fail": 1, "manual": 0, "waived": 1}] * 3
    assert held.summary.by_severity == {"critical": 0, "high": 1, "medium": 0, "low": 0}


def test_a_subject_counts_once_by_the_worst_that_is_known_of_it() -> None:
    parts = [finding("floating-tag", "payments", WEB, "m", part=part, severity=Severity.LOW) for part in "ab"]
    worst = msgspec.structs.replace(FAIL, id="0" * 16)
    asked = finding("floating-tag", "payments", WEB, "m", part="c", status="manual", cause="judgment")
    held = then(report([*parts, worst, asked]), report([UNREAD]))
    assert len(held.findings) == 4
    assert counts(held) == [{"passed": 0, "fail": 1, "manual": 0, "waived": 0}] * 3
    assert held.summary.by_severity == {"critical": 0, "high": 1, "medium": 0, "low": 0}


NAMES = ("a", "b", "c")
_somewhere = st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True).map(tuple)


@st.composite
def coverages(draw: st.DrawFn) -> list[CoverageRow]:
    """Of two resources, each read everywhere, nowhere, or everywhere but in some namespaces; or never asked for."""
    rows = []
    for resource in ("pods", "secrets"):
        kind = draw(st.sampled_from(["read", "forbidden", "failed", "partly", "none"]))
        if kind in ("read", "forbidden", "failed"):
            rows.append(CoverageRow(resource, kind))
        elif kind == "partly":
            gaps = draw(_somewhere)
            rows.append(CoverageRow(resource, "forbidden", gaps))
            rows.append(CoverageRow(resource, "read", tuple(name for name in NAMES if name not in gaps)))
    if left_out := draw(st.just(()) | _somewhere):
        rows.append(CoverageRow("*", "excluded", left_out))
    return rows


def unread(rows: Sequence[CoverageRow], resource: str, namespace: str) -> bool:
    own = [row for row in rows if row.resource == resource]
    gaps = [row for row in own if row.state in ("forbidden", "failed", "excluded")]
    return any(not row.namespaces or namespace in row.namespaces for row in gaps)


@given(coverages(), coverages())
def test_coverage_tells_what_neither_run_has_read(old: list[CoverageRow], new: list[CoverageRow]) -> None:
    held = then(report(coverage=old), report(coverage=new)).coverage
    for resource in ("pods", "secrets", "*"):
        asked = [any(row.resource == resource for row in rows) or resource == "*" for rows in (old, new)]
        assert any(row.resource == resource for row in held) == any(asked) or resource == "*"
        for namespace in NAMES:
            blind = [unread(rows, resource, namespace) for rows, known in zip((old, new), asked, strict=True) if known]
            assert unread(held, resource, namespace) == (bool(blind) and all(blind))


ANSWERS: dict[str, tuple[Status, Cause | None]] = {
    "fail": ("fail", None),
    "waived": ("waived", None),
    "judge": ("manual", "judgment"),
    "error": ("manual", "error"),
}
_answers = st.sampled_from(["pass", *ANSWERS])


@given(
    st.lists(st.tuples(*[_answers] * 4), min_size=1, max_size=6),
    st.lists(st.sets(st.sampled_from(["check", "namespace", "unread"])), min_size=4, max_size=4),
)
def test_nobody_is_told_twice_of_what_never_passed(subjects: list[tuple[str, ...]], blindness: list[set[str]]) -> None:
    """Over several nights, each of which may be blind in one way or another: what counts as new was not known to fail
    since it last passed or was waived before somebody's eyes."""
    baseline, known = None, dict[int, str]()
    for night, blind in enumerate(blindness):
        seen = {number: answers[night] for number, answers in enumerate(subjects) if not blind}
        found = [
            finding("runs-as-root", "x", use("Deployment", f"d{number}", "c"), "m", status=status, cause=cause)
            for number, answer in seen.items()
            if answer != "pass"
            for status, cause in [ANSWERS[answer]]
        ]
        if "unread" in blind:
            found = [finding("runs-as-root", "x", Subject("Namespace", "x"), "…", status="manual", cause="unreadable")]
        coverage = [CoverageRow("*", "excluded", ("x",))] if "namespace" in blind else []
        made = report(found, coverage=coverage, checks=["floating-tag"] if "check" in blind else CHECKS)
        comparison = first_run(made) if baseline is None else diff(baseline, made)
        baseline = kept(comparison, CHECKS)
        news = {f.subject.name for f in comparison.new if f.status == "fail"}
        for number, answer in seen.items():
            assert (f"d{number}" in news) == (answer == "fail" and known.get(number) != "fail")
            if answer != "error" and (answer, known.get(number)) != ("judge", "fail"):
                known[number] = answer


def test_a_config_map_holds_what_a_comparison_needs() -> None:
    sample = shop()
    data = packed(sample)
    assert data == packed(sample)
    for other in (sample, report()):
        whole, held = diff(sample, other), diff(unpacked(data), other)
        for name in ("new", "still", "gone", "unseen"):
            assert [f.id for f in getattr(whole, name)] == [f.id for f in getattr(held, name)]
        assert held.warnings == whole.warnings
    assert [f.message for f in unpacked(data).findings] == [f.message for f in sample.findings]


def test_long_messages_are_cut() -> None:
    long = msgspec.structs.replace(FAIL, message="x" * 500)
    message = unpacked(packed(report([long]))).findings[0].message
    assert (len(message), message[-2:]) == (200, "x…")


@given(reports())
def test_hostile_text_is_packed_and_unpacked(sample: Report) -> None:
    assert [f.id for f in unpacked(packed(sample)).findings] == [f.id for f in sample.findings]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "cut off"),
        (b"no gzip", "not gzipped"),
        (packed(report())[:-9], "cut off"),
        (gzip.compress(b"{}"), "schema|missing"),
        (gzip.compress(b'{"schema":'), "truncated"),
        (gzip.compress(b"\xff\xfe{}"), "malformed"),
        (gzip.compress(b" " * (65 << 20)), "more than any baseline"),
    ],
    ids=range(7),
)
def test_what_is_no_baseline(data: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        unpacked(data)


def test_thirty_thousand_findings_fit_into_a_config_map() -> None:
    """As of a large cluster: names as people and generators give them, and an image of its own for each workload."""
    chance = random.Random(1)

    def made(number: int) -> Finding:
        namespace, name = f"team-{chance.randrange(400)}", f"service-{chance.randrange(10**6):06}-{number % 97}"
        subject = use("Deployment", name, "main")
        check = chance.choice(("unpinned-image", "runs-as-root", "floating-tag"))
        image = f"registry.example.com/{namespace}/{name}:{chance.randrange(40)}.{chance.randrange(40)}"
        found = finding(check, namespace, subject, f"{image} names a tag, not content.", image=image)
        return msgspec.structs.replace(found, id=identity(check, namespace, subject))

    assert len(packed(report([made(number) for number in range(30_000)]))) < LIMIT


def test_the_role_is_for_one_name() -> None:
    role = baseline_role("audit", "base")
    assert role["metadata"]["namespace"] == "audit"
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["base"], "verbs": ["get", "patch"]}
    ]


def test_a_report_that_was_compared_can_be_a_baseline() -> None:
    sample = shop()
    text = render("json", sample, Options(comparison=diff(report(), sample)))
    assert from_json(text) == from_json(render("json", sample))
