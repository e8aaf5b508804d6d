"""The dashboard: Grafana's own types know every key of it, and a real Prometheus answers every question in it."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from tests.metrics.conftest import MONITORING
from tests.metrics.nights import last_night
from tests.metrics.servers import ask, query

DASHBOARD: dict[str, Any] = json.loads((MONITORING / "grafana-dashboard.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
VARIABLES: dict[str, dict[str, Any]] = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
EXPRESSIONS = [
    pytest.param(target["expr"], id=f"{panel['title']}-{target['refId']}")
    for panel in PANELS
    for target in panel["targets"]
]


def filled(expression: str, **chosen: str) -> str:
    """As Grafana sends it: `.*` for All, which the variables name as their value of it."""
    for name in VARIABLES:
        expression = expression.replace(f"${name}", chosen.get(name, ".*"))
    assert "$" not in expression
    return expression


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_panel_shows_something(night: str, expression: str) -> None:
    assert query(night, filled(expression))
    assert query(night, filled(expression, cluster="shop|other"))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_another_cluster_is_left_out(night: str, expression: str) -> None:
    assert query(night, filled(expression, cluster="other")) == []


def test_panels_show_the_right_numbers(night: str) -> None:
    def values(title: str, label: str) -> dict[str, float]:
        (panel,) = (panel for panel in PANELS if panel["title"] == title)
        found = query(night, filled(panel["targets"][0]["expr"]))
        return {row["metric"].get(label, ""): float(row["value"][1]) for row in found}

    assert values("Failures", "severity") == {"critical": 1, "high": 3, "medium": 4, "low": 1}
    assert values("New since the baseline", "severity") == {"critical": 1, "high": 0, "medium": 0, "low": 0}
    assert values("By namespace", "namespace") == {"(cluster)": 2, "payments": 5, "web": 2}
    assert values("By check", "check")["unpinned-image"] == 2
    assert values("Complete", "cluster") == {"shop": 0}
    assert set(values("Not read", "resource")) == {"secrets", "cronjobs", "*"}
    assert 3600 <= values("Age of the last audit", "cluster")["shop"] < 3 * 3600


def test_variables_have_values(night: str) -> None:
    assert VARIABLES.keys() == {"datasource", "cluster", "namespace"}
    for name in ("cluster", "namespace"):
        variable = VARIABLES[name]
        wanted = re.fullmatch(r"label_values\((?P<series>.+), (?P<label>\w+)\)", variable["query"]["query"])
        assert wanted is not None
        assert (wanted["label"], variable["definition"]) == (name, variable["query"]["query"])
        assert (variable["includeAll"], variable["allValue"]) == (True, ".*")
        found = ask(night, "series", **{"match[]": filled(wanted["series"])})
        values = {series.get(name) for series in found}
        assert values >= ({"shop"} if name == "cluster" else {"payments", "web"})


def test_it_asks_for_metrics_that_exist() -> None:
    exported = set(re.findall(r"^# TYPE (\S+)", last_night(), re.MULTILINE))
    asked = {name for parameter in EXPRESSIONS for name in re.findall(r"\bauditor_\w+", str(parameter.values[0]))}
    assert asked <= exported


@pytest.mark.filterwarnings("ignore:Prefer using dashboardv2")  # Grafana takes both, older ones only this form
def test_grafana_knows_every_key() -> None:
    """What its types do not know is lost on the way through them."""
    # By name: mypy would read all of the kit.
    kit = "grafana_foundation_sdk"
    importlib.import_module(f"{kit}.cog.plugins").register_default_plugins()
    dashboard = importlib.import_module(f"{kit}.models.dashboard").Dashboard.from_json(DASHBOARD)
    back = json.loads(json.dumps(dashboard, cls=importlib.import_module(f"{kit}.cog.encoder").JSONEncoder))
    assert list(lost(DASHBOARD, back)) == []


def lost(given: Any, kept: Any, path: str = "") -> Iterator[str]:
    if isinstance(given, dict):
        for key, value in given.items():
            yield from lost(value, kept.get(key), f"{path}/{key}")
    elif isinstance(given, list):
        assert len(given) == len(kept)
        for index, value in enumerate(given):
            yield from lost(value, kept[index], f"{path}/{index}")
    elif given != kept:
        yield path


def test_panels_do_not_overlap() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    places = [panel["gridPos"] for panel in PANELS]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for a, b in combinations(places, 2):
        beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        assert beside or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]


def test_data_come_from_the_chosen_source() -> None:
    sources = [panel["datasource"] for panel in PANELS]
    sources += [target["datasource"] for panel in PANELS for target in panel["targets"]]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)
