"""What `auditor install` prints, applied to a real API server: its container's command, as its ServiceAccount."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor import wire
from auditor.cli import run
from tests.install.printing import FLEET, POLICY, Object, one, printed, text_of
from tests.install.test_fleet import command
from tests.live.conftest import Server, until, write_kubeconfig
from tests.live.definitions import CONSTRAINT
from tests.live.in_pods import ACCOUNT, NAMESPACE, apply, arguments, started, token
from tests.registry.artifacts import Built
from tests.registry.loopback import Asked, Reply, basic, loopback
from tests.sources.certificates import Authority

RBAC = "/apis/rbac.authorization.k8s.io/v1"
ROLE = f"{RBAC}/clusterroles/auditor"
WORKLOADS = "/apis/apps/v1/namespaces/shop/deployments"
HOOKS = wire.BY_NAME["mutatingwebhookconfigurations.admissionregistration.k8s.io"]
LOGIN = basic("puller", "s3cret")
CLUSTER = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: connaisseur}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Repos
metadata: {name: ours}
spec: {match: {}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: main, image: "registry.example/team/web:1.2"}], imagePullSecrets: [{name: elsewhere}]}
---
apiVersion: v1
kind: Pod
metadata: {name: falco, namespace: shop}
spec: {containers: [{name: main, image: "falcosecurity/falco:0.42.0"}]}
---
apiVersion: v1
kind: Service
metadata: {name: svc, namespace: connaisseur}
spec: {selector: {app: connaisseur}, ports: [{port: 443}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: svc-1, namespace: connaisseur, labels: {kubernetes.io/service-name: svc}}
addressType: IPv4
endpoints: [{addresses: [192.0.2.1], conditions: {ready: true}}]
ports: [{name: "", port: 443}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: connaisseur-webhook}
webhooks:
  - name: connaisseur.example.com
    clientConfig: {service: {namespace: connaisseur, name: svc, port: 443}}
    sideEffects: None
    admissionReviewVersions: [v1]
    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
"""
"""What leads on to all that is read by name. With the webhook no further pod gets in."""


@pytest.fixture(scope="module")
def server(everything: Server) -> Iterator[Server]:
    apply(everything, CLUSTER)
    yield everything
    for path in (f"{HOOKS.path()}/connaisseur-webhook", f"{CONSTRAINT.path()}/ours"):
        everything.call("DELETE", path)


def workload(name: str, image: str, *secrets: str) -> Object:
    labels = {"app": name}
    pod = {"containers": [{"name": "main", "image": image}], "imagePullSecrets": [{"name": each} for each in secrets]}
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    return {"metadata": {"name": name}, "spec": spec}


def installed(server: Server, folder: Path, *options: str) -> list[Object]:
    """Applied, and in force."""
    apply(server, text_of(options, folder))
    objects = printed(options, folder)
    rules = one(objects, "ClusterRole")["rules"]
    until(lambda: all(allowed(server, rule) for rule in rules), "the role")
    return objects


def allowed(server: Server, rule: Object) -> bool:
    name = rule.get("resourceNames", [""])[0]
    resource, group, verb = rule["resources"][0], rule["apiGroups"][0], rule["verbs"][0]
    return server.may(ACCOUNT, verb, "repos" if resource == "*" else resource, group, name=name)


def unread(report: dict[str, Any]) -> set[str]:
    """What the report tells of as not read, or as not judged for that."""
    rows = {row["resource"] for row in report["coverage"] if row["state"] in ("forbidden", "failed")}
    return rows | {found["check"] for found in report["findings"] if found["cause"] in ("unreadable", "error")}


