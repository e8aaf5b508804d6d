"""Two reports compared."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.diff import Diff, diff
from auditor.report import (
    AppliedWaiver,
    Cause,
    ClusterRow,
    CoverageRow,
    Finding,
    PolicyRow,
    Report,
    Severity,
    Status,
    Subject,
    Tool,
    identity,
)
from tests.reporters.samples import CHECKS, finding, report, shop, use

WAIVER = AppliedWaiver("TICKET-1", "2027-01-31")
WEB = use("Deployment", "web", "nginx")


def one(status: Status = "fail", cause: Cause | None = None, check: str = "floating-tag") -> Finding:
    waiver = WAIVER if status == "waived" else None
    return finding(check, "payments", WEB, f"{status} {cause}", status=status, cause=cause, waiver=waiver)


def unread(check: str, namespace: str | None) -> Finding:
    subject = Subject("Namespace", namespace) if namespace else Subject("Cluster", "")
    return finding(check, namespace, subject, "Not judged", status="manual", cause="unreadable")


def broken(check: str, namespace: str | None, subject: Subject) -> Finding:
    return finding(check, namespace, subject, "It broke: KeyError.", status="manual", cause="error")


def where(result: Diff) -> dict[str, list[str]]:
    lists = {"new": result.new, "gone": result.gone, "still": result.still, "unseen": result.unseen}
    return {name: [found.check for found in findings] for name, findings in lists.items() if findings}


def test_a_report_compared_with_itself_has_nothing_new() -> None:
    result = diff(shop(), shop())
    assert (result.new, result.gone, result.unseen, result.warnings) == ((), (), (), ())
    assert result.still == tuple(f for f in shop().findings if f.cause not in ("unreadable", "error"))


ABSENT = None
FAIL, WAIVED = one(), one("waived")
JUDGE, ERROR = one("manual", "judgment"), one("manual", "error")


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        (ABSENT, FAIL, "new"),
        (ABSENT, JUDGE, "new"),
        (ABSENT, WAIVED, "new"),
        (ABSENT, ERROR, None),
        (FAIL, ABSENT, "gone"),
        (JUDGE, ABSENT, "gone"),
        (WAIVED, ABSENT, "gone"),
        (ERROR, ABSENT, None),
        (FAIL, FAIL, "still"),
        (FAIL, JUDGE, "still"),
        (FAIL, WAIVED, "still"),
        (JUDGE, WAIVED, "still"),
        (WAIVED, JUDGE, "still"),
        (WAIVED, WAIVED, "still"),
        (WAIVED, FAIL, "new"),
        (JUDGE, FAIL, "new"),
        (FAIL, ERROR, "unseen"),
        (WAIVED, ERROR, "unseen"),
        (ERROR, FAIL, "new"),
    ],
)
def test_what_becomes_of_a_finding(old: Finding | None, new: Finding | None, outcome: str | None) -> None:
    result = diff(report([old] if old else []), report([new] if new else []))
    assert where(result) == ({outcome: ["floating-tag"]} if outcome else {})
    if outcome in ("new", "still"):
        assert (result.new or result.still) == (new,)


def test_another_tag_message_or_severity_is_the_same_finding() -> None:
    later = msgspec.structs.replace(FAIL, message="other", image="docker.io/library/nginx:2", severity=Severity.LOW)
    assert where(diff(report([FAIL]), report([later]))) == {"still": ["floating-tag"]}


def test_only_new_failures_count_and_from_a_severity_up() -> None:
    result = diff(
        report([one(check="unpinned-image")]),
        report([one(), one(check="unpinned-image"), one("waived", check="unapproved-registry")]),
    )
    assert [result.new_failures(severity) for severity in Severity] == [0, 1, 1, 1]


@pytest.mark.parametrize(
    ("findings", "coverage", "checks"),
    [
        ([unread("floating-tag", None)], [], CHECKS),
        ([unread("floating-tag", "payments")], [], CHECKS),
        ([], [CoverageRow("*", "excluded", ("payments",))], CHECKS),
        ([], [CoverageRow("*", "excluded", ("pay*",))], CHECKS),
        ([], [CoverageRow("pods", "read", ("web",), 3), CoverageRow("nodes", "read", (), 1)], CHECKS),
        ([], [], ["unpinned-image"]),
    ],
)
def test_what_the_later_report_could_not_judge_is_not_gone(
    findings: list[Finding], coverage: list[CoverageRow], checks: Sequence[str]
) -> None:
    result = diff(report([FAIL]), report(findings, coverage=coverage, checks=checks))
    if not findings:
        result = msgspec.structs.replace(result, warnings=())
    assert where(result) == {"unseen": ["floating-tag"]}


@pytest.mark.parametrize(
    ("findings", "coverage"),
    [
        ([unread("unpinned-image", None)], []),
        ([unread("floating-tag", "web")], []),
        ([], [CoverageRow("*", "excluded", ("web",))]),
        ([], [CoverageRow("pods", "read", ("payments", "web"), 3)]),
    ],
)
def test_what_it_did_judge_is_gone(findings: list[Finding], coverage: list[CoverageRow]) -> None:
    assert where(diff(report([FAIL]), report(findings, coverage=coverage))) == {"gone": ["floating-tag"]}


CLUSTER, NAMESPACE, NODE = Subject("Cluster", ""), Subject("Namespace", "payments"), Subject("Node", "n1")
OWNER = Subject("Deployment", "web")
API = use("Deployment", "api", "nginx")
UNASKED = msgspec.structs.replace(
    unread("floating-tag", None), cause="judgment", id=identity("floating-tag", None, CLUSTER, "unread")
)


@pytest.mark.parametrize(
    ("namespace", "subject", "told"),
    [
        # A check that broke as a whole, in all or in a namespace, judged nothing there.
        ("payments", WEB, broken("floating-tag", None, CLUSTER)),
        ("payments", WEB, broken("floating-tag", "payments", NAMESPACE)),
        (None, NODE, broken("floating-tag", None, CLUSTER)),
        # What it says of a whole it puts together of what it sees of the parts.
        (None, CLUSTER, broken("floating-tag", "payments", WEB)),
        (None, CLUSTER, broken("floating-tag", "payments", NAMESPACE)),
        (None, CLUSTER, unread("floating-tag", "payments")),
        (None, Subject("APIServer", "kube-apiserver"), broken("floating-tag", None, Subject("ClusterPolicy", "p"))),
        ("payments", OWNER, broken("floating-tag", "payments", WEB)),
        ("payments", OWNER, broken("floating-tag", "payments", API)),
        ("payments", OWNER, broken("floating-tag", "payments", Subject("Pod", "p"))),
        ("payments", NAMESPACE, broken("floating-tag", None, NODE)),
        # What was not asked for was not judged, though nothing failed.
        ("payments", WEB, UNASKED),
    ],
)
def test_where_a_check_broke_nothing_of_it_is_gone(namespace: str | None, subject: Subject, told: Finding) -> None:
    known = finding("floating-tag", namespace, subject, "m")
    result = diff(report([known]), report([told]))
    assert (result.gone, result.unseen) == ((), (known,))
    assert result.new == ()


@pytest.mark.parametrize(
    ("namespace", "subject", "told"),
    [
        ("payments", WEB, broken("floating-tag", "payments", API)),
        ("payments", WEB, broken("floating-tag", "web", Subject("Namespace", "web"))),
        ("payments", OWNER, broken("floating-tag", "payments", Subject("Deployment", "api"))),
        ("payments", OWNER, broken("floating-tag", "web", WEB)),
        ("payments", OWNER, broken("unpinned-image", "payments", WEB)),
        (None, NODE, broken("floating-tag", None, Subject("Node", "n2"))),
    ],
)
def test_a_check_that_broke_elsewhere_did_judge_the_others_of_its_kind(
    namespace: str | None, subject: Subject, told: Finding
) -> None:
    known = finding("floating-tag", namespace, subject, "m")
    assert diff(report([known]), report([told])).gone == (known,)


def test_several_clusters_in_one_report_are_told_apart() -> None:
    east, west = (msgspec.structs.replace(FAIL, cluster=name) for name in ("east", "west"))
    result = diff(report([east, west]), report([east]))
    assert (result.still, result.gone) == ((east,), (west,))
    assert where(diff(report([east]), report([west]))) == {"still": ["floating-tag"]}


READ = CoverageRow("secrets", "read", (), 3)
FORBIDDEN = CoverageRow("secrets", "forbidden", ("b", "a"), 0, "no")
EVERYWHERE = CoverageRow("secrets", "failed", (), 0, "no")


def with_(**fields: object) -> Report:
    return msgspec.structs.replace(report(), **fields)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (with_(), with_(cluster=ClusterRow("other", "uid-2")), "different clusters: shop and other"),
        (with_(cluster=ClusterRow("a")), with_(cluster=ClusterRow("b")), "different clusters: a and b"),
        (with_(cluster=ClusterRow("a", "u")), with_(cluster=ClusterRow("b", "u")), None),
        (with_(), with_(auditor=Tool("0.2.0")), "auditor 0.1.0 and 0.2.0"),
        (with_(), with_(policy=PolicyRow()), "different policies"),
        (with_(), with_(cluster=ClusterRow("shop", "uid-1", "", "2026-11-20T00:00:00Z")), "after the new one"),
        (with_(checks=shop().checks), with_(checks=shop().checks[1:]), "Not checked in the new report: default-serv"),
        (with_(checks=shop().checks[1:]), with_(checks=shop().checks), "Not checked in the old report"),
        (with_(coverage=(READ,)), with_(coverage=(FORBIDDEN,)), "may only be unseen: secrets in a, b."),
        (with_(coverage=(FORBIDDEN,)), with_(coverage=(READ,)), "newly seen: secrets in a, b."),
        (
            with_(coverage=(CoverageRow("x", "read"),)),
            with_(
                coverage=(
                    CoverageRow("*", "excluded", tuple(f"n{i:02}" for i in range(14))),
                    CoverageRow("x", "failed"),
                )
            ),
            "unseen: everything in n00, n01, n02, n03, n04, n05, n06, n07, n08, n09, n10, n11 and 2 more; x.",
        ),
        (with_(coverage=(READ,)), with_(coverage=()), "may only be unseen: secrets."),
        (with_(coverage=(FORBIDDEN,)), with_(coverage=(FORBIDDEN,)), None),
        # A gap within a wider one is no further one, and neither is one that the other report does not speak of.
        (with_(), with_(coverage=(EVERYWHERE,)), None),
        (with_(coverage=(EVERYWHERE,)), with_(coverage=(EVERYWHERE, FORBIDDEN)), None),
    ],
)
def test_warnings_where_the_reports_do_not_compare(old: Report, new: Report, words: str | None) -> None:
    warnings = diff(old, new).warnings
    assert len(warnings) == (words is not None)
    assert all(words in warning for warning in warnings if words)


states = st.sampled_from([None, ("fail", None), ("waived", None), *(("manual", c) for c in ("judgment", "error"))])


@given(st.lists(st.tuples(states, states), max_size=12))
def test_nothing_is_lost_or_told_twice(pairs: list[tuple[tuple[Status, Cause | None] | None, ...]]) -> None:
    def side(number: int) -> list[Finding]:
        return [
            finding("runs-as-root", "x", use("Deployment", f"d{i}", "c"), "m", status=pair[0], cause=pair[1])
            for i, pair in enumerate(pair[number] for pair in pairs)
            if pair
        ]

    old, new = report(side(0)), report(side(1))
    result = diff(old, new)
    before, after = ({f.id for f in r.findings if f.cause != "error"} for r in (old, new))
    groups = [{f.id for f in group} for group in (result.new, result.still, result.gone, result.unseen)]
    assert sum(map(len, groups)) == len(set.union(*groups))
    assert groups[0] | groups[1] == after
    assert groups[2] | groups[3] == before - after
