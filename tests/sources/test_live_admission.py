"""What takes part in admission, read from the test API server: all kinds, in any version, wherever it is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor import wire
from auditor.collect import dump_snapshot
from auditor.coverage import Gaps, Unread
from auditor.enforcement.world import World
from auditor.model import PolicyObject, Snapshot
from auditor.policy import Policy
from auditor.sources.kinds import own_group
from tests.apiserver import ApiServer, Request, Response, plain
from tests.apistore import Store
from tests.sources.scanning import Scan, named, scan

pytestmark = pytest.mark.usefixtures("encoding")

VALIDATING = "validatingwebhookconfigurations.admissionregistration.k8s.io"
POLICIES = [resource for resource in wire.ADMISSION if resource.type is wire.PolicyObject]
ENGINES = [resource for resource in POLICIES if own_group(resource.group)]


def world(found: Scan | Snapshot) -> World:
    snapshot = found.snapshot if isinstance(found, Scan) else found
    return World(snapshot, Policy(), Gaps(snapshot))


def names(found: Scan, resource: str) -> list[str]:
    return [policy.name for policy in world(found).objects(resource)]


def hooks(name: str, namespace: str, service: str = "svc", **more: Any) -> dict[str, Any]:
    config = {"service": {"namespace": namespace, "name": service, "port": 443}, "caBundle": "ZmFrZS1jZXJ0"}
    return named(name, webhooks=[{"name": f"{name}.example", "clientConfig": config, **more}])


def serve(store: Store, resource: wire.Resource, version: str = "") -> str:
    api_version = f"{resource.group}/{version or resource.version}" if resource.group else resource.version
    store.serve(api_version, resource.plural, resource.kind, namespaced=resource.namespaced)
    return api_version


def add(store: Store, resource: str, *objects: dict[str, Any]) -> None:
    found = wire.BY_NAME[resource]
    store.add(found.api_version, found.plural, objects)


@pytest.mark.parametrize("resource", POLICIES, ids=lambda resource: resource.name)
def test_every_kind_is_read(tmp_path: Path, resource: wire.Resource) -> None:
    store = Store()
    api_version = serve(store, resource)
    namespace = "team" if resource.namespaced else ""
    item = named("one", namespace, spec={"a": {"b": [1]}}, status={"ready": True})
    item["metadata"] |= {"labels": {"z": "1", "a": "2"}, "generation": 3, "managedFields": [{"manager": "kubectl"}]}
    store.add(api_version, resource.plural, [item])
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
    assert found.row(resource.name).count == 1
    assert found.snapshot.policies == (
        PolicyObject(
            resource.name,
            resource.kind,
            "one",
            namespace,
            {"a": "2", "z": "1"},
            3,
            {"a": {"b": [1]}},
            {"ready": True},
            api_version=api_version,
        ),
    )
    assert b"managedFields" not in dump_snapshot(found.snapshot)


@pytest.mark.parametrize(
    ("resource", "version"),
    [(resource, version) for resource in POLICIES for version in (*resource.versions, "v7")],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_another_version_does_as_well(tmp_path: Path, resource: wire.Resource, version: str) -> None:
    """One that nobody has heard of, too: objects that decide must not go unseen because an engine was upgraded."""
    store = Store(admission=False)
    api_version = serve(store, resource, version)
    store.add(api_version, resource.plural, [named("one", "team" if resource.namespaced else "")])
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
        assert not server.count(resource.path())
    assert [policy.api_version for policy in found.snapshot.policies] == [api_version]


def test_the_first_of_the_versions_that_are_served_is_read(tmp_path: Path) -> None:
    store = Store()
    exceptions = wire.BY_NAME["policyexceptions.policies.kyverno.io"]
    for version in ("v1alpha1", "v1beta1"):
        serve(store, exceptions, version)
    serve(store, wire.BY_NAME["validatingpolicies.policies.kyverno.io"], "v1")
    with ApiServer(store) as server:
        scan(server, tmp_path)
        asked = [request.path for request in server.requests if request.path.endswith("/policyexceptions")]
    assert asked == ["/apis/policies.kyverno.io/v1beta1/policyexceptions"]


def test_what_is_not_served_is_absent_without_being_asked_for(tmp_path: Path) -> None:
    with ApiServer(Store()) as server:
        found = scan(server, tmp_path)
        groups = {request.path.split("/")[2] for request in server.requests if request.path.startswith("/apis/")}
    assert groups == {"apps", "batch", "admissionregistration.k8s.io", "discovery.k8s.io"}
    for resource in ENGINES:
        assert found.row(resource.name).state == "absent"
        assert names(found, resource.name) == []
    assert found.row(wire.CONSTRAINTS).state == "absent"
    assert {row.state for row in found.snapshot.coverage if row.resource == "configmaps"} == {"absent"}


def test_a_group_that_may_not_be_read_is_no_absence(tmp_path: Path) -> None:
    store = Store()
    for resource in ENGINES:
        serve(store, resource)
    store.forbids = lambda identity, plural, namespace: plural in {resource.plural for resource in POLICIES}
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
    for resource in POLICIES:
        assert found.row(resource.name).state == "forbidden"
        with pytest.raises(Unread):
            names(found, resource.name)


def test_of_a_certificate_only_that_it_is_there(tmp_path: Path) -> None:
    store = Store()
    empty = hooks("without", "a")
    empty["webhooks"][0]["clientConfig"]["caBundle"] = ""
    add(store, VALIDATING, hooks("with", "a", failurePolicy="Ignore"), empty)
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
    first, second = world(found).objects(VALIDATING)
    service = {"name": "svc", "namespace": "a", "port": 443}
    assert first.webhooks == (
        {"clientConfig": {"caBundle": True, "service": service}, "failurePolicy": "Ignore", "name": "with.example"},
    )
    assert second.webhooks == ({"clientConfig": {"service": service}, "name": "without.example"},)
    assert b"ZmFrZ" not in dump_snapshot(found.snapshot)


GATEKEEPER = f"{wire.CONSTRAINTS}/v1beta1"


def constraints(*kinds: str) -> Store:
    store = Store()
    for kind in kinds:
        store.serve(GATEKEEPER, kind.lower(), kind, namespaced=False)
        store.add(GATEKEEPER, kind.lower(), [named(f"{kind.lower()}-1", spec={"match": {}})])
    return store


def test_constraints_of_every_kind_that_is_served(tmp_path: Path) -> None:
    store = constraints("K8sAllowedRepos", "K8sImageDigests", "Zz")
    store.serve(f"{wire.CONSTRAINTS}/v1alpha1", "zz", "Zz", namespaced=False)
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
        assert not server.count(f"/apis/{wire.CONSTRAINTS}/v1alpha1/zz")
        assert not any("/status" in request.path for request in server.requests)
    kinds = [(policy.kind, policy.name, policy.resource) for policy in found.snapshot.policies]
    assert kinds == [
        ("K8sAllowedRepos", "k8sallowedrepos-1", wire.CONSTRAINTS),
        ("K8sImageDigests", "k8simagedigests-1", wire.CONSTRAINTS),
        ("Zz", "zz-1", wire.CONSTRAINTS),
    ]
    assert (found.row(wire.CONSTRAINTS).state, found.row(wire.CONSTRAINTS).count) == ("read", 3)
    assert len(world(found).objects(wire.CONSTRAINTS)) == 3


def test_one_kind_of_constraints_that_may_not_be_read_makes_them_unread(tmp_path: Path) -> None:
    store = constraints("A", "B")
    store.forbids = lambda identity, plural, namespace: plural == "b"
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
    assert [policy.name for policy in world(found).readable(wire.CONSTRAINTS)] == ["a-1"]
    with pytest.raises(Unread) as caught:
        names(found, wire.CONSTRAINTS)
    assert caught.value.state == "forbidden"


def test_a_group_of_constraints_without_kinds_is_empty(tmp_path: Path) -> None:
    """Gatekeeper before its first template: the group is not there; or all templates were deleted."""
    store = Store()
    store.serve(GATEKEEPER, "gone/status", "Gone", namespaced=False)
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
    assert (found.row(wire.CONSTRAINTS).state, found.row(wire.CONSTRAINTS).count) == ("read", 0)


@pytest.mark.parametrize(("discovery", "state"), [(True, "failed"), (False, "forbidden")])
def test_constraints_are_unread_where_discovery_is_silent(tmp_path: Path, discovery: bool, state: str) -> None:
    store = constraints("A")
    store.discovery = discovery
    with ApiServer(store) as server:
        server.inject(f"/apis/{GATEKEEPER}", *[plain(503, "no")] * 20)
        found = scan(server, tmp_path)
    assert found.row(wire.CONSTRAINTS).state == state
    with pytest.raises(Unread):
        names(found, wire.CONSTRAINTS)


def slices(name: str, namespace: str, service: str, *ready: bool | None, family: str = "IPv4") -> dict[str, Any]:
    found = named(name, namespace, addressType=family, endpoints=[{"conditions": {"ready": state}} for state in ready])
    found["metadata"]["labels"] = {"kubernetes.io/service-name": service}
    return found


def test_services_and_their_ready_endpoints(tmp_path: Path) -> None:
    store = Store()
    port = {"ports": [{"name": "https", "port": 443, "nodePort": 30443}], "type": "NodePort", "clusterIP": "10.0.0.1"}
    services = [named(name, "guard", spec=port) for name in ("both", "down", "none", "two")]
    add(store, "services", *services)
    add(
        store,
        "endpointslices.discovery.k8s.io",
        slices("both-4", "guard", "both", True, None),
        slices("both-6", "guard", "both", True, None, family="IPv6"),
        slices("down-1", "guard", "down", False),
        slices("two-1", "guard", "two", True, False),
        slices("two-2", "guard", "two", True),
        slices("other", "elsewhere", "none", True),
    )
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
    assert {s.name: s.ready for s in found.snapshot.services} == {"both": 2, "down": 0, "none": None, "two": 2}
    both = world(found).service("guard", "both")
    assert both is not None
    assert (both.type, both.cluster_ip, both.ports[0].port, both.ports[0].node_port) == (
        "NodePort",
        "10.0.0.1",
        443,
        30443,
    )
    assert world(found).service("guard", "gone") is None
    none = world(found).service("guard", "none")
    assert none is not None
    assert world(found).ready_endpoints(none) == 0


def test_in_some_namespaces_policies_are_read_everywhere_and_backends_where_webhooks_lead(tmp_path: Path) -> None:
    store = Store()
    exceptions = wire.BY_NAME["policyexceptions.kyverno.io"]
    store.add(serve(store, exceptions), exceptions.plural, [named("let-it-in", "elsewhere")])
    add(store, VALIDATING, hooks("guard", "guard"), hooks("odd", "../x"), hooks("shop", "shop"))
    add(store, "namespaces", named("shop"), named("guard"), named("other"))
    add(store, "services", *(named("svc", namespace) for namespace in ("shop", "guard", "other")))
    add(store, "endpointslices.discovery.k8s.io", slices("svc-1", "guard", "svc", True))
    with ApiServer(store) as server:
        found = scan(server, tmp_path, namespaces=["shop"])
        assert server.count("/api/v1/namespaces/shop/services") == 1
        assert server.count("/api/v1/namespaces/guard/services") == 1
        assert not server.count("/api/v1/services")
        assert not any(".." in request.path for request in server.requests)
    assert names(found, "policyexceptions.kyverno.io") == ["let-it-in"]
    assert [(s.namespace, s.ready) for s in found.snapshot.services] == [("guard", 1), ("shop", None)]
    assert world(found).service("guard", "gone") is None
    with pytest.raises(Unread):
        world(found).service("other", "svc")


SETTINGS = [
    ("kyverno", "kyverno", "kyverno.io/v1"),
    ("cosign-system", "config-policy-controller", "policy.sigstore.dev/v1"),
]


@pytest.mark.parametrize(("namespace", "name", "api_version"), SETTINGS)
def test_the_settings_of_an_engine_that_is_there(tmp_path: Path, namespace: str, name: str, api_version: str) -> None:
    store = Store()
    store.serve(api_version, "things", "Thing")
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
        assert server.count(f"/api/v1/namespaces/{namespace}/configmaps/{name}") == 1
        assert not server.count("/api/v1/configmaps")
        assert world(found).configmap(namespace, name) is None
        settings = named(name, namespace, data={"resourceFilters": "[*/*,kyverno,*]", "x": "password: fake-hidden"})
        add(store, "configmaps", settings, named("other", namespace))
        found = scan(server, tmp_path)
    there = world(found).configmap(namespace, name)
    assert there is not None
    assert there.data == {"resourceFilters": "[*/*,kyverno,*]", "x": "password: …"}
    assert found.row("configmaps", namespace).count == 1
    with pytest.raises(Unread):
        world(found).configmap(namespace, "other")
    with pytest.raises(Unread):
        world(found).configmap("elsewhere", name)


def test_an_engine_without_group_is_known_by_its_webhook(tmp_path: Path) -> None:
    store = Store()
    mutating = "mutatingwebhookconfigurations.admissionregistration.k8s.io"
    add(store, "configmaps", named("connaisseur-app-config", "trust", data={"config.yaml": "policy: []"}))
    with ApiServer(store) as server:
        scan(server, tmp_path)
        assert not any("/configmaps/" in request.path for request in server.requests)
        add(store, mutating, hooks("connaisseur-webhook", "trust"))
        found = scan(server, tmp_path)
        assert server.count("/api/v1/namespaces/connaisseur/configmaps/connaisseur-app-config") == 1
    there = world(found).configmap("trust", "connaisseur-app-config")
    assert there is not None
    assert there.data == {"config.yaml": "policy: []"}


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (None, "forbidden"),
        (Response(404, b"404 page not found\n", {}, "text/plain"), "failed"),  # of somebody on the way
        (Response(500, b"no", {}, "text/plain"), "failed"),
        (Response(200, b'{"data": 5}'), "failed"),
        (Response(200, b'{"data":' * 5000 + b"1" + b"}" * 5000), "failed"),
    ],
)
def test_settings_that_cannot_be_read_are_not_absent(tmp_path: Path, answer: Response | None, state: str) -> None:
    store = Store()
    store.serve("kyverno.io/v1", "things", "Thing")
    store.forbids = lambda identity, plural, namespace: plural == "configmaps"

    def backend(request: Request) -> Response:
        return answer if answer and "/configmaps/" in request.path else store(request)

    with ApiServer(backend) as server:
        found = scan(server, tmp_path)
    assert found.row("configmaps", "kyverno").state == state
    with pytest.raises(Unread):
        world(found).configmap("kyverno", "kyverno")


def test_the_same_cluster_gives_the_same_bytes(tmp_path: Path) -> None:
    """Whatever order its lists come in, and whatever order their keys have."""
    told = []
    for turn in (1, -1):
        store = constraints(*("A", "B", "C")[::turn])
        fields = list({"y": 1, "x": {"b": 2, "a": [{"d": 1, "c": 2}]}}.items())[::turn]
        add(store, VALIDATING, *(hooks(name, name) | {"spec": dict(fields)} for name in ("a", "b")))
        with ApiServer(store) as server:
            found = scan(server, tmp_path, page_size=1 if turn > 0 else 500)
        told.append(dump_snapshot(found.snapshot))
    assert told[0] == told[1]


def test_objects_of_odd_shapes_cost_themselves_alone(tmp_path: Path) -> None:
    store = Store()
    resource = wire.BY_NAME["clusterpolicies.kyverno.io"]
    deep: Any = "end"
    for _ in range(300):
        deep = {"a": deep}
    odd = [named("a", spec="text"), named("b", spec={"deep": deep}), {"metadata": {"name": "c"}}, named("d", spec=None)]
    store.add(serve(store, resource), resource.plural, odd)
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
    assert [policy.name for policy in found.snapshot.policies] == ["b", "c", "d"]
    assert found.row(resource.name).complete is False
    assert dump_snapshot(found.snapshot).count(b'{"a":') == 100


def test_only_what_is_asked_for(tmp_path: Path) -> None:
    store = constraints("A")
    with ApiServer(store) as server:
        found = scan(server, tmp_path, resources=("namespaces", VALIDATING))
        paths = {request.path for request in server.requests}
    assert paths <= {
        "/version",
        "/apis",
        "/apis/admissionregistration.k8s.io/v1",
        "/api/v1/namespaces",
        "/api/v1/namespaces/kube-system",
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    }
    assert found.states() == {"namespaces": "read", VALIDATING: "read"}
