"""The cluster that the tests of probes share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apiserver import ApiServer
from tests.apistore import Store
from tests.protobuf import encoded
from tests.sources.probing_story import Probing, labelled


@pytest.fixture(params=["json", "protobuf"])
def encoding(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The encoding of lists that the test API server has at most."""
    if request.param == "protobuf":
        monkeypatch.setattr(ApiServer, "encode", staticmethod(encoded))
    return str(request.param)


@pytest.fixture
def probing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Probing]:
    store = Store()
    store.add("v1", "namespaces", [labelled("dev"), labelled("prod")])
    with ApiServer(store) as server:
        yield Probing(server, store, tmp_path, capsys)
    assert store.violations == []
