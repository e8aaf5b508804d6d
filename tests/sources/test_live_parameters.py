"""Objects that policies take their parameters from: what is asked for, how, and what is said where it is not read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor import wire
from auditor.coverage import Unread
from auditor.enforcement.world import World
from auditor.model import PolicyObject
from auditor.policy_objects import as_params
from tests.apiserver import ApiServer, Request, Response, plain
from tests.apistore import Store
from tests.sources.scanning import Scan, named, scan
from tests.sources.test_live_admission import world

pytestmark = pytest.mark.usefixtures("encoding")

REGISTRATION = "admissionregistration.k8s.io/v1"
BINDINGS = "validatingadmissionpolicybindings"
LIMITS = "rules.example/v1"


def bound(store: Store, api_version: str, kind: str, *refs: dict[str, Any]) -> Store:
    """A policy with a paramKind, and a binding for each paramRef."""
    spec = {"paramKind": {"apiVersion": api_version, "kind": kind}}
    store.add(REGISTRATION, "validatingadmissionpolicies", [named(f"of-{kind.lower()}", spec=spec)])
    found = [named(f"b{i}", spec={"policyName": f"of-{kind.lower()}", "paramRef": ref}) for i, ref in enumerate(refs)]
    store.add(REGISTRATION, BINDINGS, found)
    return store


def params(found: Scan) -> list[tuple[str, str]]:
    return [(p.namespace, p.name) for p in found.snapshot.policies if p.resource == "params"]


def known(found: Scan) -> World:
    return world(found)


@pytest.fixture
def store() -> Store:
    store = Store()
    labels = {"config-a": {"tier": "prod"}, "config-b": {"tier": "dev"}}
    for namespace in ("one", "two"):
        for name, own in labels.items():
            item = named(name, namespace, data={"allowed": "registry.example/"})
            item["metadata"]["labels"] = own
            store.add("v1", "configmaps", [item])
    store.serve(LIMITS, "limits", "Limit", namespaced=False)
    whole = named("strict", spec={"max": 3}, allowed=["registry.example"], status={"ok": True})
    whole["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    store.add(LIMITS, "limits", [whole, named("lax", allowed=[])])
    return store


CASES = [
    ({"name": "config-a", "namespace": "one"}, "/api/v1/namespaces/one/configmaps/config-a?", [("one", "config-a")]),
    (
        {"name": "config-a"},
        "/api/v1/configmaps?fieldSelector=metadata.name%3Dconfig-a&",
        [("one", "config-a"), ("two", "config-a")],
    ),
    (
        {"selector": {"matchLabels": {"tier": "dev"}}},
        "/api/v1/configmaps?labelSelector=tier%3Ddev&",
        [("one", "config-b"), ("two", "config-b")],
    ),
    (
        {"selector": {}, "namespace": "two"},
        "/api/v1/namespaces/two/configmaps?",
        [("two", "config-a"), ("two", "config-b")],
    ),
    ({"name": "gone", "namespace": "one"}, "/api/v1/namespaces/one/configmaps/gone?", []),
]


@pytest.mark.parametrize("namespaces", [[], ["shop"]])
@pytest.mark.parametrize(("ref", "path", "expected"), CASES)
def test_what_a_reference_names(
    tmp_path: Path, store: Store, ref: dict[str, Any], path: str, expected: list[tuple[str, str]], namespaces: list[str]
) -> None:
    with ApiServer(bound(store, "v1", "ConfigMap", {"parameterNotFoundAction": "Deny", **ref})) as server:
        found = scan(server, tmp_path, namespaces=namespaces)
        asked = [f"{r.target.partition('?')[0]}?{r.target.partition('?')[2]}" for r in server.requests]
    assert sum(target.startswith(path) for target in asked) == 1
    assert sum("configmaps" in target for target in asked) == 1
    assert params(found) == expected
    assert (found.row("params").state, found.row("params").count) == ("read", len(expected))
    assert [(p.namespace, p.name) for p in known(found).parameters("v1", "ConfigMap") or ()] == expected


def test_an_object_of_any_shape_is_kept_whole(tmp_path: Path, store: Store) -> None:
    with ApiServer(bound(store, LIMITS, "Limit", {"name": "strict"})) as server:
        found = scan(server, tmp_path)
        assert server.count("/apis/rules.example/v1/limits/strict") == 1
    (limit,) = known(found).parameters(LIMITS, "Limit") or ()
    assert limit == PolicyObject(
        "params",
        "Limit",
        "strict",
        spec={"max": 3},
        status={"ok": True},
        api_version=LIMITS,
        rest={"allowed": ["registry.example"]},
    )
    assert as_params(limit) == {
        "apiVersion": LIMITS,
        "kind": "Limit",
        "metadata": {"name": "strict"},
        "spec": {"max": 3},
        "status": {"ok": True},
        "allowed": ["registry.example"],
    }


def test_a_reference_of_many_bindings_is_followed_once(tmp_path: Path, store: Store) -> None:
    with ApiServer(bound(store, LIMITS, "Limit", *[{"name": "lax"}] * 9)) as server:
        found = scan(server, tmp_path)
        assert server.count("/apis/rules.example/v1/limits/lax") == 1
    assert params(found) == [("", "lax")]


def test_without_bindings_or_references_nothing_is_read(tmp_path: Path, store: Store) -> None:
    bound(store, "v1", "ConfigMap")
    store.add(
        REGISTRATION,
        BINDINGS,
        [named("x", spec={"policyName": "of-configmap"}), named("y", spec={"policyName": "gone"})],
    )
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
        assert not any("configmaps" in request.path for request in server.requests)
    assert (found.row("params").state, found.row("params").count) == ("read", 0)
    assert known(found).objects("params") == ()


def test_a_kind_that_is_not_served_is_told_from_objects_that_do_not_exist(tmp_path: Path, store: Store) -> None:
    bound(store, "rules.example/v2", "Limit", {"name": "strict"})
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
        assert not any("/limits" in request.path for request in server.requests)
    assert found.row("params").state == "absent"
    assert known(found).parameters("rules.example/v2", "Limit") is None
    assert known(found).objects("params") == ()


def test_secrets_are_never_read(tmp_path: Path, store: Store) -> None:
    store.add("v1", "secrets", [named("keys", "one", type="Opaque", data={"a": "ZmFrZS1wYXNzd29yZA=="})])
    bound(store, "v1", "Secret", {"name": "keys", "namespace": "one"}, {"selector": {}})
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
        assert not any("/secrets/" in r.path for r in server.requests)
        assert all("type" in r.target for r in server.requests if r.path == "/api/v1/secrets")
    assert params(found) == []
    assert found.row("params").state == "excluded"
    with pytest.raises(Unread):
        known(found).parameters("v1", "Secret")


@pytest.mark.parametrize("ref", [{"name": "config-a", "namespace": "one"}, {"selector": {}}])
def test_what_may_not_be_read_is_no_absence(tmp_path: Path, store: Store, ref: dict[str, Any]) -> None:
    bound(store, "v1", "ConfigMap", ref)
    store.forbids = lambda identity, plural, namespace: plural == "configmaps"
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
    assert found.row("params").state == "forbidden"
    assert found.row("params").detail.startswith("v1 ConfigMap: ")
    with pytest.raises(Unread):
        known(found).objects("params")


@pytest.mark.parametrize("plural", ["validatingadmissionpolicies", BINDINGS])
def test_parameters_are_unknown_where_the_policies_are(tmp_path: Path, store: Store, plural: str) -> None:
    bound(store, "v1", "ConfigMap", {"selector": {}})
    store.forbids = lambda identity, asked, namespace: asked == plural
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
    assert found.row("params").state == "forbidden"
    with pytest.raises(Unread):
        known(found).parameters("v1", "ConfigMap")


def test_parameters_are_not_asked_for_unless_a_check_needs_them(tmp_path: Path, store: Store) -> None:
    bound(store, "v1", "ConfigMap", {"selector": {}})
    policies = tuple(resource.name for resource in wire.ADMISSION if resource.plural.startswith("validatingadmission"))
    with ApiServer(store) as server:
        found = scan(server, tmp_path, resources=policies)
        assert not any("configmaps" in request.path for request in server.requests)
        assert "params" not in found.states()
        found = scan(server, tmp_path, resources=("namespaces", "params"))
    assert found.row("params").state == "excluded"


@pytest.mark.parametrize("discovery", [True, False])
def test_a_kind_of_which_discovery_says_nothing(tmp_path: Path, store: Store, discovery: bool) -> None:
    bound(store, LIMITS, "Limit", {"name": "strict"})
    store.discovery = discovery
    with ApiServer(store) as server:
        server.inject(f"/apis/{LIMITS}", *[plain(503, "no")] * 20)
        found = scan(server, tmp_path)
    assert found.row("params").state == "failed"
    assert "discovery does not say" in found.row("params").detail


@pytest.mark.parametrize("size", [100, 1000])
def test_parameters_are_bounded(tmp_path: Path, size: int) -> None:
    store = bound(Store(), "v1", "ConfigMap", {"selector": {}})
    store.add("v1", "configmaps", [named(f"c{index}", "one") for index in range(1500)])
    with ApiServer(store) as server:
        found = scan(server, tmp_path, page_size=size)
        assert server.count("/api/v1/configmaps") <= 1000 // size + 2  # one page is on its way while one is read
    assert len(params(found)) == 1000
    assert (found.row("params").state, found.row("params").count) == ("failed", 1000)


def test_references_are_bounded(tmp_path: Path) -> None:
    store = bound(Store(), "v1", "ConfigMap", *({"name": f"c{index}", "namespace": "one"} for index in range(203)))
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
        assert sum("/configmaps/" in request.path for request in server.requests) == 200
    states = {(row.state, row.detail) for row in found.snapshot.coverage if row.resource == "params"}
    assert ("failed", "3 of 203 references not followed") in states


@pytest.mark.parametrize(
    "answer",
    [
        Response(404, b"404 page not found\n", {}, "text/plain"),
        Response(200, b"[]"),
        Response(500, b"no", {}, "text/plain"),
    ],
)
def test_an_answer_that_is_none(tmp_path: Path, store: Store, answer: Response) -> None:
    bound(store, LIMITS, "Limit", {"name": "strict"})

    def backend(request: Request) -> Response:
        return answer if request.path.endswith("/limits/strict") else store(request)

    with ApiServer(backend) as server:
        found = scan(server, tmp_path)
    assert found.row("params").state == "failed"


@pytest.mark.parametrize("name", ["../../secrets/keys", "a/b", "a?b=c", "a#b", "\u202e"])
def test_a_hostile_name_stays_in_its_place(tmp_path: Path, store: Store, name: str) -> None:
    bound(store, "v1", "ConfigMap", {"name": name, "namespace": "one"}, {"name": "x", "namespace": name})
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
        paths = {request.target for request in server.requests if "configmaps" in request.target}
    assert len(paths) == 2
    assert all(path.startswith("/api/v1/namespaces/") and path.count("/") == 6 and "?" not in path for path in paths)
    assert params(found) == []
