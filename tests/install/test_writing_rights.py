"""The rights to write that are printed: for policy reports and for the baseline, each needed, and no others used."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from auditor.cli import run
from auditor.publish_apis import APIS, MANAGED_BY, MANAGER, PART, ReportApi
from tests.apiserver import ApiServer, Request, Response
from tests.apistore import Store
from tests.install.authorizing import Authorized, Rule, asked_of, rules_of
from tests.install.printing import POLICY, Object, container, printed
from tests.sources.reportstore import ReportStore
from tests.sources.scanning import named, pod, write_kubeconfig

PLACE = "/api/v1/namespaces/auditor/configmaps/auditor-baseline"


def audit(store: Store, objects: Sequence[Object], rules: Sequence[Rule], folder: Path) -> tuple[int, Authorized]:
    """The exit code of the printed container's command, on a cluster that grants these rights and no others."""
    (folder / "policy.yaml").write_text(POLICY)
    command = [item.replace("/etc/auditor/", f"{folder}/") for item in container(objects)["args"]]
    guarded = Authorized(store, rules)
    with ApiServer(guarded) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(write_kubeconfig(folder / "kubeconfig", server.url)))
        return run(command), guarded


def with_reports(api: ReportApi, rules: Sequence[Rule]) -> ReportStore:
    """A cluster with something to report in `shop`, and with reports that no longer hold."""
    store = ReportStore(api, namespaces=("shop", "clean"))
    store.add("v1", "pods", [pod("web", "shop")])
    for namespace in ("clean", None):
        metadata = {"name": "auditor-1111", "labels": {MANAGED_BY: MANAGER, PART: "1111"}}
        store.put(api, {"metadata": metadata | ({"namespace": namespace} if namespace else {})}, MANAGER)
    # To apply what is not there takes the right to create it besides, and only the store knows what is there.
    creatable = {resource for rule in rules if "create" in rule.verbs for resource in rule.resources}
    store.bars = lambda identity, verb, plural, namespace: verb == "create" and plural not in creatable
    return store


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.group)
def test_publishing_needs_every_right(tmp_path: Path, api: ReportApi) -> None:
    objects = printed(("--publish",), tmp_path)
    rules = rules_of(objects)
    store = with_reports(api, rules)
    code, guarded = audit(store, objects, rules, tmp_path)
    assert (code, guarded.refused) == (1, [])
    assert [item["metadata"]["name"] for item in store.reports(api, "shop")] == ["auditor"]
    assert not [item for item in store.reports(api, "clean") if item["metadata"]["name"] != "auditor"]
    own = [rule for rule in rules if api.group in rule.groups]
    assert {rule.verbs[0] for rule in own} == {"create", "delete", "list", "patch"}
    for right in own:
        rest = [rule for rule in rules if rule != right]
        code, _ = audit(with_reports(api, rest), objects, rest, tmp_path)
        assert code == 4, right


class Keeping(Store):
    """With the empty ConfigMap that is printed, and merge patches of it."""

    def __init__(self) -> None:
        super().__init__()
        self.add("v1", "namespaces", [named(name) for name in ("auditor", "kube-system", "shop")])
        self.add("v1", "pods", [pod("web", "shop")])
        self.add("v1", "configmaps", [named("auditor-baseline", "auditor")])
        (self.kept,) = self._tables["v1", "configmaps"].items
        self.kept["metadata"]["resourceVersion"] = "1"

    def __call__(self, request: Request) -> Response:
        if (request.method, request.path) != ("PATCH", PLACE):
            return super().__call__(request)
        sent = json.loads(request.body)
        assert sent["metadata"]["resourceVersion"] == self.kept["metadata"]["resourceVersion"]
        self.kept |= {"binaryData": sent["binaryData"]}
        self.kept["metadata"]["resourceVersion"] += "1"
        return Response(200, json.dumps(self.kept).encode())


def test_nights_with_a_baseline(tmp_path: Path) -> None:
    objects = printed(("--fail-on-new", "--fail-on", "low"), tmp_path)
    rules, store = rules_of(objects), Keeping()
    code, guarded = audit(store, objects, rules, tmp_path)
    assert (code, guarded.refused) == (1, [])
    code, guarded = audit(store, objects, rules, tmp_path)
    assert (code, guarded.refused) == (0, [])
    store.add("v1", "pods", [pod("more", "shop")])
    assert audit(store, objects, rules, tmp_path)[0] == 1
    assert not store.violations


@pytest.mark.parametrize("verb", ["get", "patch"])
def test_a_baseline_needs_both_rights(tmp_path: Path, verb: str) -> None:
    objects = printed(("--fail-on-new",), tmp_path)
    rest = [rule for rule in rules_of(objects) if rule.namespace is None or rule.verbs != (verb,)]
    store = Keeping()
    code, guarded = audit(store, objects, rest, tmp_path)
    assert code == 4
    assert {(asked.verb, asked.name) for asked in guarded.refused} == {(verb, "auditor-baseline")}


def test_the_authorizer_knows_what_is_asked() -> None:
    def asked(method: str, path: str, **query: str) -> tuple[str, ...]:
        found = asked_of(Request(path, query, path, {}, "admin", method))
        return (found.verb, found.group, found.resource, found.namespace, found.name) if found else ()

    assert asked("GET", "/version") == asked("GET", "/apis/apps/v1") == asked("GET", "/api/v1") == ()
    assert asked("GET", "/api/v1/pods") == ("list", "", "pods", "", "")
    assert asked("GET", "/api/v1/namespaces/a") == ("get", "", "namespaces", "", "a")
    assert asked("GET", "/apis/apps/v1/namespaces/a/deployments") == ("list", "apps", "deployments", "a", "")
    assert asked("PATCH", PLACE) == ("patch", "", "configmaps", "auditor", "auditor-baseline")
    assert asked("POST", "/api/v1/namespaces/a/pods/b/eviction") == ("create", "", "pods/eviction", "a", "b")
    by_name = asked("GET", "/api/v1/configmaps", fieldSelector="metadata.name=x")
    assert by_name == ("list", "", "configmaps", "", "x")