def test_the_printed_command_in_a_pod(server: Server, tmp_path: Path) -> None:
    objects = installed(server, tmp_path)
    place = tmp_path / "report.json"
    ended = started(server, [*arguments(objects, tmp_path), f"--output=json={place}"], token(server))
    assert (ended.code, ended.err) == (1, "")
    report = json.loads(place.read_text())
    assert report["cluster"]["name"] == "in-cluster"
    assert report["cluster"]["uid"] == server.call("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
    assert unread(report) == set()
    assert {found["subject"]["name"] for found in report["findings"] if found["check"] == "unapproved-registry"} == {
        *("web", "falco")
    }


def test_a_token_that_is_none(server: Server, tmp_path: Path) -> None:
    ended = started(server, arguments(installed(server, tmp_path), tmp_path), "no.token.at-all")
    assert ended.code == 4
    assert "does not accept the credentials (401)" in ended.err
    assert "no.token" not in ended.err + ended.out


def test_each_rule_that_is_missing_is_told(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    objects = installed(server, tmp_path)
    config = str(write_kubeconfig(tmp_path / "kubeconfig", server.url, token(server)))
    command = [*arguments(objects, tmp_path), "--kubeconfig", config, "--fail-on=never", "--output=json"]
    rules = one(objects, "ClusterRole")["rules"]
    assert len(rules) > 15
    unsaid = []
    for rule in rules:
        server.call("PATCH", ROLE, {"rules": [other for other in rules if other != rule]})
        until(lambda rule=rule: not allowed(server, rule), "the role without a rule")  # type: ignore[misc]
        # Without an engine's settings what it enforces is a matter of judgment, which leaves no audit incomplete.
        told = run(command), bool(unread(json.loads(capsys.readouterr().out)))
        if told != (0 if "resourceNames" in rule else 3, True):
            unsaid.append(rule)
        server.call("PATCH", ROLE, {"rules": rules})
        until(lambda rule=rule: allowed(server, rule), "the role")  # type: ignore[misc]
    assert (unsaid, run(command)) == ([], 0)


def test_without_secrets(server: Server, tmp_path: Path) -> None:
    objects = installed(server, tmp_path, "--no-secrets", "--fail-on", "never")
    until(lambda: not server.may(ACCOUNT, "list", "secrets"), "the role without secrets")
    place = tmp_path / "report.json"
    ended = started(server, [*arguments(objects, tmp_path), f"--output=json={place}"], token(server))
    assert ended.code == 0
    report = json.loads(place.read_text())
    assert {row["resource"] for row in report["coverage"] if row["state"] == "forbidden"} == {"secrets"}


def test_policy_reports_are_published(server: Server, tmp_path: Path) -> None:
    objects = installed(server, tmp_path, "--publish", "--fail-on", "never")
    ended = started(server, arguments(objects, tmp_path), token(server))
    assert (ended.code, ended.err.count("openreports.io/v1alpha1 written")) == (0, 1)
    found = server.call("GET", "/apis/openreports.io/v1alpha1/namespaces/shop/reports/auditor")
    assert found["summary"]["fail"] > 0


def test_the_next_night_fails_for_new_findings_alone(server: Server, tmp_path: Path) -> None:
    options = ("--fail-on-new", "--fail-on", "low")
    objects = installed(server, tmp_path, *options)
    until(lambda: server.may(ACCOUNT, "patch", "configmaps", "", NAMESPACE, "auditor-baseline"), "the role")
    command = arguments(objects, tmp_path)
    codes = [started(server, command, token(server)).code for _ in range(2)]
    installed(server, tmp_path, *options)  # applied once more, it leaves the content alone
    codes.append(started(server, command, token(server)).code)
    server.create(WORKLOADS, workload("new", "nginx"))
    codes.append(started(server, command, token(server)).code)
    assert codes == [1, 0, 0, 1]


def test_a_fleet_audits_each_cluster_that_it_has_a_kubeconfig_of(server: Server, tmp_path: Path) -> None:
    """The Secret of kubeconfigs holds `prod`'s and not `stage`'s."""
    apply(server, text_of(FLEET, tmp_path))
    objects = printed((*FLEET, "--fail-on", "never"), tmp_path)
    for folder in ("policy", "clusters/0", "clusters/1", "reports"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "policy/policy.yaml").write_text(POLICY)
    names = server.call("GET", f"/api/v1/namespaces/{NAMESPACE}/configmaps/auditor-clusters")["data"]
    for index, name in names.items():
        (tmp_path / "clusters" / index / "name").write_text(name)
    write_kubeconfig(tmp_path / "clusters/0/kubeconfig", server.url, server.token)
    assert [run(command(objects, tmp_path, index)) for index in range(2)] == [0, 4]
    report = json.loads((tmp_path / "reports/0.json").read_text())
    assert (report["cluster"]["name"], unread(report)) == ("prod", set())


def test_registries_are_asked_with_the_workloads_own_secrets(server: Server, tmp_path: Path) -> None:
    """It is the last test: from now on no image comes from anywhere else, and nobody else is asked."""
    for path in (WORKLOADS, "/api/v1/namespaces/shop/pods"):
        server.call("DELETE", path)
    authority = Authority(tmp_path)

    def guarded(asked: Asked) -> Reply | None:
        return None if asked.authorization == LOGIN else Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})

    with loopback(authority.server("127.0.0.1")) as registry:
        registry.first = guarded
        registry.put("a", Built(user="0").image(), "1")
        config = json.dumps({"auths": {registry.host: {"username": "puller", "password": "s3cret"}}})
        secret = {"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": config}}
        server.create("/api/v1/namespaces/shop/secrets", {"metadata": {"name": "pull"}, **secret})
        server.create(WORKLOADS, workload("private", f"{registry.host}/a:1", "pull"))
        options = ("--registry", "--registry-credentials", "cluster", "--registry-ca", str(authority.path))
        objects = installed(server, tmp_path, *options, "--registry-allow-private", "127.0.0.1", "-n", NAMESPACE)
        server.call("DELETE", f"/apis/batch/v1/namespaces/{NAMESPACE}/cronjobs/auditor")
        place = tmp_path / "report.json"
        ended = started(server, [*arguments(objects, tmp_path), f"--output=json={place}"], token(server))
    assert ended.code == 1
    report = json.loads(place.read_text())
    found = {(f["subject"]["name"], f["status"]) for f in report["findings"] if f["check"] == "image-user-root"}
    assert found == {(f"{registry.host}/a:1", "fail")}
    assert "s3cret" not in ended.out + ended.err + place.read_text()
