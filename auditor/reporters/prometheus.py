"""The report as metrics in Prometheus' text format: few series, whatever the cluster is called or holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from auditor.report import Report
from auditor.reporters import Options
from auditor.reporters.prometheus_clusters import Clusters
from auditor.reporters.prometheus_families import family
from auditor.reporters.prometheus_findings import changes, findings

_STATUSES = ("pass", "fail", "manual", "waived")
_STATES = ("read", "forbidden", "failed", "excluded", "absent")


def render(report: Report, options: Options) -> str:
    """Metrics for a textfile collector, a Pushgateway or a web server: gauges, as an audit is a state.

    Each has the label cluster. What is about the run as a whole has it empty in a report of several clusters.
    """
    registry = CollectorRegistry()
    registry.register(_Audit(report, options))
    return generate_latest(registry).decode()


class _Audit(Collector):
    """Gives a registry the metrics of one report. No subject, image or id is a label: their number has no bound."""

    def __init__(self, report: Report, options: Options) -> None:
        self._report = report
        self._options = options

    def collect(self) -> Iterator[Metric]:
        clusters = Clusters(self._report)
        yield _info(clusters)
        yield from findings(self._report)
        if self._options.comparison is not None:
            yield from changes(self._options.comparison)
        yield _subjects(clusters)
        yield from _coverage(self._report, clusters)
        yield _complete(clusters)
        yield from _run(self._options, clusters)
        yield from _last_success(clusters)


def _info(clusters: Clusters) -> Metric:
    return family(
        "auditor_info",
        "Which audit the other metrics are of.",
        ("version", "cluster", "kubernetes_version", "source"),
        (((one.version, one.name, one.row.version, one.row.source), 1) for one in clusters.audited),
        join=max,
    )


def _subjects(clusters: Clusters) -> Metric:
    return family(
        "auditor_subjects",
        "What each check that ran was asked about, by the worst answer.",
        ("cluster", "check", "status"),
        (
            ((one.name, row.id, status), count)
            for one in clusters.audited
            for row in one.checks
            for status, count in zip(_STATUSES, (row.passed, row.fail, row.manual, row.waived), strict=True)
        ),
    )


def _coverage(report: Report, clusters: Clusters) -> Iterator[Metric]:
    rows = [(clusters.of(row), row) for row in report.coverage]
    resources = list(dict.fromkeys((cluster, row.resource) for cluster, row in rows))
    found = {(cluster, row.resource, row.state) for cluster, row in rows}
    states = list(dict.fromkeys((*_STATES, *(row.state for _, row in rows))))
    yield family(
        "auditor_coverage",
        "1 for each state that a resource is in: read here, forbidden there.",
        ("cluster", "resource", "state"),
        (((*resource, state), (*resource, state) in found) for resource in resources for state in states),
        join=max,
    )
    # Of what was not read nobody knows how much there is: no 0.
    objects = [((cluster, row.resource), row.count) for cluster, row in rows if row.state == "read" or row.count]
    yield family("auditor_objects", "Objects read.", ("cluster", "resource"), objects)


def _complete(clusters: Clusters) -> Metric:
    return family(
        "auditor_complete",
        "Whether everything was judged: 0 while something was unread or a check broke.",
        ("cluster",),
        (((one.name,), one.complete) for one in clusters.audited),
        join=min,
    )


def _run(options: Options, clusters: Clusters) -> Iterator[Metric]:
    """What only the command knows, as far as it says so."""
    for name, about, value in (
        ("auditor_new_failures", "Failures at or above --fail-on that the baseline does not hold.", options.new),
        ("auditor_exit_code", "What the audit exited with.", options.exit_code),
        ("auditor_duration_seconds", "How long the audit took.", options.duration),
    ):
        if value is not None:
            yield family(name, about, ("cluster",), [((clusters.run,), value)])


def _last_success(clusters: Clusters) -> Iterator[Metric]:
    moments = [(one.name, _seconds(one.row.collected_at)) for one in clusters.audited]
    known = [((name,), moment) for name, moment in moments if moment is not None]
    if known:
        yield family(
            "auditor_last_success_timestamp_seconds",
            "When the cluster was last read for an audit.",
            ("cluster",),
            known,
            join=min,
        )


def _seconds(when: str | None) -> float | None:
    """Unix time of an RFC 3339 time; None where there is none."""
    try:
        moment = datetime.fromisoformat(when or "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
