"""The laws of the engine: subjects count once, order is nothing, identities stay, the unread is never passed."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import (
    CLUSTER,
    About,
    Check,
    Enforcement,
    Fail,
    Goal,
    ImagePolicy,
    ImageUse,
    Manual,
    Node,
    Nodes,
    Policy,
    PullSecrets,
    Severity,
    Subject,
    Unread,
)
from auditor.check import check, load_check
from auditor.diff import diff, first_run
from auditor.enforcement import kyverno
from auditor.enforcement.chain import Link
from auditor.engine import Scope, evaluate
from auditor.exits import Exit, exit_code
from auditor.model import (
    ClusterInfo,
    Container,
    Coverage,
    Namespace,
    Owner,
    Shape,
    Snapshot,
)
from auditor.policy import CheckSetting, Exclude, Waiver
from auditor.published import from_json, to_dict
from auditor.report import Finding, Report, UnreadableRow
from auditor.units import Unit
from auditor.views import PARAMETERS, SUBJECTS
from auditor.wire import BY_NAME

TODAY = date(2026, 11, 21)
READ = tuple(Coverage(name, "read") for name in BY_NAME)


def made(
    function: Callable[..., Iterable[Fail | Manual]],
    title: str = "Something is wrong",
    severity: Severity = Severity.MEDIUM,
) -> Check:
    """A check from a bare function."""
    mark = check(title, severity=severity, references=("https://kubernetes.io/",), remediation="Mend it.")
    return load_check(mark(function), SUBJECTS, PARAMETERS)


def by_image(image: ImageUse) -> Iterator[Fail | Manual]:
    """Says what the image's name says."""
    repository = image.repository.rpartition("/")[2]
    if repository.startswith("fail"):
        yield Fail("bad", evidence={"count": 1})
    if repository.startswith("manual"):
        yield Manual("look")
    if repository.startswith("wide"):
        yield Manual("look at all", evidence={"count": 1}, about=About.of_namespace(image.namespace))
    if repository.startswith("crash"):
        raise KeyError("hunter2-secret")


def owner(name: str, *images: str, namespace: str = "shop", kind: str = "Deployment") -> Owner:
    shapes = tuple(Shape("template", (Container(f"c{i}", "container", image),)) for i, image in enumerate(images))
    return Owner(namespace, kind, name, shapes=shapes)


def audit(snapshot: Snapshot, *checks: Check, policy: Policy | None = None, scope: Scope | None = None) -> Report:
    return evaluate(snapshot, checks or (made(by_image),), policy or Policy(), TODAY, scope=scope)


images = st.sampled_from(
    ["fail:1", "fail:2", "manual:1", "wide:1", "crash:1", "ok:1", "docker.io/library/ok:2", "Bad Ref"]
)
owners = st.builds(
    lambda name, namespace, names: owner(name, *names, namespace=namespace),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["shop", "bank"]),
    st.lists(images, min_size=1, max_size=4),
)
clusters = st.lists(owners, max_size=6, unique_by=lambda o: (o.namespace, o.name))
policies = st.builds(
    lambda names: Policy(waivers=tuple(Waiver(reason="r", expires=date(2027, 1, 1), subject=name) for name in names)),
    st.lists(st.sampled_from(["Deployment/a", "Deployment/*", "Pod/*"]), max_size=2),
)


@given(clusters, policies)
def test_every_subject_counts_once(found: list[Owner], policy: Policy) -> None:
    report = audit(Snapshot(coverage=READ, owners=tuple(found)), policy=policy)
    (row,) = report.checks
    wide = {o.namespace for o in found for s in o.shapes if s.containers[0].image == "wide:1"}
    subjects = {
        (o.namespace, o.name, s.containers[0].name)
        for o in found
        for s in o.shapes
        if s.containers[0].image != "wide:1"
    }
    assert row.passed + row.fail + row.manual + row.waived == len(subjects) + len(wide)
    summary = report.summary
    assert (summary.passed, summary.fail, summary.manual, summary.waived) == (
        row.passed,
        row.fail,
        row.manual,
        row.waived,
    )
    assert sum(summary.by_severity.values()) == summary.fail
    assert sum(counts.subjects for counts in summary.by_namespace.values()) == len(subjects) + len(wide)


