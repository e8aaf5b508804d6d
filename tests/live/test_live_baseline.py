"""A baseline in a ConfigMap of a real API server: its precondition, its limit, and the Role's rights."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator

import pytest

from auditor.baseline import KEY, LIMIT, baseline_role
from auditor.errors import SourceError
from auditor.sources.baseline import ConfigMapStore, Place
from auditor.sources.configuration import identify
from tests.live.conftest import Server

NAMESPACE = "auditor-live-baseline"
MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
PLACE = Place(NAMESPACE, "base")


@pytest.fixture(scope="module")
def place(server: Server) -> Iterator[Server]:
    """A server with a namespace, and in it an account that has the Role's rights alone."""
    if server.limited is None:
        pytest.skip("no account without rights: set KUBEBUILDER_ASSETS")
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"
    server.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    server.create(f"{rbac}/roles", baseline_role(NAMESPACE, PLACE.name))
    subject = {"kind": "User", "name": "limited", "apiGroup": "rbac.authorization.k8s.io"}
    role = {"kind": "Role", "name": "auditor-baseline", "apiGroup": "rbac.authorization.k8s.io"}
    server.create(f"{rbac}/rolebindings", {"metadata": {"name": "base"}, "subjects": [subject], "roleRef": role})
    yield server
    server.call("DELETE", f"/api/v1/namespaces/{NAMESPACE}")


@pytest.fixture(autouse=True)
def emptied(place: Server) -> Iterator[None]:
    yield
    place.call("DELETE", MAPS)


def opened(server: Server, place: Place = PLACE) -> ConfigMapStore:
    return ConfigMapStore(place, identify(str(server.limited), None))


def test_a_baseline_is_kept_with_the_rights_of_the_role(place: Server) -> None:
    store = opened(place)
    assert store.read() is None
    with pytest.raises(SourceError, match="403") as caught:
        store.write(b"data")
    assert "kubectl create configmap" in caught.value.advice
    place.create(MAPS, {"metadata": {"name": PLACE.name}}, {"metadata": {"name": "other"}})
    first, second = opened(place), opened(place)
    assert first.read() is None
    assert second.read() is None
    largest = os.urandom(LIMIT)
    first.write(largest)
    with pytest.raises(SourceError, match="changed since it was read"):
        second.write(b"second")
    assert opened(place).read() == largest
    held = place.call("GET", f"{MAPS}/{PLACE.name}")
    assert held["binaryData"] == {KEY: base64.b64encode(largest).decode()}
    with pytest.raises(SourceError, match="403"):
        opened(place, Place(NAMESPACE, "other")).read()


@pytest.mark.parametrize("again", [False, True], ids=["gone", "made anew"])
def test_deleted_while_the_audit_ran(place: Server, again: bool) -> None:
    place.create(MAPS, {"metadata": {"name": PLACE.name}})
    store = opened(place)
    assert store.read() is None
    place.call("DELETE", f"{MAPS}/{PLACE.name}")
    if again:
        place.create(MAPS, {"metadata": {"name": PLACE.name}})
    with pytest.raises(SourceError, match="changed since it was read" if again else "404") as caught:
        store.write(b"data")
    assert again or "Make it again" in caught.value.advice


def test_one_byte_more_than_fits(place: Server) -> None:
    """What Auditor refuses to send the server would refuse, too."""
    place.create(MAPS, {"metadata": {"name": PLACE.name}})
    store = opened(place)
    store.read()
    with pytest.raises(SourceError, match="nothing was kept"):
        store.write(bytes(LIMIT + 1))
    value = base64.b64encode(bytes(LIMIT + 1)).decode()
    with pytest.raises(AssertionError, match="Too long"):
        place.call("PATCH", f"{MAPS}/{PLACE.name}", {"binaryData": {KEY: value}})
