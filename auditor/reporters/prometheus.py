"""The report as metrics in Prometheus' text format: few series, whatever the cluster is called or holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from auditor.escape import escape
from auditor.report import Report, Severity
from auditor.reporters import Options

_STATUSES = ("pass", "fail", "manual", "waived")
_CAUSES = ("judgment", "unreadable", "error")
_STATES = ("read", "forbidden", "failed", "excluded", "absent")


class _Audit(Collector):
    """Gives a registry the metrics of one report. No subject, image or id is a label: their number has no bound."""

    def __init__(self, report: Report, options: Options) -> None:
        self._report = report
        self._options = options

    def collect(self) -> Iterator[Metric]:
        report = self._report
        yield _info(report)
        yield from _findings(report)
        yield from _subjects(report)
        yield from _coverage(report)
        yield _gauge(
            "auditor_complete",
            "Whether everything was judged: 0 while something was unread or a check broke.",
            not report.incomplete,
        )
        if self._options.new is not None:
            yield _gauge(
                "auditor_new_failures",
                "Failures at or above --fail-on that the baseline does not hold.",
                self._options.new,
            )
        if self._options.exit_code is not None:
            yield _gauge("auditor_exit_code", "What the audit exited with.", self._options.exit_code)
        if (collected := _seconds(report.cluster.collected_at)) is not None:
            yield _gauge(
                "auditor_last_success_timestamp_seconds", "When the cluster was last read for an audit.", collected
            )


def render(report: Report, options: Options) -> str:
    """Metrics for a textfile collector, a Pushgateway or a web server: gauges, as an audit is a state.

    Labels are check, namespace, severity, status, cause, resource and state, and cluster where a report has several.
    """
    registry = CollectorRegistry()
    registry.register(_Audit(report, options))
    return generate_latest(registry).decode()


def _info(report: Report) -> Metric:
    cluster = report.cluster
    known = {
        "version": report.auditor.version,
        "cluster": cluster.name,
        "kubernetes_version": cluster.version,
        "source": cluster.source,
    }
    return InfoMetricFamily(
        "auditor", "Which audit the other metrics are of.", {name: escape(value) for name, value in known.items()}
    )


def _findings(report: Report) -> Iterator[Metric]:
    several = any(finding.cluster for finding in report.findings)
    lead = ("cluster",) if several else ()
    counts = Counter(
        (
            *((finding.cluster,) if several else ()),
            finding.check,
            finding.namespace or "",
            finding.severity,
            finding.status,
        )
        for finding in report.findings
    )
    yield _family(
        "auditor_findings",
        "Findings; passes are none, see auditor_subjects. An empty namespace is the cluster itself.",
        (*lead, "check", "namespace", "severity", "status"),
        counts.items(),
    )
    failures = Counter(finding.severity for finding in report.findings if finding.status == "fail")
    yield _family(
        "auditor_failures",
        "Findings that failed, waived ones aside.",
        ("severity",),
        (((severity,), failures[severity]) for severity in Severity),
    )
    causes = Counter[str | None](finding.cause for finding in report.findings)
    yield _family(
        "auditor_not_judged",
        "Findings without a verdict, by cause.",
        ("cause",),
        (((cause,), causes[cause]) for cause in _CAUSES),
    )


def _subjects(report: Report) -> Iterator[Metric]:
    yield _family(
        "auditor_subjects",
        "What each check that ran was asked about, by the worst answer.",
        ("check", "status"),
        (
            ((row.id, status), count)
            for row in report.checks
            for status, count in zip(_STATUSES, (row.passed, row.fail, row.manual, row.waived), strict=True)
        ),
    )


def _coverage(report: Report) -> Iterator[Metric]:
    rows = report.coverage
    resources = list(dict.fromkeys(row.resource for row in rows))
    found = {(row.resource, row.state) for row in rows}
    states = list(dict.fromkeys((*_STATES, *(row.state for row in rows))))
    yield _family(
        "auditor_coverage",
        "1 for each state that a resource is in: read here, forbidden there.",
        ("resource", "state"),
        (((resource, state), (resource, state) in found) for resource in resources for state in states),
    )
    # Of what was not read nobody knows how much there is: no 0.
    objects = [((row.resource,), row.count) for row in rows if row.state == "read" or row.count]
    yield _family("auditor_objects", "Objects read.", ("resource",), objects)


def _family(name: str, about: str, labels: tuple[str, ...], samples: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    """One series for each set of labels, even where escaped names have become the same: Prometheus takes no two."""
    totals: dict[tuple[str, ...], float] = {}
    for values, count in samples:
        key = tuple(escape(value) for value in values)
        totals[key] = totals.get(key, 0) + count
    family = GaugeMetricFamily(name, about, labels=labels)
    for key in sorted(totals):
        family.add_metric(key, totals[key])
    return family


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _seconds(when: str | None) -> float | None:
    """Unix time of an RFC 3339 time; None where there is none."""
    try:
        moment = datetime.fromisoformat(when or "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
