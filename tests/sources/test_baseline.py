"""A baseline in a ConfigMap of the loopback API server: what is read, what is written, and what never is."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor.baseline import KEY, LIMIT, baseline_role
from auditor.errors import SourceError, UsageError
from auditor.sources.baseline import ConfigMapStore, Place, parse_place
from auditor.sources.configuration import identify
from tests.apiserver import ApiServer, Close, Damage, Reset, Response, plain
from tests.apistore import Store
from tests.sources.configmaps import ConfigMaps
from tests.sources.scanning import write_kubeconfig

PLACE = Place("audit", "base")
PATH = "/api/v1/namespaces/audit/configmaps/base"
ALL = "/api/v1/namespaces/audit/configmaps"

Open = Callable[[], ConfigMapStore]


def encoded(data: bytes) -> dict[str, str]:
    return {KEY: base64.b64encode(data).decode()}


@pytest.fixture
def maps() -> ConfigMaps:
    return ConfigMaps(Store(), "audit", baseline_role("audit", "base"))


@pytest.fixture
def server(maps: ConfigMaps) -> Iterator[ApiServer]:
    with ApiServer(maps) as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def opened(server: ApiServer, tmp_path: Path, waits: list[float]) -> Open:
    identity = identify(str(write_kubeconfig(tmp_path / "kubeconfig", server.url)), None)
    return lambda: ConfigMapStore(PLACE, identity, waits.append, timeout=5)


def held(maps: ConfigMaps) -> bytes:
    return base64.b64decode(maps.objects["base"]["binaryData"][KEY])


def test_what_was_written_is_read_the_next_time(maps: ConfigMaps, opened: Open) -> None:
    maps.add("base")
    first = opened()
    assert first.read() is None
    first.write(b"one")
    second = opened()
    assert second.read() == b"one"
    second.write(b"two")
    assert held(maps) == b"two"
    assert maps.refused == []


def test_two_runs_at_once_and_the_later_one_is_told(maps: ConfigMaps, opened: Open) -> None:
    maps.add("base", binaryData=encoded(b"old"))
    first, second = opened(), opened()
    assert first.read() == second.read() == b"old"
    first.write(b"first")
    with pytest.raises(SourceError, match="ConfigMap audit/base was changed since it was read"):
        second.write(b"second")
    assert held(maps) == b"first"


def test_where_there_is_none_it_is_made_by_who_may(tmp_path: Path) -> None:
    maps = ConfigMaps(Store(), "audit")
    with ApiServer(maps) as server:
        identity = identify(str(write_kubeconfig(tmp_path / "kubeconfig", server.url)), None)
        first, second = (ConfigMapStore(PLACE, identity) for _ in range(2))
        assert first.read() is None
        assert second.read() is None
        first.write(b"first")
        with pytest.raises(SourceError, match="changed since it was read"):
            second.write(b"second")
    assert held(maps) == b"first"
    assert maps.objects["base"]["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "auditor"}


def test_who_may_not_make_it_is_told_how(maps: ConfigMaps, opened: Open) -> None:
    store = opened()
    assert store.read() is None
    with pytest.raises(SourceError) as caught:
        store.write(b"data")
    assert caught.value.advice == "Make it once: kubectl create configmap -n audit base"
    assert maps.objects == {}


def test_without_the_right_it_says_which_one(opened: Open, maps: ConfigMaps, server: ApiServer) -> None:
    maps.add("base")
    store = opened()
    store.read()
    server.inject(PATH, plain(403, "no"))
    with pytest.raises(SourceError, match=r"cannot be written: the API server answers 403: no") as caught:
        store.write(b"data")
    assert "auditor rbac --keep-baseline audit/base" in caught.value.advice
    server.inject(PATH, plain(403, "no"))
    with pytest.raises(SourceError, match=r"cannot be read: the API server answers 403: no"):
        opened().read()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"data": {KEY: "text, where bytes should be"}}, r"other things than a baseline: baseline\.json\.gz"),
        ({"data": {"policy.yaml": "version: 1"}}, r"other things than a baseline: policy\.yaml"),
        ({"binaryData": encoded(b"x") | {"logo.png": ""}}, r"other things than a baseline: logo\.png"),
        ({"binaryData": encoded(b"x"), "immutable": True}, "immutable"),
        ({"binaryData": {KEY: "not base64!"}}, "not what an API server sends"),
    ],
)
def test_what_is_no_baseline_is_refused(maps: ConfigMaps, opened: Open, content: dict[str, object], says: str) -> None:
    before = maps.add("base", **content)
    with pytest.raises(SourceError, match=says):
        opened().read()
    assert maps.objects["base"] is before


def test_an_immutable_one_can_be_compared_with(maps: ConfigMaps, opened: Open) -> None:
    maps.add("base", binaryData=encoded(b"pinned"), immutable=True)
    assert opened().read(keep=False) == b"pinned"


def test_what_is_no_object_is_refused(maps: ConfigMaps, opened: Open, server: ApiServer) -> None:
    server.inject(PATH, plain(200, "<html>log in</html>"))
    with pytest.raises(SourceError, match="not what an API server sends"):
        opened().read()
    server.inject(PATH, plain(404, "nothing here"))
    with pytest.raises(SourceError, match="cannot be read: the API server answers 404"):
        opened().read()


@pytest.mark.parametrize("fault", [plain(503, "later"), plain(429, "slow", retry_after="7"), Reset(), Close()])
def test_a_write_is_tried_again(
    maps: ConfigMaps, opened: Open, server: ApiServer, waits: list[float], fault: Reset
) -> None:
    maps.add("base")
    store = opened()
    store.read()
    server.inject(PATH, fault, fault)
    store.write(b"data")
    assert held(maps) == b"data"
    assert waits == ([7.0, 7.0] if "Retry-After" in str(fault) else [1.0, 2.0])


def test_an_answer_that_was_lost_is_no_conflict(maps: ConfigMaps, opened: Open, server: ApiServer) -> None:
    maps.add("base")
    store = opened()
    store.read()
    server.inject(PATH, Damage(lambda response: Response(502, b"the proxy lost it")))
    store.write(b"data")
    assert held(maps) == b"data"
    assert server.count(PATH, "fieldManager") == 2


def test_a_write_is_given_up(maps: ConfigMaps, opened: Open, server: ApiServer, waits: list[float]) -> None:
    maps.add("base")
    store = opened()
    store.read()
    server.inject(PATH, *[plain(500, "no")] * 9)
    with pytest.raises(SourceError, match=r"could not be written: it answered 500 \(5 tries\)"):
        store.write(b"data")
    assert len(waits) == 4


def test_gone_meanwhile(maps: ConfigMaps, opened: Open) -> None:
    maps.add("base")
    store = opened()
    store.read()
    del maps.objects["base"]
    with pytest.raises(
        SourceError, match='cannot be written: the API server answers 404: configmaps "base" not found'
    ) as caught:
        store.write(b"data")
    assert "Make it again: kubectl create configmap -n" in caught.value.advice


def test_the_largest_that_fits_and_one_byte_more(maps: ConfigMaps, opened: Open) -> None:
    maps.add("base")
    store = opened()
    store.read()
    store.write(b"x" * LIMIT)
    with pytest.raises(SourceError, match="takes 1,048,577 bytes") as caught:
        opened().write(b"x" * (LIMIT + 1))
    assert "--baseline /var/lib/auditor/baseline.json --keep-baseline" in caught.value.advice
    assert held(maps) == b"x" * LIMIT


def test_writes_are_of_one_object_and_one_value(maps: ConfigMaps, opened: Open, server: ApiServer) -> None:
    maps.add("base")
    store = opened()
    store.read()
    store.write(b"data")
    writes = [request for request in server.requests if request.method != "GET"]
    assert [(request.method, request.path) for request in writes] == [("PATCH", PATH)]
    assert b'"binaryData": {"baseline.json.gz"' in writes[0].body


@pytest.mark.parametrize(
    "text", ["", "auditor", "/name", "audit/", "Audit/base", "a/b/c", "audit/base.", f"audit/{'x' * 254}", "a b/c"]
)
def test_names_that_can_be_no_config_map(text: str) -> None:
    with pytest.raises(UsageError, match="names no ConfigMap"):
        parse_place(text)


def test_names() -> None:
    assert parse_place("audit/base.v1") == Place("audit", "base.v1")
