"""The rights that are printed: the container's own command audits all of a cluster with them, and needs each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from auditor import wire
from auditor.cli import run
from auditor.sources.kinds import own_group
from tests.apiserver import ApiServer
from tests.apistore import Store
from tests.install.authorizing import Authorized, Rule, rules_of
from tests.install.printing import CASES, POLICY, Object, container, printed
from tests.sources.scanning import named, pod, write_kubeconfig

HOOKS = "mutatingwebhookconfigurations"
CONSTRAINT = f"{wire.CONSTRAINTS}/v1beta1"


def cluster() -> Store:
    """Everything that an audit can read is served here, and leads on to all that is read by name."""
    store = Store()
    for resource in wire.BY_NAME.values():
        if (own_group(resource.group) or resource in wire.WATCHED) and resource.group != wire.CONSTRAINTS:
            store.serve(resource.api_version, resource.plural, resource.kind, namespaced=resource.namespaced)
    store.serve(CONSTRAINT, "repos", "Repos", namespaced=False)
    store.add(CONSTRAINT, "repos", [named("ours", spec={"match": {}})])
    service = {"service": {"namespace": "connaisseur", "name": "svc", "port": 443}}
    hook = {"name": "connaisseur.example", "clientConfig": service}
    store.add("admissionregistration.k8s.io/v1", HOOKS, [named("connaisseur-webhook", webhooks=[hook])])
    store.add("v1", "namespaces", [named(name) for name in ("default", "auditor", "connaisseur", "kube-system")])
    store.add("v1", "serviceaccounts", [named("default", "default")])
    watcher = pod("falco", containers=[{"name": "falco", "image": "docker.io/falcosecurity/falco:0.42.0"}])
    store.add("v1", "pods", [pod("web", imagePullSecrets=[{"name": "elsewhere"}]), watcher])
    return store


def audited(objects: Sequence[Object], rules: Sequence[Rule], folder: Path, policy: str = POLICY) -> dict[str, Any]:
    """The report of the printed container's command, on a cluster that grants these rights and no others."""
    (folder / "policy.yaml").write_text(policy)
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    command = [item.replace("/etc/auditor/", f"{folder}/") for item in container(objects)["args"]]
    with ApiServer(Authorized(cluster(), rules)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(write_kubeconfig(folder / "kubeconfig", server.url)))
        code = run([*command, "-o", f"json={report}"])
    assert code in (0, 1, 3)
    return dict(json.loads(report.read_text()))


def unread(report: dict[str, Any]) -> Iterator[str]:
    """What the report tells of as not read, or as not judged for that."""
    yield from (row["resource"] for row in report["coverage"] if row["state"] in ("forbidden", "failed"))
    yield from (finding["check"] for finding in report["findings"] if finding["cause"] in ("unreadable", "error"))


@pytest.mark.parametrize("arguments", [CASES["plain"], CASES["some-checks"]], ids=["all checks", "some"])
def test_everything_is_read(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    objects = printed(arguments, tmp_path)
    assert list(unread(audited(objects, rules_of(objects), tmp_path))) == []


def test_without_secrets_only_they_are_missing(tmp_path: Path) -> None:
    objects = printed(CASES["no-secrets"], tmp_path)
    report = audited(objects, rules_of(objects), tmp_path)
    assert {row["resource"] for row in report["coverage"] if row["state"] == "forbidden"} == {"secrets"}
    unjudged = {finding["check"] for finding in report["findings"] if finding["cause"] == "unreadable"}
    assert {"missing-pull-secret", "unused-pull-secret"} <= unjudged


def test_no_right_is_superfluous(tmp_path: Path) -> None:
    """Each one that is taken away leaves something that the report tells of as not read."""
    objects = printed((), tmp_path)
    rules = rules_of(objects)
    assert len(rules) > 40
    for right in rules:
        rest = [rule for rule in rules if rule != right]
        assert list(unread(audited(objects, rest, tmp_path))), right


def test_what_the_policy_switches_off_is_not_asked_for(tmp_path: Path) -> None:
    policy = "version: 1\nchecks:\n  unused-pull-secret: {enabled: false, reason: not ours}\n"
    path = tmp_path / "off.yaml"
    path.write_text(policy)
    checks = ("--check", "unpinned-image", "--check", "unused-pull-secret", "--policy", str(path))
    objects = printed(checks, tmp_path, policy=False)
    rules = rules_of(objects)
    assert "secrets" not in {resource for rule in rules for resource in rule.resources}
    assert list(unread(audited(objects, rules, tmp_path, policy))) == []