@given(clusters, st.randoms())
def test_order_does_not_matter(found: list[Owner], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first = audit(Snapshot(coverage=READ, owners=tuple(found)))
    second = audit(Snapshot(coverage=READ, owners=tuple(shuffled)))
    assert to_dict(first) == to_dict(second)


@given(clusters)
@settings(max_examples=30)
def test_the_report_survives_json(found: list[Owner]) -> None:
    report = audit(Snapshot(coverage=READ, owners=tuple(found)))
    assert to_dict(from_json(msgspec.json.encode(to_dict(report)))) == to_dict(report)


def ids(snapshot: Snapshot) -> set[str]:
    return {finding.id for finding in audit(snapshot).findings}


def test_identity_leaves_out_tag_digest_and_cluster() -> None:
    before = Snapshot(coverage=READ, owners=(owner("web", "fail:1"),))
    after = Snapshot(ClusterInfo(name="other"), READ, owners=(owner("web", f"fail:2@sha256:{'a' * 64}"),))
    assert ids(before) == ids(after) != set()


@pytest.mark.parametrize(
    "other",
    [
        owner("web", "fail:1", namespace="bank"),
        owner("web", "fail:1", kind="StatefulSet"),
        owner("api", "fail:1"),
        owner("web", "example.com/fail:1"),
    ],
)
def test_identity_tells_subjects_apart(other: Owner) -> None:
    assert ids(Snapshot(coverage=READ, owners=(owner("web", "fail:1"),))).isdisjoint(
        ids(Snapshot(coverage=READ, owners=(other,)))
    )


def test_two_images_of_one_repository_are_one_subject() -> None:
    def shape(image: str) -> Shape:
        return Shape("pods", (Container("c", "container", image),), revision=image, pods=1)

    rollout = Owner("shop", "Deployment", "web", shapes=(shape("fail:2"), shape("fail:1")))
    report = audit(Snapshot(coverage=READ, owners=(rollout,)))
    (finding,) = report.findings
    assert finding.image == "docker.io/library/fail:2"
    assert finding.evidence == {"count": 2, "images": ["docker.io/library/fail:1", "docker.io/library/fail:2"]}
    assert report.summary.fail == 1


def test_a_crash_is_an_answer_that_tells_nothing_secret() -> None:
    report = audit(Snapshot(coverage=READ, owners=(owner("web", "crash:1"), owner("api", "ok:1"))))
    (finding,) = report.findings
    assert (finding.status, finding.cause) == ("manual", "error")
    assert "hunter2" not in str(to_dict(report))
    assert "KeyError" in finding.message
    assert report.summary.passed == 1
    assert exit_code(report, Severity.HIGH) == Exit.INCOMPLETE


def test_what_was_raised_keeps_nothing_alive() -> None:
    """An error's frames lead back to whoever holds it: such rings, and all that they hold, wait for the collector."""

    def asks(image: ImageUse, secrets: PullSecrets) -> Iterator[Fail]:
        """It asks for what was not read."""
        secrets.all()
        yield Fail("never reached")

    class Broken(Exception):
        pass

    def breaks(image: ImageUse) -> list[Fail]:
        """It raises one error for another."""
        try:
            raise Broken
        except Broken as error:
            raise Broken from error

    snapshot = Snapshot(
        owners=(owner("web", "a"),), coverage=(Coverage("pods", "read"), Coverage("secrets", "forbidden"))
    )
    gc.collect()
    gc.disable()
    try:
        evaluate(snapshot, [made(asks), made(breaks)], Policy(), TODAY)
        assert not [left for left in gc.get_objects() if isinstance(left, Unread | Broken)]
    finally:
        gc.enable()


def test_what_cannot_begin_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(views: object) -> Iterator[Unit]:
        yield from ()
        raise RuntimeError("hunter2-secret")

    monkeypatch.setitem(SUBJECTS, ImageUse, (broken, ()))
    report = audit(Snapshot(coverage=READ, owners=(owner("web", "ok"),)))
    (finding,) = report.findings
    assert (finding.status, finding.cause, finding.subject.kind) == ("manual", "error", "Cluster")
    assert "hunter2" not in str(to_dict(report))


def needs_secrets(image: ImageUse, secrets: PullSecrets) -> Iterator[Fail]:
    """Fails where there is no registry secret at all."""
    if not [secret for secret in secrets.all() if secret.namespace == image.namespace]:
        yield Fail("none")


@pytest.mark.parametrize("state", ["forbidden", "failed", "excluded"])
def test_what_was_not_read_is_one_answer_for_the_scope(state: str) -> None:
    coverage = (*(row for row in READ if row.resource != "secrets"), Coverage("secrets", state, complete=False))  # type: ignore[arg-type]
    report = audit(Snapshot(coverage=coverage, owners=(owner("web", "a", "b"), owner("api", "a"))), made(needs_secrets))
    (finding,) = report.findings
    assert (finding.status, finding.cause, finding.subject) == ("manual", "unreadable", Subject("Cluster", ""))
    assert finding.evidence["count"] == 3
    assert report.summary.manual == 1
    assert exit_code(report, Severity.HIGH) == Exit.INCOMPLETE
    assert exit_code(report, Severity.HIGH, allow_incomplete=True) == Exit.OK
    assert exit_code(report, None) == Exit.INCOMPLETE


def about_namespaces(namespace: Namespace, enforcement: Enforcement) -> Iterator[Fail]:
    """Fails where no registry is enforced."""
    if enforcement.answer(namespace.name, Goal.REGISTRIES).verdict != "enforced":
        yield Fail("open")


def about_policies(policy: ImagePolicy) -> Iterator[Fail]:
    """Fails for each."""
    yield Fail(policy.mechanism)


def spaces(*names: str) -> Snapshot:
    return Snapshot(coverage=READ, namespaces=tuple(Namespace(name) for name in names))


def standing_in(report: Report) -> list[str]:
    assert report.enforcement is not None
    return [row.namespace for row in report.enforcement.namespaces]


@pytest.mark.parametrize("function", [about_namespaces, about_policies])
def test_the_matrix_is_there_where_a_check_asks_for_it(function: Callable[..., Iterable[Fail]]) -> None:
    report = audit(spaces("b", "a"), made(by_image), made(function))
    assert standing_in(report) == ["a", "b"]
    assert audit(spaces("b", "a")).enforcement is None


def test_the_matrix_is_of_the_namespaces_that_are_audited() -> None:
    found = spaces("a", "b", "kube-system")
    only = audit(found, made(about_namespaces), scope=Scope(only=("a",)))
    assert standing_in(only) == ["a"]
    excluded = Policy(exclude=Exclude(namespaces=("kube-*",)))
    assert standing_in(audit(found, made(about_namespaces), policy=excluded)) == ["a", "b"]
    off = Policy(checks={"about-namespaces": CheckSetting(enabled=False, reason="r")})
    assert audit(found, made(about_namespaces), policy=off).enforcement is None


def test_the_matrix_survives_json_and_the_order_of_the_input() -> None:
    report = audit(spaces("b", "a"), made(about_namespaces))
    assert to_dict(from_json(msgspec.json.encode(to_dict(report)))) == to_dict(report)
    assert to_dict(audit(spaces("a", "b"), made(about_namespaces))) == to_dict(report)


def crash(world: object) -> Iterator[ImagePolicy]:
    yield ImagePolicy("Kyverno", CLUSTER, frozenset({Goal.REGISTRIES}), (Link("all", "holds"),))
    raise RuntimeError("hunter2-secret")


def test_a_mechanism_that_breaks_is_an_answer_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kyverno, "image_policies", crash)
    report = audit(spaces("a"), made(about_namespaces), made(about_policies))
    assert report.enforcement is not None
    assert report.enforcement.unreadable == (UnreadableRow("kyverno", "kyverno", "error", "RuntimeError"),)
    (row,) = report.enforcement.namespaces
    assert row.registries.verdict == "enforced"
    assert (row.digests.verdict, row.digests.unread) == ("unknown", True)
    broken = [finding for finding in report.findings if finding.cause == "error"]
    assert [(finding.check, finding.subject) for finding in broken] == [("about-policies", Subject("Cluster", ""))]
    assert "kyverno broke when it was read (RuntimeError)" in broken[0].message
    assert any(finding.message == "Kyverno" for finding in report.findings)
    assert "hunter2" not in str(to_dict(report))
    assert exit_code(report, None) == Exit.INCOMPLETE


