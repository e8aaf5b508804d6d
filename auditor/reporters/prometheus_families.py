"""Metric families of Prometheus' text format: gauges with escaped labels, each set of labels once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import add

from prometheus_client.core import GaugeMetricFamily, Metric

from auditor.escape import escape

Sample = tuple[tuple[str, ...], float]


def family(
    name: str,
    about: str,
    labels: tuple[str, ...],
    samples: Iterable[Sample],
    join: Callable[[float, float], float] = add,
) -> Metric:
    """A gauge with labels, sorted by them. An empty label is, to Prometheus, one that is not there.

    `join` makes one of two samples whose labels have become the same: Prometheus refuses a text that has both.
    """
    joined: dict[tuple[str, ...], float] = {}
    for values, value in samples:
        key = tuple(escape(value) for value in values)
        joined[key] = join(joined[key], value) if key in joined else value
    made = GaugeMetricFamily(name, about, labels=labels)
    for key in sorted(joined):
        made.add_metric(key, joined[key])
    return made
