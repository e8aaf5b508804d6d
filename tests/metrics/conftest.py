"""A Prometheus that has read last night's metrics and runs the alerts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.auditing import ROOT
from tests.metrics.nights import last_night
from tests.metrics.servers import page, patiently, prometheus, query

MONITORING = ROOT / "docs/in-cluster/monitoring"


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address."""
    folder, rules = tmp_path_factory.mktemp("prometheus"), MONITORING / "rules.yaml"
    with page(last_night()) as target, prometheus(folder, target, rules=rules) as address:
        patiently(lambda: query(address, "auditor_duration_seconds"), "scraped metrics")
        yield address