def test_a_matrix_that_cannot_be_made_costs_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> object:
        raise RuntimeError("hunter2-secret")

    monkeypatch.setattr("auditor.views.world_of", broken)
    report = audit(spaces("a"), made(about_namespaces), made(about_policies))
    assert report.enforcement is None
    assert {(finding.check, finding.cause) for finding in report.findings} == {
        ("about-namespaces", "error"),
        ("about-policies", "error"),
    }
    assert "hunter2" not in str(to_dict(report))


def test_unseen_subjects_are_not_passed() -> None:
    coverage = (*(row for row in READ if row.resource != "pods"), Coverage("pods", "forbidden", complete=False))
    report = audit(Snapshot(coverage=coverage, owners=(owner("web", "ok"),)))
    assert [(f.status, f.cause) for f in report.findings] == [("manual", "unreadable")]
    assert (report.summary.passed, report.summary.manual) == (1, 1)


def soft(image: ImageUse, nodes: Nodes | None) -> Iterator[Manual]:
    """Says whether nodes were there to look at."""
    yield Manual("no nodes" if nodes is None else f"{len(nodes.all())} nodes")


def test_a_soft_need_is_none_where_it_was_not_read() -> None:
    snapshot = Snapshot(coverage=READ, owners=(owner("web", "ok"),), nodes=(Node("n1"),))
    blind = tuple(row for row in READ if row.resource != "nodes")
    assert [f.message for f in audit(snapshot, made(soft)).findings] == ["1 nodes"]
    snapshot = msgspec.structs.replace(snapshot, coverage=blind)
    assert [f.message for f in audit(snapshot, made(soft)).findings] == ["no nodes"]


