"""ConfigMaps with rules on a live cluster: which lists are asked for, what is said where they are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor import wire
from tests.apiserver import ApiServer, Request, Response, plain
from tests.apistore import Store
from tests.sources.scanning import Scan, named, pod, scan

RULES, ALL = wire.RULE_CONFIGMAPS.name, wire.ALL_CONFIGMAPS.name
FALCO = [{"name": "falco", "image": "docker.io/falcosecurity/falco:0.42.0"}]
TEXT = "- rule: R\n  desc: d\n  condition: image.name exists\n  output: x\n  priority: ERROR\n"


@pytest.fixture
def store() -> Store:
    store = Store()
    store.add("v1", "namespaces", [named(name) for name in ("default", "falco", "kube-system")])
    store.add("v1", "pods", [pod("falco", "falco", containers=FALCO), pod("web")])
    store.add("v1", "configmaps", [named(f"c{i}", "falco", data={"a": "fake-not-kept"}) for i in range(45)])
    store.add("v1", "configmaps", [named("rules", "falco", data={"rules.yaml": TEXT})])
    store.add("v1", "configmaps", [named("rules", "default", data={"rules.yaml": TEXT})])
    return store


def state(found: Scan, name: str) -> list[tuple[str, tuple[str, ...], int]]:
    return [(row.state, row.namespaces, row.count) for row in found.snapshot.coverage if row.resource == name]


def asked(server: ApiServer) -> list[str]:
    return [request.path for request in server.requests if request.path.endswith("/configmaps")]


def test_only_where_something_loads_rules(tmp_path: Path, store: Store) -> None:
    with ApiServer(store) as server:
        found = scan(server, tmp_path, resources=("namespaces", "pods", RULES))
        assert set(asked(server)) == {"/api/v1/namespaces/falco/configmaps"}
    assert state(found, RULES) == [("read", ("falco",), 46)]
    assert [(c.namespace, c.name) for c in found.snapshot.configmaps] == [("falco", "rules")]
    assert "fake-not-kept" not in repr(found.snapshot)


def test_all_where_they_are_asked_for(tmp_path: Path, store: Store) -> None:
    with ApiServer(store) as server:
        found = scan(server, tmp_path, resources=("namespaces", "pods", RULES, ALL))
        assert set(asked(server)) == {"/api/v1/configmaps"}
    assert state(found, ALL) == [("read", (), 47)]
    assert state(found, RULES) == [("read", (), 0)]
    assert [c.namespace for c in found.snapshot.configmaps] == ["default", "falco"]


def test_without_names_nobody_asks_for_all(tmp_path: Path, store: Store) -> None:
    with ApiServer(store) as server:
        found = scan(server, tmp_path)
        assert set(asked(server)) == {"/api/v1/namespaces/falco/configmaps"}
    assert state(found, ALL) == []


def test_nothing_that_loads_rules(tmp_path: Path) -> None:
    store = Store()
    store.add("v1", "pods", [pod("web")])
    with ApiServer(store) as server:
        found = scan(server, tmp_path, resources=("pods", RULES))
        assert asked(server) == []
    assert state(found, RULES) == [("read", (), 0)]


@pytest.mark.parametrize(("refused", "expected"), [("configmaps", ("forbidden", ("falco",), 0)), ("pods", None)])
def test_refused(tmp_path: Path, store: Store, refused: str, expected: Any) -> None:
    def backend(request: Request) -> Response:
        return plain(403, "no").response if request.path.endswith(f"/{refused}") else store(request)

    with ApiServer(backend) as server:
        found = scan(server, tmp_path, resources=("namespaces", "pods", RULES))
    assert state(found, RULES) == [expected or ("forbidden", (), 0)]
