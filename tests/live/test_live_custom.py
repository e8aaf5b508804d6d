"""Custom kinds of a real API server: every one that is read, in the versions that clusters serve, and odd objects."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest

from auditor import wire
from auditor.inventory import Inventory
from auditor.model import ClusterInfo, Coverage
from auditor.sources.encodings import Encoding
from auditor.sources.live import LiveOptions, collect
from auditor.sources.progress import Progress
from tests.live.conftest import Server, own_server
from tests.live.definitions import CONSTRAINT, custom, definition, serve

REPORTS = wire.BY_NAME["vulnerabilityreports.aquasecurity.github.io"]


def created(server: Server, resource: wire.Resource, name: str, **fields: Any) -> str:
    """The path of an object that was made."""
    body = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": {"name": name}, **fields}
    path = resource.path("default" if resource.namespaced else "")
    server.create(path, body)
    return f"{path}/{name}"


def rows(server: Server, encoding: Encoding = "auto") -> dict[str, Coverage]:
    inventory = Inventory()
    options = LiveOptions(str(server.kubeconfig), encoding=encoding)
    collect(options, inventory, Progress(io.StringIO(), shown=False))
    return {row.resource: row for row in inventory.snapshot(ClusterInfo("live")).coverage}


@pytest.fixture
def made(everything: Server) -> Iterator[list[str]]:
    """The paths of what a test makes; it is gone afterwards."""
    paths: list[str] = []
    yield paths
    for path in paths:
        everything.call("DELETE", path)


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_one_of_every_kind_is_read(everything: Server, made: list[str], encoding: Encoding) -> None:
    """Those of definitions come in JSON, also where everything else comes in protobuf."""
    report = {"artifact": {"repository": "team/app", "tag": "1"}, "vulnerabilities": []}
    made += [created(everything, resource, "one", spec={}, report=report) for resource in custom()]
    found = rows(everything, encoding)
    for resource in custom():
        name = wire.CONSTRAINTS if resource is CONSTRAINT else resource.name
        assert (found[name].state, found[name].count, found[name].complete) == ("read", 1, True), name


def test_large_lists_come_in_pages(everything: Server, made: list[str]) -> None:
    """Of custom kinds the token stands behind the objects."""
    count = 2 * REPORTS.page_size + 3
    made += [created(everything, REPORTS, f"r-{number}", report={"vulnerabilities": []}) for number in range(count)]
    assert rows(everything)[REPORTS.name].count == count


def test_an_object_that_does_not_fit_its_kind_costs_that_object(everything: Server, made: list[str]) -> None:
    """A definition may let anything through."""
    rollouts = wire.BY_NAME["rollouts"]
    made.append(created(everything, rollouts, "odd", spec={"replicas": "many"}))
    made.append(created(everything, rollouts, "even", spec={"replicas": 2}))
    row = rows(everything)["rollouts"]
    assert (row.state, row.count, row.complete) == ("read", 1, False)
    assert "$.spec.replicas" in row.detail


def test_kinds_in_versions_of_old_and_of_tomorrow(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Policies are of one shape in all versions; of the others only the versions are read that are known."""
    served = {
        "clusteradmissionpolicies.policies.kubewarden.io": "v1alpha2",
        "policyexceptions.kyverno.io": "v2beta1",
        "clusterimagepolicies.policy.sigstore.dev": "v9",
        "prometheusrules.monitoring.coreos.com": "v9",
    }
    with own_server(tmp_path_factory.mktemp("versions")) as server:
        for name, version in served.items():
            known = wire.BY_NAME[name]
            resource = wire.Resource(name, known.kind, known.type, known.group, version, known.namespaced)
            serve(server, [definition(resource)])
            created(server, resource, "one", spec={})
        found = rows(server)
    assert {name: found[name].state for name in served} == {
        "clusteradmissionpolicies.policies.kubewarden.io": "read",
        "policyexceptions.kyverno.io": "read",
        "clusterimagepolicies.policy.sigstore.dev": "read",
        "prometheusrules.monitoring.coreos.com": "failed",
    }