def test_cluster_wide_answers_replace_those_of_subjects() -> None:
    def no_rule(image: ImageUse) -> Iterator[Manual]:
        """Lists what is in use."""
        assert image.reference
        yield Manual("no rule", evidence={"registries": {image.reference.registry: 1}}, about=CLUSTER)

    report = audit(Snapshot(coverage=READ, owners=(owner("web", "a", "quay.io/b", "c"),)), made(no_rule))
    (finding,) = report.findings
    assert finding.evidence == {"registries": {"docker.io": 2, "quay.io": 1}}
    assert (report.summary.passed, report.summary.manual) == (0, 1)


def test_waivers_waive_until_their_day() -> None:
    def run(expires: date) -> Finding:
        policy = Policy(waivers=(Waiver(reason="T-1", expires=expires, subject="Deployment/web"),))
        (finding,) = audit(Snapshot(coverage=READ, owners=(owner("web", "fail"),)), policy=policy).findings
        return finding

    assert run(TODAY).status == "waived"
    expired = run(date(2026, 11, 20))
    assert expired.status == "fail"
    assert expired.waiver
    assert expired.waiver.expired
    assert "expired on 2026-11-20" in expired.message


def test_the_policy_sets_severity_and_switches_off() -> None:
    snapshot = Snapshot(coverage=READ, owners=(owner("web", "fail"),))
    louder = Policy(checks={"by-image": CheckSetting(severity=Severity.CRITICAL)})
    off = Policy(checks={"by-image": CheckSetting(enabled=False, reason="not ours")})
    assert audit(snapshot, policy=louder).findings[0].severity == "critical"
    report = audit(snapshot, policy=off)
    assert (report.checks, report.findings) == ((), ())
    assert "not ours" in report.warnings[0]


def test_scope_limits_and_excludes_and_says_so() -> None:
    found = (owner("web", "fail", namespace="shop"), owner("web", "fail", namespace="bank"))
    names = (Namespace("shop"), Namespace("bank"))
    snapshot = Snapshot(coverage=READ, namespaces=names, owners=found)
    only = audit(snapshot, scope=Scope(only=("shop",)))
    assert [f.namespace for f in only.findings] == ["shop"]
    without = audit(snapshot, policy=Policy(exclude=Exclude(("ba*",))))
    assert [f.namespace for f in without.findings] == ["shop"]
    assert [(row.state, row.namespaces) for row in without.coverage if row.resource == "*"] == [("excluded", ("bank",))]


def test_what_the_user_left_out_is_no_gap() -> None:
    coverage = tuple(Coverage(row.resource, "read", ("shop",)) for row in READ)
    snapshot = Snapshot(ClusterInfo(only=("shop",)), coverage, owners=(owner("web", "ok"),))
    assert not audit(snapshot, made(needs_secrets), made(by_image)).incomplete


@pytest.mark.parametrize(
    ("threshold", "code"),
    [(Severity.MEDIUM, Exit.FINDINGS), (Severity.LOW, Exit.FINDINGS), (Severity.HIGH, Exit.OK), (None, Exit.OK)],
)
def test_exit_codes_by_threshold(threshold: Severity | None, code: Exit) -> None:
    report = audit(Snapshot(coverage=READ, owners=(owner("web", "fail"),)))
    assert exit_code(report, threshold) == code
    assert exit_code(report, threshold, diff(report, report)) == Exit.OK
    assert exit_code(report, threshold, first_run(report)) == code
