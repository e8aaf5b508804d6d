"""Policy reports into a cluster: what is written and deleted, and above all what is not."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest
import yaml

from auditor.cli import run
from auditor.errors import SourceError
from auditor.publish import Place, Published, Write
from auditor.publish_apis import APIS, CHECKS, MANAGED_BY, OPENREPORTS, PART, WGPOLICY, ReportApi
from auditor.published import from_json
from auditor.rbac import cluster_role
from auditor.report import Finding, Report, Subject
from auditor.reporters import render
from auditor.sources.configuration import identify
from auditor.sources.publishing import Result, publish
from auditor.sources.reportconnection import ReportConnection
from tests.apiserver import ApiServer, Fault, Reset, plain
from tests.apistore import Object
from tests.real import program
from tests.reporters.hostile import FRAGMENTS
from tests.reporters.samples import finding, report, use
from tests.sources.reportstore import ReportStore
from tests.sources.scanning import pod, write_kubeconfig

SPACES = ("payments", "web")
EVERYWHERE = (None, "kube-system", *SPACES)


def failure(namespace: str | None, name: str = "api", message: str = "m") -> Finding:
    return finding("unpinned-image", namespace, use("Deployment", name, "main"), message)


def unread(resource: str, namespace: str | None = None) -> Finding:
    subject = Subject("Namespace", namespace) if namespace else Subject("Cluster", "")
    evidence = {"resources": {resource: "could not be read (it answered 503)"}}
    message = f"Not judged: {resource} could not be read."
    found = finding("unused-pull-secret", namespace, subject, message, status="manual", cause="unreadable")
    return msgspec.structs.replace(found, evidence=evidence)


def audit(*findings: Finding, passed: dict[str, int] | None = None) -> Report:
    return report(findings, passed={"": 1, "payments": 3, "web": 2} if passed is None else passed)


class Cluster:
    """An API server that keeps policy reports, and one who publishes into it."""

    def __init__(self, server: ApiServer, store: ReportStore, folder: Path) -> None:
        self.server, self.store = server, store
        self.kubeconfig = write_kubeconfig(folder / "kubeconfig", server.url)
        self.waits: list[float] = []

    def publish(
        self,
        found: Report,
        audited: Sequence[Place] = EVERYWHERE,
        only: Sequence[str] = (),
        left_out: Sequence[str] = (),
    ) -> Result:
        config, wait = str(self.kubeconfig), self.waits.append
        return publish(found, config, None, set(audited), only, left_out, timeout=60, sleep=wait)

    def states(self, found: Report, audited: Sequence[Place] = EVERYWHERE) -> dict[tuple[Place, str], str]:
        return {(one.namespace, one.name): one.state for one in self.publish(found, audited).outcomes}

    def messages(self, namespace: str | None, api: ReportApi = OPENREPORTS) -> list[str]:
        return sorted(
            result["message"] for item in self.store.reports(api, namespace) for result in item.get("results", [])
        )

    def names(self, namespace: str | None, api: ReportApi = OPENREPORTS) -> list[str]:
        return [item["metadata"]["name"] for item in self.store.reports(api, namespace)]

    def writes(self) -> list[tuple[str, str]]:
        return [(request.method, request.target) for request in self.server.requests if request.method != "GET"]

    def bar(self, verb: str, namespace: str) -> None:
        self.store.bars = lambda identity, asked, plural, place: (asked, place) == (verb, namespace)


Start = Callable[..., Cluster]


@pytest.fixture
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Start:
    def started(*apis: ReportApi, namespaces: tuple[str, ...] = SPACES) -> Cluster:
        store = ReportStore(*apis, namespaces=namespaces)
        server = ApiServer(store)
        server.__enter__()

        def stop() -> None:
            server.__exit__(None, None, None)
            assert store.violations == []

        request.addfinalizer(stop)
        return Cluster(server, store, tmp_path)

    return started


def test_a_report_for_each_namespace_and_one_for_the_cluster(start: Start) -> None:
    cluster = start(OPENREPORTS)
    found = audit(failure("payments", message="one"), failure(None, message="two"))
    assert set(cluster.states(found).values()) == {"written"}
    assert cluster.messages("payments") == ["one"]
    assert cluster.messages(None) == ["two"]
    [clean] = cluster.store.reports(OPENREPORTS, "web")
    assert clean["summary"] == {"pass": 2, "fail": 0, "warn": 0, "error": 0, "skip": 0}
    assert clean["metadata"]["labels"] == {MANAGED_BY: "auditor", PART: "whole"}
    assert cluster.writes()
    for method, target in cluster.writes():
        assert (method, target.partition("?")[2]) == ("PATCH", "fieldManager=auditor&force=false")


def test_the_same_again_changes_nothing_and_what_is_fixed_goes(start: Start) -> None:
    cluster = start(OPENREPORTS)
    found = audit(failure("payments"), failure("web"))
    cluster.publish(found)
    before = cluster.store.reports(OPENREPORTS, "payments")
    assert set(cluster.states(found).values()) == {"written"}
    assert cluster.store.reports(OPENREPORTS, "payments") == before
    assert cluster.writes()[-1][1].endswith("force=true")
    cluster.publish(audit(failure("web")))
    assert cluster.messages("payments") == []
    assert cluster.names("payments") == ["auditor"]


def test_what_others_changed_in_our_report_is_set_right(start: Start) -> None:
    cluster = start(OPENREPORTS)
    cluster.publish(audit(failure("payments")))
    cluster.store.put(OPENREPORTS, {"metadata": {"name": "auditor", "namespace": "payments"}, "results": []})
    assert cluster.messages("payments") == []
    cluster.publish(audit(failure("payments")))
    assert cluster.messages("payments") == ["m"]


def test_a_namespace_without_a_subject_loses_its_reports(start: Start) -> None:
    cluster = start(OPENREPORTS)
    cluster.publish(audit(failure("web")))
    states = cluster.states(audit(passed={"": 1, "payments": 1}))
    assert states["web", "auditor"] == "deleted"
    assert cluster.names("web") == []
    [deletion] = [request for request in cluster.server.requests if request.method == "DELETE"]
    assert json.loads(deletion.body)["preconditions"]["uid"].startswith("uid-")


def test_namespaces_that_the_audit_was_not_about_are_left_alone(start: Start) -> None:
    cluster = start(OPENREPORTS)
    cluster.publish(audit(failure("payments"), failure("web"), failure(None)))
    cluster.server.requests.clear()
    found = audit(failure("web", "new"), passed={})
    cluster.publish(found, ["web"], ["web"])
    assert [target.partition("?")[0] for _, target in cluster.writes()] == [
        "/apis/openreports.io/v1alpha1/namespaces/web/reports/auditor"
    ]
    assert cluster.messages("payments") == ["m"]
    lists = [r.path for r in cluster.server.requests if r.method == "GET" and r.path.endswith("reports")]
    assert lists == ["/apis/openreports.io/v1alpha1/namespaces/web/reports"]


@pytest.mark.parametrize("where", [None, "payments"])
def test_what_is_not_read_is_told_and_holds_nothing_up(start: Start, where: str | None) -> None:
    cluster = start(OPENREPORTS)
    cluster.publish(audit(failure("payments", message="old")))
    cluster.publish(audit(unread("secrets", where), failure("payments", message="new")))
    told, new = cluster.messages("payments")
    assert told.startswith("Not judged: secrets could not be read")
    assert new == "new"
    [space] = cluster.store.reports(OPENREPORTS, "payments")
    assert space["summary"] == {"pass": 3, "fail": 1, "warn": 0, "error": 1, "skip": 0}


@pytest.mark.parametrize("where", [None, "payments"])
def test_no_report_goes_while_nobody_can_look(start: Start, where: str | None) -> None:
    cluster = start(OPENREPORTS)
    cluster.publish(audit(failure("payments"), failure("web")))
    cluster.publish(audit(unread("pods", where), passed={}))
    [space] = cluster.store.reports(OPENREPORTS, "payments")
    assert [result["result"] for result in space["results"]] == ["error"]
    assert space["summary"]["pass"] == 0
    assert cluster.names("web") == (["auditor"] if where is None else [])
    cluster.publish(audit(passed={}))
    assert cluster.names("payments") == []


def forged(**annotations: str) -> Object:
    labels = {MANAGED_BY: "auditor", PART: "whole"}
    metadata = {"name": "auditor", "namespace": "payments", "labels": labels, "annotations": annotations}
    clean = {"pass": 99, "fail": 0, "warn": 0, "error": 0, "skip": 0}
    return {"metadata": metadata, "source": "auditor", "summary": clean, "results": []}


@pytest.mark.parametrize("annotations", [{}, {CHECKS: "unpinned-image,unused-pull-secret"}, {CHECKS: ",\n\u202e"}])
def test_a_forged_report_does_not_last(start: Start, annotations: dict[str, str]) -> None:
    """Whoever owns a namespace can write reports there, with any label and annotation."""
    cluster = start(OPENREPORTS)
    cluster.store.put(OPENREPORTS, forged(**annotations))
    assert cluster.states(audit(unread("secrets"), failure("payments")))["payments", "auditor"] == "written"
    assert cluster.messages("payments")[1:] == ["m"]
    [space] = cluster.store.reports(OPENREPORTS, "payments")
    assert (space["summary"]["pass"], space["summary"]["fail"]) == (3, 1)


def test_an_audit_of_fewer_checks_takes_nothing_away(start: Start) -> None:
    cluster = start(OPENREPORTS)
    cluster.publish(audit(failure("payments", message="whole"), unread("secrets", "web")))
    part = audit(finding("runs-as-root", "payments", use("Deployment", "api", "main"), "part"))
    result = cluster.publish(part, left_out=["unpinned-image"])
    assert result.wider == {None: {"unpinned-image"}, "payments": {"unpinned-image"}, "web": {"unpinned-image"}}
    assert result.outcomes == ()
    assert cluster.messages("payments") == ["whole"]
    # What was not run for what is there either, nobody misses.
    result = cluster.publish(audit(failure("web")), left_out=["old-image"])
    assert (result.wider, cluster.messages("payments")) == ({}, [])


def test_where_others_had_more_checks_the_rest_is_still_told(start: Start) -> None:
    cluster = start(OPENREPORTS)
    cluster.store.put(OPENREPORTS, forged(**{CHECKS: "floating-tag"}))
    result = cluster.publish(audit(failure("payments"), failure("web")), left_out=["floating-tag"])
    assert result.wider == {"payments": {"floating-tag"}}
    assert (cluster.messages("payments"), cluster.messages("web")) == ([], ["m"])


def foreign(name: str, **labels: str) -> Object:
    metadata = {"name": name, "namespace": "payments", "labels": labels}
    return {"metadata": metadata, "source": "other", "results": [{"policy": "p", "message": "theirs"}]}


def test_reports_of_others_survive(start: Start) -> None:
    cluster = start(OPENREPORTS)
    labels = {MANAGED_BY: "auditor", PART: "whole"}
    for item in (
        foreign("auditor-0"),
        foreign("auditor-1", **{MANAGED_BY: "auditor"}),
        foreign("auditor-of-money", **labels),
        foreign("kyverno", **{MANAGED_BY: "kyverno", PART: "whole"}),
    ):
        cluster.store.put(OPENREPORTS, item)
    cluster.publish(audit(failure("payments")))
    cluster.publish(audit(passed={}))
    assert cluster.names("payments") == ["auditor-0", "auditor-1", "auditor-of-money", "kyverno"]


@pytest.mark.parametrize("only", [[], ["payments", "web"]], ids=["everywhere", "some namespaces"])
@pytest.mark.parametrize("parts", [("source", "results"), ()], ids=["full", "empty"])
def test_a_report_of_another_with_our_name_is_not_overwritten(
    start: Start, parts: Sequence[str], only: Sequence[str]
) -> None:
    """Not even one that has no field in common with ours, with which an apply does not conflict."""
    cluster = start(OPENREPORTS)
    theirs = foreign("auditor")
    cluster.store.put(OPENREPORTS, {key: theirs[key] for key in ("metadata", *parts)})
    before = cluster.store.reports(OPENREPORTS, "payments")
    result = cluster.publish(audit(failure("payments"), failure("web")), only or EVERYWHERE, only)
    refused = {(one.namespace, one.name, one.reason) for one in result.outcomes if one.state == "refused"}
    assert refused == {("payments", "auditor", "one that is not Auditor's is there and stays: delete or rename it")}
    assert cluster.store.reports(OPENREPORTS, "payments") == before
    assert cluster.messages("web") == ["m"]


def test_an_own_report_that_lost_its_labels_is_taken_back(start: Start) -> None:
    cluster = start(OPENREPORTS)
    cluster.publish(audit(failure("payments")))
    [mine] = cluster.store.reports(OPENREPORTS, "payments")
    mine["metadata"]["labels"] = {}
    assert cluster.states(audit(failure("payments")))["payments", "auditor"] == "written"
    assert mine is not cluster.store.reports(OPENREPORTS, "payments")[0]


def many(count: int) -> list[Finding]:
    message = "".join(FRAGMENTS)
    return [failure("payments", f"api-{number}", f"{number} {message}") for number in range(count)]


def test_five_thousand_findings_in_parts_below_a_mebibyte(start: Start) -> None:
    cluster = start(OPENREPORTS)
    findings = many(5000)
    cluster.publish(audit(*findings))
    sizes = [len(request.body) for request in cluster.server.requests if request.method == "PATCH"]
    assert max(sizes) < 1 << 20
    names = cluster.names("payments")
    assert len(names) >= 4
    parts = cluster.store.reports(OPENREPORTS, "payments")
    assert sum(item["summary"]["fail"] for item in parts) == 5000
    assert sum(item["summary"]["pass"] for item in parts) == 3
    cluster.publish(audit(*findings[1:]))
    after = {item["metadata"]["name"]: item for item in cluster.store.reports(OPENREPORTS, "payments")}
    changed = [one["metadata"]["name"] for one in parts if after.get(one["metadata"]["name"]) != one]
    assert len(changed) == 1
    cluster.publish(audit(*findings[:3]))
    assert cluster.names("payments") == ["auditor"]


def test_what_gives_way_stays_until_its_successors_are_there(start: Start) -> None:
    cluster = start(OPENREPORTS)
    cluster.publish(audit(*many(3)))
    path = "/apis/openreports.io/v1alpha1/namespaces/payments/reports/auditor-000"
    cluster.server.inject(path, *[plain(422, "no")] * 9)
    states = cluster.states(audit(*many(5000)))
    assert "refused" in states.values()
    assert "auditor" in cluster.names("payments")


def test_one_namespace_is_forbidden(start: Start) -> None:
    cluster = start(OPENREPORTS)
    cluster.bar("patch", "payments")
    states = cluster.states(audit(failure("payments"), failure("web")))
    assert states["payments", "auditor"] == "denied"
    assert cluster.messages("web") == ["m"]


@pytest.mark.parametrize("how", ["deleted", "leaving"])
def test_a_namespace_that_has_gone_is_told(start: Start, how: str) -> None:
    cluster = start(OPENREPORTS, namespaces=("web",) if how == "deleted" else SPACES)
    cluster.store.leaving = {"payments"}
    states = cluster.states(audit(failure("payments"), failure("web")))
    assert states["payments", "auditor"] == "gone"
    assert cluster.messages("web") == ["m"]


@pytest.mark.parametrize(
    ("faults", "waits"),
    [
        ([plain(429, "Too many requests, please try again later.", retry_after="7")] * 3, 3),
        ([plain(503, "etcd is away"), Reset(), plain(500, "etcdserver: leader changed")], 3),
        ([plain(409, "the object has been modified")] * 2, 0),
    ],
    ids=["busy", "broken", "conflict"],
)
def test_what_passes_is_tried_again(start: Start, faults: list[Fault], waits: int) -> None:
    cluster = start(OPENREPORTS)
    cluster.publish(audit(failure("payments", message="old")))
    cluster.server.inject("/apis/openreports.io/v1alpha1/namespaces/payments/reports/auditor", *faults)
    assert cluster.states(audit(failure("payments", message="new")))["payments", "auditor"] == "written"
    assert cluster.messages("payments") == ["new"]
    assert len(cluster.waits) == waits


def test_it_waits_as_long_as_the_server_says(start: Start) -> None:
    cluster = start(OPENREPORTS)
    path = "/apis/openreports.io/v1alpha1/namespaces/payments/reports/auditor"
    cluster.server.inject(path, plain(429, "later", retry_after="7"))
    cluster.publish(audit(failure("payments")))
    assert cluster.waits == [7.0]


def test_a_server_that_fails_at_one_report_still_takes_the_others(start: Start) -> None:
    cluster = start(OPENREPORTS)
    path = "/apis/openreports.io/v1alpha1/namespaces/payments/reports/auditor"
    cluster.server.inject(path, *[plain(500, "failed calling webhook")] * 99)
    result = cluster.publish(audit(failure("payments"), failure("web")))
    [refused] = [one for one in result.outcomes if one.state == "refused"]
    assert refused.namespace == "payments"
    assert "failed calling webhook" in refused.reason
    assert cluster.messages("web") == ["m"]


def test_a_server_that_dies_on_the_way_is_an_error(start: Start) -> None:
    cluster = start(OPENREPORTS)
    cluster.server.inject("/apis/openreports.io/v1alpha1/namespaces/payments/reports/auditor", *[Reset()] * 9)
    with pytest.raises(SourceError, match="the policy reports are not all published"):
        cluster.publish(audit(failure("payments")))


def test_a_deletion_never_meets_another_object(start: Start) -> None:
    cluster = start(OPENREPORTS)
    cluster.publish(audit(failure("web")))
    path = "/apis/openreports.io/v1alpha1/namespaces/web/reports/auditor"
    connection = ReportConnection(identify(str(cluster.kubeconfig), None), timeout=5, connections=1)
    answer = connection.delete(Published(OPENREPORTS, "web", "auditor", "another-uid"))
    connection.close()
    assert answer.status == 409
    assert (("DELETE", path) in cluster.writes()) is True
    assert cluster.names("web") == ["auditor"]


def test_the_older_api_where_it_is_the_only_one(start: Start) -> None:
    cluster = start(WGPOLICY)
    assert cluster.publish(audit(failure("payments"))).api == WGPOLICY
    [item] = cluster.store.reports(WGPOLICY, "payments")
    assert "source" not in item
    assert item["results"][0]["source"] == "auditor"
    assert cluster.names(None, WGPOLICY) == ["auditor"]


def test_the_newer_api_takes_over(start: Start) -> None:
    cluster = start(WGPOLICY)
    cluster.publish(audit(failure("payments")))
    cluster.store.offer(OPENREPORTS)
    cluster.publish(audit(failure("payments")))
    assert cluster.names("payments") == cluster.names(None) == ["auditor"]
    assert cluster.names("payments", WGPOLICY) == cluster.names(None, WGPOLICY) == []


def test_neither_api_is_served(start: Start) -> None:
    with pytest.raises(SourceError, match=r"neither openreports.io/v1alpha1 nor wgpolicyk8s.io/v1alpha2") as error:
        start().publish(audit())
    assert "openreports" in error.value.advice


def test_discovery_that_may_not_be_read_is_not_taken_for_no_api(start: Start) -> None:
    cluster = start(OPENREPORTS)
    cluster.store.discovery = False
    with pytest.raises(SourceError, match="cannot be told"):
        cluster.publish(audit())


def test_without_the_right_to_list_nothing_is_written(start: Start) -> None:
    cluster = start(OPENREPORTS)
    cluster.store.bars = lambda identity, verb, plural, namespace: verb == "list" and plural == "clusterreports"
    with pytest.raises(SourceError, match=r"the right to list clusterreports.openreports.io is missing") as error:
        cluster.publish(audit(failure("payments")))
    assert "rbac --publish" in error.value.advice
    assert cluster.writes() == []


@pytest.mark.parametrize("api", APIS)
def test_the_printed_rights_are_enough_and_none_is_too_many(start: Start, api: ReportApi) -> None:
    rules = yaml.safe_load(cluster_role((), (api.group,), publish=True))["rules"]
    given = {(verb, plural) for rule in rules for verb in rule["verbs"] for plural in rule["resources"]}
    used: set[tuple[str, str]] = set()

    def bars(identity: str, verb: str, plural: str, namespace: str) -> bool:
        used.add((verb, plural))
        return (verb, plural) not in given

    cluster = start(api)
    cluster.store.bars = bars
    assert set(cluster.states(audit(failure("payments"))).values()) == {"written"}
    stale = {**foreign("auditor-0", **{MANAGED_BY: "auditor", PART: "0"})}
    del stale["metadata"]["namespace"]
    cluster.store.put(api, stale)
    assert set(cluster.states(audit(passed={})).values()) == {"written", "deleted"}
    assert used == given


@pytest.mark.parametrize(
    ("api", "namespace", "name"),
    [
        (OPENREPORTS, "payments", "kyverno"),
        (OPENREPORTS, "payments", "auditor-2"),
        (OPENREPORTS, "payments/../x", "auditor"),
        (OPENREPORTS, "", "auditor"),
        (OPENREPORTS, "payments", "auditor?force=true"),
        (OPENREPORTS, "payments", "auditor\n"),
        (ReportApi("rbac.authorization.k8s.io", "v1", "ClusterRole", names_source=False), None, "auditor"),
    ],
)
def test_the_connection_writes_nothing_else(start: Start, api: ReportApi, namespace: Place, name: str) -> None:
    cluster = start(OPENREPORTS)
    connection = ReportConnection(identify(str(cluster.kubeconfig), None), timeout=5, connections=1)
    with pytest.raises(ValueError, match="no report of Auditor's"):
        connection.apply(Write(api, namespace, name, {}, known=True))
    with pytest.raises(ValueError, match="no report of Auditor's"):
        connection.delete(Published(api, namespace, name, "uid"))
    connection.close()
    assert cluster.server.requests == []


class Scanning:
    """`auditor scan --publish` of a cluster with a Deployment's worth of pods."""

    def __init__(self, cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
        self.cluster, self._capsys = cluster, capsys
        self.out = self.err = ""
        cluster.store.add("v1", "pods", [pod("api", "payments"), pod("site", "web")])

    def scan(self, *more: str) -> int:
        arguments = ["--kubeconfig", str(self.cluster.kubeconfig), "--check", "unpinned-image", "--fail-on", "never"]
        code = run(["scan", "--publish", *arguments, "-o", "json", *more])
        self.out, self.err = self._capsys.readouterr()
        return code


@pytest.fixture
def scanning(start: Start, capsys: pytest.CaptureFixture[str]) -> Scanning:
    return Scanning(start(OPENREPORTS), capsys)


def failed(cluster: Cluster, namespace: str) -> int:
    return sum(item["summary"]["fail"] for item in cluster.store.reports(OPENREPORTS, namespace))


def test_a_scan_that_publishes(scanning: Scanning) -> None:
    assert scanning.scan() == 0
    assert scanning.err == "note: 3 policy reports of openreports.io/v1alpha1 written\n"
    assert json.loads(scanning.out)["summary"]["fail"] == 2
    assert failed(scanning.cluster, "payments") == failed(scanning.cluster, "web") == 1


def test_a_scan_of_one_namespace_publishes_that_alone(scanning: Scanning) -> None:
    assert scanning.scan("-n", "web") == 0
    assert scanning.cluster.names("web") == ["auditor"]
    assert scanning.cluster.names("payments") == scanning.cluster.names(None) == []


@pytest.mark.parametrize("how", ["option", "policy"])
def test_excluded_namespaces_are_left_alone(scanning: Scanning, how: str, tmp_path: Path) -> None:
    assert scanning.scan() == 0
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\nexclude: {namespaces: ['pay*']}\n")
    more = ["--exclude-namespace", "pay*"] if how == "option" else ["--policy", str(policy)]
    cluster = scanning.cluster
    cluster.store.clear("v1", "pods")
    assert scanning.scan(*more) == 0
    assert failed(cluster, "payments") == 1
    assert failed(cluster, "web") == 0


def test_a_list_that_fails_is_told_in_the_reports(scanning: Scanning) -> None:
    assert scanning.scan() == 0
    cluster = scanning.cluster
    cluster.store.forbids = lambda identity, plural, namespace: plural == "pods"
    assert scanning.scan() == 3
    assert scanning.err == "note: 3 policy reports of openreports.io/v1alpha1 written\n"
    [message] = cluster.messages("payments")
    assert message.startswith("Not judged: pods may not be read")
    cluster.store.forbids = lambda identity, plural, namespace: False
    assert scanning.scan() == 0
    assert failed(cluster, "payments") == 1


def test_what_is_new_is_told_though_a_right_was_lost(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    cluster = start(OPENREPORTS)
    scanning = Scanning(cluster, capsys)
    every = ("--check", "unused-pull-secret")
    assert scanning.scan(*every) == 0
    cluster.store.forbids = lambda identity, plural, namespace: plural == "secrets"
    cluster.store.add("v1", "pods", [pod("evil", "payments")])
    assert scanning.scan(*every) == 3
    assert failed(cluster, "payments") == 2
    assert any(message.startswith("Not judged: secrets may not be read") for message in cluster.messages("payments"))


@pytest.mark.parametrize("fewer", [(), ("--skip-check", "floating-tag")])
def test_a_scan_of_fewer_checks_says_that_it_does_not_replace(scanning: Scanning, fewer: tuple[str, ...]) -> None:
    cluster = scanning.cluster
    assert scanning.scan("--check", "floating-tag") == 0
    before = cluster.messages("payments")
    assert scanning.scan(*fewer) == 4
    assert "those of payments, the cluster, web stay as they are" in scanning.err.replace("kube-system, ", "")
    assert "left out of this audit (floating-tag)\n  Leave --check and --skip-check out" in scanning.err
    assert json.loads(scanning.out)["summary"]["fail"] == 2
    assert cluster.messages("payments") == before
    assert scanning.scan("--check", "floating-tag") == 0


def test_a_check_that_the_policy_switches_off_goes(scanning: Scanning, tmp_path: Path) -> None:
    assert scanning.scan("--check", "floating-tag") == 0
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\nchecks: {floating-tag: {enabled: false, reason: tags are fine}}\n")
    assert scanning.scan("--check", "floating-tag", "--policy", str(policy)) == 0
    [space] = scanning.cluster.store.reports(OPENREPORTS, "payments")
    assert {result["policy"] for result in space["results"]} == {"unpinned-image"}


def test_missing_rights_are_named_after_the_report_was_written(scanning: Scanning) -> None:
    scanning.cluster.bar("create", "payments")
    assert scanning.scan() == 4
    assert json.loads(scanning.out)["summary"]["fail"] == 2
    assert "the right to create reports.openreports.io is missing in payments" in scanning.err
    assert "auditor rbac --publish" in scanning.err
    assert failed(scanning.cluster, "web") == 1


def test_no_api_after_the_report_was_written(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    scanning = Scanning(start(), capsys)
    assert scanning.scan() == 4
    assert json.loads(scanning.out)["summary"]["fail"] == 2
    assert "the cluster serves neither openreports.io/v1alpha1 nor wgpolicyk8s.io/v1alpha2" in scanning.err


def test_hostile_words_of_the_server_are_escaped(scanning: Scanning) -> None:
    path = "/apis/openreports.io/v1alpha1/namespaces/web/reports/auditor"
    scanning.cluster.server.inject(path, plain(422, "no\x1b[31m\u202e"))
    assert scanning.scan() == 4
    assert "Report web/auditor: the API server answers 422 to patch: no\\u{1b}[31m\\u{202e}" in scanning.err


def test_kubectl_applies_what_is_printed(scanning: Scanning, tmp_path: Path) -> None:
    kubectl, cluster = program("kubectl"), scanning.cluster
    assert scanning.scan() == 0
    published = cluster.store.reports(OPENREPORTS, "payments")
    printed = render("policyreport", from_json(scanning.out.encode()))
    arguments = ["--server-side", "--field-manager=auditor", "--validate=false", "-f", "-"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": str(cluster.kubeconfig)}
    subprocess.run([kubectl, "apply", *arguments], input=printed, env=environment, text=True, check=True)
    assert cluster.store.reports(OPENREPORTS, "payments") == published


def test_files_cannot_be_published(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text("{}")
    assert run(["scan", "--publish", "--from", str(tmp_path / "a.yaml")]) == 2
    assert "--publish" in capsys.readouterr().err


def test_gone_namespaces_are_no_failure(scanning: Scanning) -> None:
    scanning.cluster.store.leaving = {"web"}
    assert scanning.scan() == 0
    assert "no policy report for web: the namespace is not there any more" in scanning.err
