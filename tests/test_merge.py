"""Reports of several clusters merged: what adds up, what tells clusters apart, and that no order matters."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.cluster_parts import shares, single, unread
from auditor.cluster_sums import joined
from auditor.diff import diff
from auditor.errors import SourceError, UsageError
from auditor.exits import Exit, exit_code
from auditor.merge import merge, not_audited
from auditor.published import from_json
from auditor.report import ClusterRow, Counts, CoverageRow, PolicyRow, Report, Severity, Status, Tool
from auditor.reporters import render
from tests.auditing import FIXTURES, audit, policy_at, read
from tests.reporters.samples import CHECKS, finding, report, shop, use

DEAD = not_audited("dead", "context dead: refused the connection", PolicyRow("policy.yaml", "0" * 64), "Start it.")


def of(name: str, uid: str | None = None, sample: Report | None = None, **rest: Any) -> Report:
    """A report under the name of a cluster, as the engine would have made it."""
    made = sample or shop()
    findings = tuple(msgspec.structs.replace(found, cluster=name) for found in made.findings)
    row = ClusterRow(name, uid or f"uid-{name}", "v1.36.2", "2026-11-21T12:00:00Z", "live")
    return msgspec.structs.replace(made, cluster=row, findings=findings, **rest)


EAST, WEST = of("east"), of("west", sample=report([], passed={"web": 7}))

statuses: st.SearchStrategy[Status] = st.sampled_from(["fail", "manual", "waived"])


@st.composite
def reports(draw: st.DrawFn) -> list[Report]:
    """Audits of different clusters, some of one name, and clusters that were not audited."""
    made = []
    for number in range(draw(st.integers(1, 5))):
        name = draw(st.sampled_from(["a", "b", "kubernetes"]))
        found = [
            finding(check, draw(st.sampled_from([None, "x", "y"])), use("Deployment", f"d{n}", "c"), "m", status=status)
            for n, (check, status) in enumerate(draw(st.lists(st.tuples(st.sampled_from(list(CHECKS)[:3]), statuses))))
        ]
        passed = draw(st.dictionaries(st.sampled_from(["", "x", "z"]), st.integers(0, 9)))
        coverage = [CoverageRow("pods", draw(st.sampled_from(["read", "forbidden"])), (), 3)]
        warnings = draw(st.lists(st.sampled_from(["one", "two"]), unique=True))
        sample = report(found, passed=passed, coverage=coverage, warnings=warnings)
        version = Tool(draw(st.sampled_from(["0.1.0", "0.2.0"])))
        made.append(of(name, f"{number}-uid-of-{name}", sample, auditor=version))
    failures = st.tuples(st.sampled_from(["c", "a"]), st.sampled_from(["refused", "says 401"]))
    made += [not_audited(name, reason, PolicyRow()) for name, reason in draw(st.sets(failures))]
    return made


@given(reports(), st.data())
def test_neither_order_nor_grouping_matters(given_: list[Report], data: st.DataObject) -> None:
    whole = merge(given_)
    shuffled = data.draw(st.permutations(given_))
    cut = data.draw(st.integers(0, len(shuffled)))
    again = data.draw(st.sampled_from(given_))  # what is in two merges counts once
    groups = [group for group in ([*shuffled[:cut], again], shuffled[cut:]) if group]
    merged = merge([merge(group) for group in groups])
    assert merged == whole
    assert merge([whole]) == whole
    assert from_json(render("json", whole).encode()) == from_json(render("json", merged).encode())


@given(reports())
def test_counts_add_up(given_: list[Report]) -> None:
    whole = merge(given_)
    audited = [one for one in given_ if not one.clusters]
    total = sum((_counts(one.summary) for one in audited), Counts())
    assert _counts(whole.summary) == total
    assert sum((_counts(row) for row in whole.checks), Counts()) == sum(
        (_counts(row) for one in audited for row in one.checks), Counts()
    )
    assert sum(whole.summary.by_namespace.values(), Counts()) == total
    assert Counter(f.id for f in whole.findings) == Counter(f.id for one in audited for f in one.findings)
    for severity in Severity:
        assert whole.failures(severity) == sum(one.failures(severity) for one in audited)
        assert whole.summary.by_severity[severity] == sum(one.summary.by_severity[severity] for one in audited)
    if whole.clusters:
        parts = [single(part) for part in shares(whole) if part.cluster.error is None]
        assert len(parts) == len(audited)
        for part in parts:
            assert len(part.findings) == sum(f.cluster == part.cluster.name for f in whole.findings)


def _counts(row: Any) -> Counts:
    return Counts(row.passed, row.fail, row.manual, row.waived)


def test_findings_are_sorted_by_cluster_and_keep_the_order_of_their_reports() -> None:
    whole = merge([WEST, EAST, DEAD])
    assert [cluster.name for cluster in whole.clusters] == ["dead", "east", "west"]
    assert whole.findings == EAST.findings
    two = merge([of("b"), of("a")])
    assert [(f.cluster, f.id) for f in two.findings] == [(name, f.id) for name in "ab" for f in shop().findings]


def test_a_report_of_one_cluster_stays_what_it_is() -> None:
    assert merge([EAST]) == EAST
    assert merge([EAST, EAST]) == EAST
    assert "clusters" not in json.loads(render("json", EAST))
    assert all("cluster" not in row for row in json.loads(render("json", EAST))["coverage"])


def test_the_published_form() -> None:
    plain = json.loads(render("json", merge([EAST, WEST, DEAD])))
    assert plain["cluster"] == {
        "name": "",
        "uid": None,
        "version": "v1.36.2",
        "collectedAt": "2026-11-21T12:00:00Z",
        "source": "merged",
    }
    assert {row["cluster"] for row in plain["coverage"]} == {"dead", "east"}
    assert plain["enforcement"] is None
    dead, east, _ = plain["clusters"]
    assert dead["error"] == "context dead: refused the connection. Start it."
    assert east["enforcement"]["version"] == 1
    assert east["summary"] == json.loads(render("json", EAST))["summary"]
    assert list(east) == [
        *("name", "uid", "version", "collectedAt", "source", "error", "auditor", "policy", "summary", "checks"),
        *("enforcement", "warnings"),
    ]


def test_a_cluster_that_was_not_audited_is_told_and_makes_the_audit_incomplete() -> None:
    whole = merge([WEST, DEAD])
    assert whole.incomplete
    assert not merge([WEST, of("south", sample=report([]))]).incomplete
    assert exit_code(whole, Severity.HIGH) == Exit.INCOMPLETE
    assert exit_code(whole, Severity.HIGH, allow_incomplete=True) == Exit.OK
    assert whole.warnings == ("dead: not audited: context dead: refused the connection. Start it.",)
    assert CoverageRow("*", "failed", detail="context dead: refused the connection", cluster="dead") in whole.coverage


def test_a_name_hides_no_failure() -> None:
    """A cluster may be called as another one, or as a file whose report is missing."""
    other = of("dead", sample=report([]))
    whole = merge([merge([WEST, DEAD]), other])
    assert [(part.name, part.error is None) for part in whole.clusters] == [
        ("dead (not audited)", False),
        ("dead (uid-dead)", True),
        ("west", True),
    ]
    assert whole.incomplete
    assert {row.cluster for row in whole.coverage if row.state == "failed"} == {"dead (not audited)"}
    assert merge([other, DEAD, WEST, whole]) == whole
    assert [part.name for part in merge([DEAD, without_uid("dead", shop())]).clusters] == ["dead", "dead (not audited)"]


def test_failures_of_one_name_are_kept_apart() -> None:
    other = not_audited("dead", "context far: says 401", PolicyRow())
    whole = merge([DEAD, WEST, other, DEAD])
    assert [part.name for part in whole.clusters] == ["dead (not audited 2)", "dead (not audited)", "west"]
    assert merge([merge([other, WEST]), merge([DEAD, of("dead", sample=report([]))])]).clusters[2].uid == "uid-dead"
    assert merge([whole]) == merge([merge([other, DEAD]), WEST]) == whole


def test_a_failure_of_a_known_cluster_gives_way_to_an_audit_of_it() -> None:
    late = joined([unread("old name", "too old", PolicyRow(), "", uid="uid-west")])
    assert merge([late, EAST, WEST]) == merge([EAST, WEST])
    assert [part.error is None for part in merge([late, EAST]).clusters] == [True, False]


def test_clusters_of_one_name_are_told_apart_by_their_uids() -> None:
    one, two = (of("kubernetes", uid, report([])) for uid in ("3f2a1b0c-11", "9d8e7f6a-22"))
    names = [cluster.name for cluster in merge([one, two]).clusters]
    assert names == ["kubernetes (3f2a1b0c)", "kubernetes (9d8e7f6a)"]
    assert [c.name for c in merge([merge([one, two]), WEST]).clusters] == [*names, "west"]


def without_uid(name: str, sample: Report) -> Report:
    return msgspec.structs.replace(sample, cluster=ClusterRow(name, None, "", None, "files"))


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ([], "no report"),
        ([EAST, of("east", sample=report([]))], "'east' was audited twice: in report 1, collected at 2026-11-21T12"),
        ([EAST, of("other", "uid-east")], "audited twice"),
        ([without_uid("", shop()), without_uid("", report([]))], "audited twice"),
        ([EAST, without_uid("east", shop())], "'east', and no uid"),
        ([of("k", "12345678-a"), of("k", "12345678-b")], "several clusters are called 'k (12345678)'"),
    ],
)
def test_what_cannot_be_merged(given_: Sequence[Report], says: str) -> None:
    with pytest.raises(UsageError, match=says.replace("(", r"\(").replace(")", r"\)")):
        merge(given_)


def test_messages_name_the_reports() -> None:
    with pytest.raises(UsageError, match=r"in a\.json, collected .* in b\.json, collected"):
        merge([EAST, of("east", sample=report([]))], ["a.json", "b.json"])


def test_a_damaged_report_loses_no_finding_silently() -> None:
    whole = merge([EAST, WEST])
    damaged = msgspec.structs.replace(whole, clusters=whole.clusters[1:])
    with pytest.raises(SourceError, match="'east'"):
        merge([damaged, DEAD])


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (of("b", auditor=Tool("0.2.0")), "by auditor 0.1.0 and 0.2.0"),
        (of("b", policy=PolicyRow("other.yaml", "1" * 64)), "different policies"),
        (of("b", sample=report([], checks=list(CHECKS)[1:])), "Not checked in every cluster: floating-tag."),
        (of("b"), None),
    ],
)
def test_what_does_not_compare_is_a_warning(other: Report, says: str | None) -> None:
    a = of("a")
    told = [warning for warning in merge([a, other]).warnings if not warning.startswith(("all clusters:", "a:"))]
    assert [says in warning for warning in told if says] == ([True] if says else [])
    assert len(told) == (says is not None)


def test_one_warning_of_several_clusters_is_told_once() -> None:
    def warned(name: str, *warnings: str) -> Report:
        return of(name, sample=report([], warnings=warnings))

    whole = merge([warned("a", "x", "y"), warned("b", "x"), warned("c", "x", "y")])
    assert whole.warnings == ("all clusters: x", "a, c: y")


def test_a_waiver_is_idle_only_where_no_cluster_of_the_policy_needs_it() -> None:
    policy = policy_at(FIXTURES / "clusters" / "shop" / "policy.yaml")
    using = audit(read(FIXTURES / "clusters" / "shop" / "cluster"), policy)
    idle = of("clean", sample=audit(read(FIXTURES / "clusters" / "clean" / "cluster"), policy))
    assert any("matches nothing" in warning for warning in idle.warnings)
    assert not any("matches nothing" in warning for warning in using.warnings)
    assert not any("matches nothing" in warning for warning in merge([using, idle]).warnings)
    assert any("matches nothing" in warning for warning in merge([idle, of("other", sample=idle)]).warnings)


def test_policies_of_different_severity_show_the_highest() -> None:
    low = EAST.checks[0]
    changed = msgspec.structs.replace(low, severity=Severity.CRITICAL)
    other = of("b", checks=(changed, *EAST.checks[1:]))
    assert merge([EAST, other]).checks[0].severity == Severity.CRITICAL


# Differences between merged reports.

NEW = finding("floating-tag", "payments", use("Deployment", "fresh", "c"), "m")


def test_a_merged_report_compared_with_itself_has_nothing_new() -> None:
    whole = merge([of("a"), of("b"), DEAD])
    result = diff(whole, whole)
    assert (result.new, result.gone, result.unseen) == ((), (), ())
    assert len(result.still) == 2 * len(diff(shop(), shop()).still)


def test_clusters_are_compared_with_themselves() -> None:
    more = of("b", sample=report([NEW, *shop().findings]))
    result = diff(merge([of("a"), of("b")]), merge([of("a"), more]))
    assert [(f.cluster, f.id) for f in result.new] == [("b", NEW.id)]


def test_a_new_cluster_is_new_as_a_whole() -> None:
    result = diff(merge([of("a"), of("b")]), merge([of("a"), of("b"), of("c")]))
    assert {f.cluster for f in result.new} == {"c"}
    assert result.warnings == ("c: not audited for the old report: everything counts as new.",)


@pytest.mark.parametrize("later", [merge([of("a"), not_audited("b", "refused", PolicyRow())]), of("a")])
def test_what_was_not_audited_is_not_gone(later: Report) -> None:
    result = diff(merge([of("a"), of("b")]), later)
    assert (result.new, result.gone) == ((), ())
    assert {f.cluster for f in result.unseen} == {"b"}
    assert any(warning.startswith("b: not audited for the new report") for warning in result.warnings)


def test_what_one_cluster_could_not_read_says_nothing_of_another() -> None:
    def unread(name: str, *statuses: Status) -> Report:
        cluster = use("Cluster", "", "")
        gap = finding("floating-tag", None, cluster, "Not judged", status="manual", cause="unreadable")
        return of(name, sample=report([gap]))

    old = merge([of("a", sample=report([NEW])), of("b", sample=report([NEW]))])
    result = diff(old, merge([unread("a"), of("b", sample=report([]))]))
    assert [f.cluster for f in result.unseen] == ["a"]
    assert [f.cluster for f in result.gone] == ["b"]


def test_a_cluster_is_the_same_under_another_name() -> None:
    assert diff(merge([of("a"), of("b")]), merge([of("a"), of("renamed", "uid-b")])).new == ()
    assert diff(of("a"), merge([of("a"), of("b", sample=report([]))])).new == ()
