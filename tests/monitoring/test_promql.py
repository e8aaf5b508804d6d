"""The series that an expression selects; promtool takes each of the expressions for PromQL."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from auditor.monitoring.metrics import claims_pulls, exports_pulls
from auditor.monitoring.promql import Matcher, Selector, may_fire_without, selectors
from auditor.monitoring.series import dead_series, unknown_series
from tests.real import program

CASES = {
    'increase(container_image_pulls_total{image!~"a/.*"}[5m]) > 0': ["container_image_pulls_total"],
    '{__name__="foo", a=~"b"}': ["foo"],
    '{__name__=~"foo.*"}': [""],
    "sum by (job) (rate(x[5m])) / on (job) group_left (team) y offset 5m": ["x", "y"],
    "sum(rate(x[5m])) without (job) > bool 1.5e-3": ["x"],
    "up == 0 and absent(z) unless w": ["up", "z", "w"],
    "histogram_quantile(0.9, sum(rate(a_bucket[5m])) by (le))": ["a_bucket"],
    "max_over_time(sum(x)[5m:1m])": ["x"],
    "time() > bool 3 * 1e3 - Inf": [],
    'x{a="}", b=`"`} @ start()': ["x"],
    "corp:image_pulls:rate5m # {y}\n > -1": ["corp:image_pulls:rate5m"],
    "rate(rate[5m])": ["rate"],
}


@pytest.mark.parametrize(("expression", "metrics"), CASES.items())
def test_selectors(expression: str, metrics: list[str]) -> None:
    assert [found.metric for found in selectors(expression)] == metrics


def test_all_of_them_are_promql(tmp_path: Path) -> None:
    rules = [{"record": f"r{index}", "expr": expression} for index, expression in enumerate(CASES)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}))
    checked = subprocess.run(
        [program("promtool"), "check", "rules", "rules.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_names_in_quotes() -> None:
    """As Prometheus has them from 3.0 on."""
    assert [found.metric for found in selectors('rate({"utf8.name", a="b"}[5m])')] == ["utf8.name"]


def test_matchers() -> None:
    (found,) = selectors('x{a="1", b!="", c=~"d|", e!~".+", f=~"(((", g=~"z{99999999999}"}')
    assert found == Selector(
        "x",
        (Matcher("a", "=", "1"), Matcher("b", "!=", ""), Matcher("c", "=~", "d|"), Matcher("e", "!~", ".+"),
         Matcher("f", "=~", "((("), Matcher("g", "=~", "z{99999999999}")),
    )  # fmt: skip
    assert [matcher.asks for matcher in found.matchers] == [True, True, False, False, False, False]


@pytest.mark.parametrize("text", ["(" * 100_000, "x{" * 50_000, '"' + "\\" * 99_999, "a" * 1_000_000, "{a=" * 50_000])
def test_any_text_is_read_to_its_end(text: str) -> None:
    assert len(selectors(text)) <= len(text)


def test_metrics_of_pulls() -> None:
    assert claims_pulls("container_image_pulls_total")
    assert not exports_pulls("container_image_pulls_total")
    for metric in ("kubelet_image_pull_duration_seconds_bucket", "containerd_cri_sandboxed_image_pulls_total"):
        assert claims_pulls(metric)
        assert exports_pulls(metric)
    assert not claims_pulls("kube_pod_container_info")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("absent(container_image_pulls_total)", True),
        ("container_image_pulls_total > 0 or vector(1)", True),
        ("a unless b", True),
        ("rate(container_image_pulls_total[5m]) > 0", False),
        ('up{job="absent or unless"}', False),
        ("absents > 0", False),
    ],
)
def test_what_may_fire_without_its_series(expression: str, expected: bool) -> None:
    assert may_fire_without(expression) is expected


@pytest.mark.parametrize(
    ("expression", "reasons"),
    [
        ('rate(kubelet_runtime_operations_total{operation_type="pull_image"}[5m])', 0),
        ('rate(kubelet_runtime_operations_total{operation_type="image_pull"}[5m])', 1),
        ('rate(kubelet_runtime_operations_total{operation_type="exec"}[5m])', 0),
        ('rate(kubelet_runtime_operations_total{operation_type="pull_image",image=~"a.+"}[5m])', 1),
        ('rate(kubelet_runtime_operations_total{operation_type="pull_image",image!~"a.+"}[5m])', 0),
        ('rate(kubelet_docker_operations_total{operation_type="pull_image"}[5m])', 1),
        ("container_image_pulls_total", 1),
    ],
)
def test_series_of_pulls_that_nothing_exports(expression: str, reasons: int) -> None:
    assert len(list(dead_series(expression, ()))) == reasons


def test_a_name_that_an_exporter_might_have_is_not_taken_for_one() -> None:
    assert list(unknown_series("container_images_pulled + kube_pod_info + kube_pod_container_image_info", ())) == [
        "container_images_pulled",
        "kube_pod_container_image_info",
    ]
