"""The matrix of enforcement in words: what goes together, in which order, and what is said against a policy."""

from __future__ import annotations

from hypothesis import given

from auditor.report import EnforcementRow, GoalRow, NamespaceRow, UnreadableRow
from auditor.reporters.matrix import against, lines, policy, unseen, who
from tests.reporters.hostile import MATRICES
from tests.reporters.samples import report, shop

NOTHING = GoalRow("not-enforced")
CLOSED = GoalRow("enforced", "ValidatingAdmissionPolicy/a", "ValidatingAdmissionPolicy", beside=("UPDATE: left out",))


def test_namespaces_that_fare_alike_go_together_the_least_enforced_first() -> None:
    found = lines(shop())
    assert [line.namespaces for line in found] == [("kube-system", "monitoring"), ("legacy",), ("web",), ("payments",)]
    assert [line.title for line in found][:2] == ["2 namespaces", "legacy"]


def test_no_matrix_no_lines() -> None:
    assert lines(report()) == []
    assert lines(report(enforcement=EnforcementRow())) == []


@given(MATRICES)
def test_every_row_is_in_one_line_with_its_cells(matrix: EnforcementRow) -> None:
    told = [(name, line.cells) for line in lines(report(enforcement=matrix)) for name in line.namespaces]
    rows = [(row.namespace, (row.registries, row.digests, row.signatures)) for row in matrix.namespaces]
    assert sorted(told, key=repr) == sorted(rows, key=repr)


@given(MATRICES)
def test_the_order_of_the_rows_does_not_matter(matrix: EnforcementRow) -> None:
    rows: tuple[NamespaceRow, ...] = matrix.namespaces[::-1]
    assert lines(report(enforcement=matrix)) == lines(report(enforcement=EnforcementRow(rows)))


def test_a_policy_is_told_with_what_it_belongs_to_unless_its_kind_says_so() -> None:
    assert policy(CLOSED) == "ValidatingAdmissionPolicy/a"
    assert policy(GoalRow("enforced", "ClusterPolicy/a", "Kyverno")) == "Kyverno ClusterPolicy/a"
    assert policy(GoalRow("enforced", "APIServer/a")) == "APIServer/a"
    assert policy(NOTHING) == ""


def test_only_a_policy_that_enforces_is_told_as_such() -> None:
    assert who(CLOSED) == "ValidatingAdmissionPolicy/a"
    assert who(GoalRow("unknown", "ClusterPolicy/a", "Kyverno")) == "nearest: Kyverno ClusterPolicy/a"
    assert who(NOTHING) == ""


def test_what_is_against_a_policy() -> None:
    gaps = (UnreadableRow("kyverno", "clusterpolicies.kyverno.io", "forbidden"),)
    assert list(against(CLOSED, gaps)) == ["UPDATE: left out"]
    assert list(against(GoalRow("unknown", "P/a", "P", "action", "why", ("b",)), gaps)) == ["action: why", "b"]
    assert list(against(GoalRow("unknown", unread=True), gaps)) == ["not read: clusterpolicies.kyverno.io"]
    assert list(against(GoalRow("unknown", "P/a", "P", "action"))) == ["action"]


def test_what_broke_is_told_apart_from_what_was_not_read() -> None:
    rows = (
        UnreadableRow("kyverno", "kyverno", "error", "KeyError"),
        UnreadableRow("gatekeeper", "constraints", "excluded", "not in the input"),
        UnreadableRow("", "constraints", "excluded", "not in the input"),
    )
    assert list(unseen(rows)) == ["could not be judged: kyverno", "not read: constraints"]
