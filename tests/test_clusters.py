"""The stories of fixtures/clusters: golden reports, and comments in the manifests that agree with the findings."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import Struct

from auditor import wire
from auditor.cli import run
from auditor.collect import dump_snapshot
from auditor.exits import Exit, exit_code
from auditor.packs import load_packs
from auditor.report import Finding, Report, Severity
from auditor.reporters import Options, render
from tests.auditing import FIXTURES, ROOT, audit, policy_at, read
from tests.conftest import Golden

CLUSTERS = FIXTURES / "clusters"
STORIES = sorted(path.name for path in CLUSTERS.iterdir())
HEALTHY = ("clean", "control-plane-right", "enforced-openshift")
"""No failure of high severity in them. Questions for a person may be of any."""
GROUPS = ("apiserver", "nodes", "pull_secrets", "service_accounts", "workloads")
"""The groups whose checks have to appear in the shop: what they need is in any cluster's manifests."""

# What kubeadm itself does: static pods, CoreDNS and kube-proxy by tag and without a user. The namespaces that it and
# the API server make carry no Pod Security label (k8s pkg/controlplane/controller/systemnamespaces), and kube-system
# could have none but privileged.
KUBEADM = {
    "cached-mutable-tag": {"Deployment/coredns", "DaemonSet/kube-proxy"},
    "namespace-without-pod-security": {
        f"Namespace/{name}" for name in ("default", "kube-node-lease", "kube-public", "kube-system")
    },
    "unpinned-image": {
        "DaemonSet/kube-proxy",
        "Deployment/coredns",
        *(f"Pod/{name}" for name in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")),
    },
}
KUBEADM["runs-as-root"] = KUBEADM["unpinned-image"]

_CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
_FIRES = re.compile(r"# fires: (.+)")
_EVERYWHERE = re.compile(r"# fires in every namespace: (.+)")
_CLUSTERWIDE = {resource.kind for resource in wire.ADMISSION if not resource.namespaced} | {
    "ClusterFixture",
    "Namespace",
    "Node",
}

Object = dict[str, Any]


class Document(Struct, frozen=True):
    """An object of a story, the checks that its comment names, and where it stands. `everywhere`: what the comment of
    the ClusterFixture says of each namespace."""

    object: Object
    fires: frozenset[str]
    place: str
    everywhere: frozenset[str] = frozenset()


class Story(Struct, frozen=True):
    documents: tuple[Document, ...]
    report: Report

    @property
    def apiservers(self) -> list[str]:
        metadata = [document.object["metadata"] for document in self.documents]
        return [found["name"] for found in metadata if found.get("labels", {}).get("component") == "kube-apiserver"]

    def root(self, found: Object) -> Object:
        """The object at the top of the chain of controllers: what findings about pods speak of."""
        owners = {document.object["metadata"].get("uid"): document.object for document in self.documents}
        references = found["metadata"].get("ownerReferences", ())
        above = next((owners.get(ref["uid"]) for ref in references if ref["kind"] != "Node"), None)
        return self.root(above) if above else found

    def promises(self, finding: Finding, document: Document) -> bool:
        """Whether an object's comment says that there is this finding."""
        if finding.check in document.everywhere:
            return finding.subject.kind == "Namespace"
        return finding.check in document.fires and self.concerns(finding, document)

    def concerns(self, finding: Finding, document: Document) -> bool:
        """Whether a finding speaks of an object or its root owner; what stands in the cluster or on nodes is named in
        the evidence. What is said of no API server in particular is said of each."""
        found, subject = document.object, finding.subject
        kind, name = found["kind"], found["metadata"]["name"]
        namespace = _namespace(found)
        evidence = json.dumps(finding.evidence)
        if kind == "ClusterFixture":
            return subject.kind == "Cluster"
        if subject.kind in ("Repository", "Tag", "Cluster"):
            return kind == "Node" and f'"{name}"' in evidence
        if subject.kind == "APIServer":
            component = found["metadata"].get("labels", {}).get("component")
            if f'"{name}"' in evidence:
                return component in _CONTROL_PLANE or kind == "Node"
            return component == "kube-apiserver" and not any(f'"{server}"' in evidence for server in self.apiservers)
        if subject.kind == "Namespace":
            return (kind, name) == ("Namespace", subject.name)
        if kind == subject.kind == "Secret" and f'"{namespace}/{name}"' in evidence:
            return True
        root = self.root(found)
        return (root["kind"], _stable_name(root), namespace) == (subject.kind, subject.name, finding.namespace)


def _stable_name(found: Object) -> str:
    """As identities have it: without the node's name of a mirror pod, without what was generated."""
    metadata = found["metadata"]
    for reference in metadata.get("ownerReferences", ()):
        if reference["kind"] == "Node":
            return str(metadata["name"].removesuffix(f"-{reference['name']}"))
    return str(metadata.get("generateName") or metadata["name"])


def _namespace(found: Object) -> str | None:
    made = found["apiVersion"].startswith(wire.CONSTRAINTS)  # kinds that templates make
    return None if made or found["kind"] in _CLUSTERWIDE else found["metadata"].get("namespace", "default")


def _documents(folder: Path) -> Iterator[Document]:
    for path in sorted(folder.glob("*.yaml")):
        for part in re.split(r"^---$", path.read_text(), flags=re.MULTILINE):
            found = yaml.load(part, Loader=yaml.CSafeLoader)
            fires, everywhere = _checks(_FIRES, part), _checks(_EVERYWHERE, part)
            if isinstance(found, dict) and "kind" in found:
                found.setdefault("metadata", {"name": found.get("name", "")})
                place = f"{path.name}: {found['kind']}/{found['metadata']['name']}"
                assert not everywhere or found["kind"] == "ClusterFixture", f"{place} is no namespace's"
                yield Document(found, fires, place, everywhere)
            else:
                assert not fires | everywhere, f"{path.name}: a comment about no object"


def _checks(said: re.Pattern[str], text: str) -> frozenset[str]:
    return frozenset(check for line in said.findall(text) for check in line.split(", "))


@functools.cache
def story(name: str) -> Story:
    folder = CLUSTERS / name
    with contextlib.chdir(ROOT):  # tables tell the files by the path that was given
        snapshot = read(folder.relative_to(ROOT))
    return Story(tuple(_documents(folder / "cluster")), audit(snapshot, policy_at(folder / "policy.yaml")))


def _told(finding: Finding) -> str:
    return f"{finding.check} {finding.namespace or '-'} {finding.subject}: {finding.message}"


@pytest.mark.parametrize("name", STORIES)
def test_reports_are_the_golden_ones(name: str, golden: Golden) -> None:
    report = story(name).report
    assert not [_told(finding) for finding in report.findings if finding.cause == "error"]
    code = exit_code(report, Severity.HIGH)
    assert code == (Exit.OK if name in HEALTHY else Exit.FINDINGS)
    folder = CLUSTERS / name / "expected"
    golden(render("json", report), folder / "report.json")
    golden(render("table", report, Options(exit_code=int(code))), folder / "table.txt")


@pytest.mark.parametrize("name", STORIES)
def test_comments_promise_what_is_found(name: str) -> None:
    told = story(name)
    broken = [
        f"{document.place}: {check}"
        for document in told.documents
        for check in sorted(document.fires)
        if not any(finding.check == check and told.concerns(finding, document) for finding in told.report.findings)
    ]
    namespaces = {place for document in told.documents if (place := _namespace(document.object))}
    namespaces |= {d.object["metadata"]["name"] for d in told.documents if d.object["kind"] == "Namespace"}
    for document in told.documents:
        for check in sorted(document.everywhere):
            found = {finding.namespace for finding in told.report.findings if finding.check == check}
            broken += [f"{document.place}: {check} in {namespace}" for namespace in sorted(namespaces - found)]
    assert not broken


@pytest.mark.parametrize("name", STORIES)
def test_findings_are_told_in_comments(name: str) -> None:
    """All of them, apart from what was not read: so that nobody is in doubt whether a finding is meant."""
    told = story(name)
    untold = [
        _told(finding)
        for finding in told.report.findings
        if finding.cause != "unreadable" and not any(told.promises(finding, document) for document in told.documents)
    ]
    assert not untold, "\n".join(["no comment tells of", *untold])


@pytest.mark.parametrize("group", GROUPS)
def test_every_check_fires_in_the_shop(group: str) -> None:
    wanted = {check.id for check in load_packs(()) if check.group == group}
    fired = {finding.check for finding in story("shop").report.findings if finding.status in ("fail", "manual")}
    assert wanted
    assert sorted(wanted - fired) == []


def test_the_shop_is_a_company() -> None:
    documents = story("shop").documents
    roots = [
        document.object
        for document in documents
        if "ownerReferences" not in document.object["metadata"]
        and document.object["kind"]
        in ("CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicationController", "StatefulSet")
    ]
    own = {root["metadata"]["namespace"] for root in roots} - {"kube-system"}
    assert len(own) == 8
    assert 38 <= sum(root["metadata"]["namespace"] in own for root in roots) <= 48
    nodes = [document.object for document in documents if document.object["kind"] == "Node"]
    assert 50 in [len(node["status"]["images"]) for node in nodes]


def test_the_shops_policy_waives() -> None:
    findings = story("shop").report.findings
    waivers = {finding.waiver.expired: finding.status for finding in findings if finding.waiver}
    assert waivers == {False: "waived", True: "fail"}
    lowered = {finding.severity for finding in findings if finding.check == "cached-mutable-tag"}
    assert lowered == {Severity.LOW}


def test_the_clean_cluster_has_only_what_kubeadm_does() -> None:
    report = story("clean").report
    severe = [f for f in report.findings if f.severity.rank <= Severity.MEDIUM.rank]
    unexpected = [
        _told(f)
        for f in severe
        if f"{f.subject.kind}/{f.subject.name}" not in KUBEADM.get(f.check, ())
        or f.namespace not in ("kube-system", None, f.subject.name)
    ]
    assert not unexpected
    assert exit_code(report, Severity.HIGH) == Exit.OK


@pytest.mark.parametrize("name", STORIES)
def test_a_saved_snapshot_gives_the_same_findings(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = CLUSTERS / name
    saved, first, second = tmp_path / "saved.json.gz", tmp_path / "first.json", tmp_path / "second.json"
    policy = ("--policy", str(folder / "policy.yaml"))
    code = run(["scan", "--from", str(folder), *policy, "--save-snapshot", str(saved), "-o", f"json={first}"])
    again = run(["scan", "--from", str(saved), *policy, "-o", f"json={second}"])
    assert code == again
    assert code in (Exit.OK, Exit.FINDINGS, Exit.INCOMPLETE), capsys.readouterr().err
    assert _without_source(second) == _without_source(first)


@pytest.mark.parametrize("name", STORIES)
def test_no_credential_gets_out(name: str) -> None:
    """All passwords of the stories begin with `fake-`, wherever in a secret they stand."""
    values = [
        value for d in story(name).documents if d.object["kind"] == "Secret" for value in d.object["data"].values()
    ]
    stored = "".join(base64.b64decode(value).decode() for value in values)
    report = story(name).report
    told = dump_snapshot(read(CLUSTERS / name)).decode() + render("json", report) + render("table", report)
    assert ("fake-" in stored) == bool(values)
    assert "fake-" not in told
    assert not [auth for auth in re.findall(r'"auth": ?"([^"]+)"', stored) if auth in told]


def _without_source(path: Path) -> str:
    """The report's text without the one word that says where it came from."""
    text, count = re.subn(r'"source": "(files|snapshot)"', "", path.read_text(), count=1)
    assert count == 1
    return text


@pytest.mark.parametrize("name", STORIES)
def test_the_order_of_files_and_objects_does_not_matter(name: str, tmp_path: Path) -> None:
    folder = CLUSTERS / name
    manifests = shutil.copytree(folder / "cluster", tmp_path / "story" / "renamed")
    if (folder / "host").is_dir():
        shutil.copytree(folder / "host", tmp_path / "story" / "host")
    for number, path in enumerate(sorted(manifests.glob("*.yaml"), reverse=True)):
        parts = re.split(r"^---$", path.read_text(), flags=re.MULTILINE)
        path.with_name(f"{number:02}.yml").write_text("\n---\n".join(reversed(parts)))
        path.unlink()
    other = audit(read(tmp_path / "story"), policy_at(folder / "policy.yaml"))
    assert render("json", other) == render("json", story(name).report)
