"""Lists in pages: all of each list, nothing twice, tokens that stay with their list, and an end to every walk."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import wire
from auditor.sources.listing import Walk, decode, pages
from auditor.sources.reader import Reader
from auditor.sources.transport import JSON, Answer
from tests.apiserver import ApiServer, Damage, Reply, Request, Response
from tests.apistore import Store
from tests.sources.scanning import Scan, named, pod, scan

pytestmark = pytest.mark.usefixtures("encoding")

PODS = "/api/v1/pods"
ROLLOUTS = "/apis/argoproj.io/v1alpha1/rollouts"


def store_with(pods: int) -> Store:
    store = Store()
    store.add("v1", "pods", [pod(f"pod-{index:03}") for index in range(pods)])
    return store


class Direct:
    """The store without a socket."""

    host = "store"

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self._answer = answer

    def get(self, path: str, accept: str = JSON) -> Answer:
        name, _, query = path.partition("?")
        pairs = dict(pair.split("=", 1) for pair in query.split("&") if pair)
        pairs = {key: value.replace("%3D", "=") for key, value in pairs.items()}
        response = self._answer(Request(name, pairs, path, {"accept": accept}, "admin"))
        return Answer(response.status, {"content-type": response.content_type}, response.body)


@given(objects=st.integers(0, 40), size=st.integers(1, 45), custom=st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_page_size_gives_every_object_once_and_in_order(objects: int, size: int, custom: bool) -> None:
    store = Store()
    store.serve("argoproj.io/v1alpha1", "rollouts", "Rollout")
    names = [f"x-{index:02}" for index in range(objects)]
    table = ("argoproj.io/v1alpha1", "rollouts") if custom else ("v1", "pods")
    store.add(*table, [named(name, "default") for name in names])
    walk = Walk(Reader(Direct(store)), ROLLOUTS if custom else PODS, limit=size)
    found: list[str | None] = []
    for page in pages(walk):
        items, misfits, _ = decode(wire.Partial, page, walk)
        assert not misfits
        found += [item.metadata.name for item in items if item.metadata]
    assert found == names
    assert not store.violations


def test_lists_at_once_keep_their_tokens_apart(tmp_path: Path) -> None:
    store = store_with(23)
    kinds = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg", "Opaque")
    store.add("v1", "secrets", [named(f"s-{i:02}", "default", type=kinds[i % 3]) for i in range(30)])
    store.add("v1", "serviceaccounts", [named(f"a-{index:02}", "default") for index in range(17)])
    store.add("apps/v1", "deployments", [named(f"d-{index:02}", "default") for index in range(19)])
    with ApiServer(store) as server:
        found = scan(server, tmp_path, page_size=2)
    assert {row.resource: row.count for row in found.snapshot.coverage if row.count} == {
        "pods": 23,
        "secrets": 20,
        "serviceaccounts": 17,
        "deployments": 19,
    }
    assert not store.violations
    assert not any("s-02" in request.target for request in server.requests)


def test_the_next_page_is_asked_for_before_this_one_is_decoded() -> None:
    """Two pages at most are in memory, and the server works while a page is decoded."""
    store, asked = store_with(5), list[str]()

    def backend(request: Request) -> Response:
        asked.append(request.target)
        return store(request)

    walk = Walk(Reader(Direct(backend)), PODS, limit=1)
    seen = 0
    for _ in pages(walk):
        seen += 1
        assert len(asked) <= seen + 1
    assert seen == len(asked) == 5


@pytest.mark.parametrize("offers", [True, False], ids=["goes on", "begins again"])
def test_an_expired_token(tmp_path: Path, offers: bool) -> None:
    store = store_with(20)

    def expire(response: Response) -> Response:
        store.expire(offers=offers)
        return response

    with ApiServer(store) as server:
        server.inject(PODS, None, Damage(expire))
        found = scan(server, tmp_path, page_size=6)
        assert server.count(PODS) == (5 if offers else 7)
    row = found.row("pods")
    assert (row.state, row.count, row.complete) == ("read", 20, True)
    assert ("mixes two moments" in row.detail) == offers
    assert sum(shape.pods for owner in found.snapshot.owners for shape in owner.shapes) == 20
    assert not store.violations


def test_a_list_that_expires_again_and_again_fails(tmp_path: Path) -> None:
    expired = Response(410, b'{"kind":"Status","reason":"Expired","code":410,"metadata":{}}')
    with ApiServer(store_with(20)) as server:
        server.inject(PODS, *[Reply(expired)] * 50, where="continue=")
        row = scan(server, tmp_path, page_size=6).row("pods")
        assert server.count(PODS) == 8
    assert (row.state, row.complete) == ("failed", False)
    assert "expired" in row.detail


def test_a_continue_token_that_the_server_does_not_understand_begins_the_list_again(tmp_path: Path) -> None:
    refusal = Response(400, b'{"kind":"Status","reason":"BadRequest","message":"invalid continue token","code":400}')
    with ApiServer(store_with(20)) as server:
        server.inject(PODS, Reply(refusal), where="continue=")
        row = scan(server, tmp_path, page_size=6).row("pods")
    assert (row.state, row.count) == ("read", 20)


def test_expired_tokens_that_are_offered_without_end_fail(tmp_path: Path) -> None:
    numbers = count()

    def expired(response: Response) -> Response:
        body = {"kind": "Status", "code": 410, "metadata": {"continue": f"token-{next(numbers)}"}}
        return Response(410, json.dumps(body).encode())

    with ApiServer(store_with(20)) as server:
        server.inject(PODS, *[Damage(expired)] * 50, where="continue=")
        row = scan(server, tmp_path, page_size=6).row("pods")
    assert (row.state, row.count) == ("failed", 6)
    assert server.count(PODS) < 10


def endless(tmp_path: Path, page: Callable[[int], bytes]) -> tuple[Scan, int]:
    store = Store()
    store.ready(PODS, 10**9, page)
    with ApiServer(store) as server:
        return scan(server, tmp_path), server.count(PODS)


def test_the_same_token_again_is_no_progress(tmp_path: Path) -> None:
    body = json.dumps({"kind": "PodList", "metadata": {"continue": "1"}, "items": [pod("p")]}).encode()
    found, asked = endless(tmp_path, lambda number: body)
    row = found.row("pods")
    assert row.state == "failed"
    assert "same continue token twice" in row.detail
    assert asked == 2


def test_empty_pages_without_end_are_no_progress(tmp_path: Path) -> None:
    found, asked = endless(
        tmp_path,
        lambda number: json.dumps({"kind": "PodList", "metadata": {"continue": str(number + 1)}, "items": []}).encode(),
    )
    assert found.row("pods").state == "failed"
    assert "empty pages" in found.row("pods").detail
    assert asked < 300


def test_some_empty_pages_are_no_end(tmp_path: Path) -> None:
    def page(number: int) -> bytes:
        token = str(number + 1) if number < 30 else ""
        items = [pod(f"pod-{number}")] if number % 10 == 0 else None if number % 2 else []
        return json.dumps({"kind": "PodList", "metadata": {"continue": token}, "items": items}).encode()

    row = endless(tmp_path, page)[0].row("pods")
    assert (row.state, row.count, row.complete) == ("read", 4, True)


def test_a_server_that_knows_no_limit(tmp_path: Path) -> None:
    """As one does with resourceVersion=0: everything in one page."""
    store = store_with(50)
    with ApiServer(lambda request: store(replace(request, query={}))) as server:
        row = scan(server, tmp_path, page_size=7).row("pods")
    assert (row.state, row.count) == ("read", 50)


def test_custom_resources_carry_their_token_at_the_end(tmp_path: Path) -> None:
    store = Store()
    store.serve("argoproj.io/v1alpha1", "rollouts", "Rollout")
    store.add("argoproj.io/v1alpha1", "rollouts", [named(f"r-{index}", "default") for index in range(9)])
    with ApiServer(store) as server:
        row = scan(server, tmp_path, page_size=4).row("rollouts")
        assert server.count(ROLLOUTS) == 3
    assert (row.state, row.count) == ("read", 9)


def test_an_object_that_does_not_fit_its_kind_costs_that_object(tmp_path: Path) -> None:
    store = store_with(3)
    store.serve("argoproj.io/v1alpha1", "rollouts", "Rollout")
    odd = named("odd", "default", spec={"replicas": "hunter2-secret"})
    store.add("argoproj.io/v1alpha1", "rollouts", [odd, named("even", "default", spec={"replicas": 2})])
    with ApiServer(store) as server:
        row = scan(server, tmp_path).row("rollouts")
    assert (row.state, row.count, row.complete) == ("read", 1, False)
    assert "1 object" in row.detail
    assert "$.spec.replicas" in row.detail
    assert "hunter2" not in row.detail


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("order", ["metadata first", "items first", "continue in an object"])
def test_wherever_the_token_stands_it_is_found(indent: int | None, order: str) -> None:
    def page(number: int) -> Response:
        token = {"continue": f"t{number + 1}"} if number < 2 else {}
        item = {"metadata": {"name": f"n{number}", "labels": {"continue": "no", "items": "none"}}}
        body: dict[str, object] = {"kind": "PodList", "metadata": {"resourceVersion": "1", **token}, "items": [item]}
        if order == "items first":
            body = {"items": [item], "kind": "PodList", "metadata": token}
        if order == "continue in an object":
            body = {"items": [{"metadata": {"name": f"n{number}", "annotations": {"continue": "x"}}}], **body}
        return Response(200, json.dumps(body, indent=indent).encode())

    walk = Walk(Reader(Direct(lambda request: page(int(request.query.get("continue", "t0")[1:])))), PODS)
    names = [item.metadata.name for p in pages(walk) for item in decode(wire.Partial, p, walk)[0] if item.metadata]
    assert names == ["n0", "n1", "n2"]
