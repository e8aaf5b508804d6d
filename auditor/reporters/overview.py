"""The head of a report: which cluster, what was read of it, and how many findings each namespace has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.quantity import quantity
from auditor.report import ClusterRow, CoverageRow, Finding, Report, Severity
from auditor.reporters.cells import columns, wrap_name, wrap_text
from auditor.reporters.grid import GAP, Cell, grid, rule
from auditor.reporters.resources import named
from auditor.reporters.rows import worst_first
from auditor.reporters.spaces import spaces
from auditor.reporters.unsettled import listed

_INDENT = "  "
_STATUSES = ("manual", "waived", "pass")
# On a narrow terminal, so that names such as kube-node-lease still have a line.
_SHORT = ("crit", "high", "med", "low")
_ROOMY = 72


def heading(report: Report, folder: str, width: int) -> Iterator[str]:
    """A few lines about the audit. `folder` is what the places of findings are told from, "" for none."""
    yield from wrap_text(titled(report), width, _INDENT)
    path = report.policy.path
    about = f"auditor {report.auditor.version}, {quantity(len(report.checks), 'check')}, " + (
        f"policy {path}" if path else "no policy file"
    )
    yield from wrap_text(about, width, _INDENT)
    for label, rows in (
        ("Read: ", ", ".join(_read(report.coverage))),
        ("Not read: ", "; ".join(_unread(report.coverage))),
    ):
        if rows:
            yield from wrap_text(label + rows, width, _INDENT)
    if folder:
        yield from wrap_text(f"Places are told from {folder}", width, _INDENT)
    yield from wrap_text(f"Result: {_result(report)}", width, _INDENT)


def namespaces(report: Report, width: int) -> Iterator[str]:
    """Findings by namespace and severity, the worst namespace first, several clusters one after the other; subjects
    that passed at the right."""
    found = spaces(report)
    if not found:
        return
    failures = {where: [f for f in space.findings if f.status == "fail"] for where, space in found.items()}
    names = sorted(found, key=lambda where: (where[0], worst_first(failures[where]), where))
    labels = [found[where].label for where in names]
    titles = [*(map(str, Severity) if width >= _ROOMY else _SHORT), *_STATUSES]
    counts = [[*_counts(found[where].findings), found[where].passed] for where in names]
    figures = [[_figure(count) for count in line] for line in (*counts, [sum(c) for c in zip(*counts, strict=True)])]
    widths = [max(len(text) for text in column) for column in zip(titles, *figures, strict=True)]
    room = width - sum(width + GAP for width in widths)
    widths = [min(room, max(columns(label) for label in ("namespace", *labels))), *widths]
    line = rule(widths)
    rows: list[list[Cell]] = [[["namespace"], *([title] for title in titles)], line]
    for label, own in zip(labels, figures, strict=False):
        rows.append([wrap_name(label, widths[0], _INDENT), *([figure] for figure in own)])
    if len(names) > 1:
        rows += [line, [["total"], *([figure] for figure in figures[-1])]]
    yield from grid(rows, widths, right=range(1, len(widths)))


def title(cluster: ClusterRow) -> str:
    """Which cluster, of which version, read how and when."""
    name = f"Cluster {cluster.name}" if cluster.name else "Cluster without a name"
    version = f", Kubernetes {cluster.version}" if cluster.version else ""
    sources = {"live": "read live", "snapshot": "from a snapshot", "files": "from files"}
    when = f", collected {cluster.collected_at}" if cluster.collected_at else ", time of collection not known"
    return f"{name}{version}, {sources.get(cluster.source, cluster.source)}{when}"


def titled(report: Report) -> str:
    """Which cluster, or which clusters."""
    if not report.clusters:
        return title(report.cluster)
    failed = sum(cluster.error is not None for cluster in report.clusters)
    names = listed([cluster.name for cluster in report.clusters])
    collected = report.cluster.collected_at
    return (
        f"{quantity(len(report.clusters), 'cluster')} ({names})"
        + (f", {failed:,} of them NOT AUDITED" if failed else "")
        + (f", collected from {collected} on" if collected else "")
    )


def is_gap(row: CoverageRow) -> bool:
    """Whether something may exist that the audit did not see."""
    return row.state in ("forbidden", "failed", "excluded")


def is_choice(row: CoverageRow) -> bool:
    """Namespaces that the user left out. Nobody chose not to read a cluster that could not be audited."""
    return row.resource == "*" and row.state == "excluded"


def _result(report: Report) -> str:
    failures = [finding.severity for finding in report.findings if finding.status == "fail"]
    severities = ", ".join(f"{failures.count(s):,} {s}" for s in Severity if s in failures)
    parts = [f"{quantity(len(failures), 'failure')} ({severities})" if failures else "no failures"]
    judge = sum(finding.cause == "judgment" for finding in report.findings)
    unjudged = sum(finding.cause in ("unreadable", "error") for finding in report.findings)
    waived = sum(finding.status == "waived" for finding in report.findings)
    parts += [f"{judge:,} to judge by hand"] if judge else []
    parts += [f"{unjudged:,} not judged"] if unjudged else []
    parts += [f"{waived:,} waived"] if waived else []
    summary = report.summary
    if not summary.passed + summary.fail + summary.manual + summary.waived:
        return "nothing was judged: there is nothing in it that the checks run on"
    return ", ".join([*parts, f"{summary.passed:,} passed"])


def _read(coverage: Sequence[CoverageRow]) -> list[str]:
    """`41 pods`: the objects read, by resource, the empty lists last."""
    counts: dict[str, int] = {}
    for row in coverage:
        if row.state == "read" or row.count:
            counts[row.resource] = counts.get(row.resource, 0) + row.count
    return [
        *(f"{resource} {count:,}" for resource, count in counts.items() if count),
        *(f"{name} 0" for name in named(resource for resource, count in counts.items() if not count)),
    ]


def _unread(coverage: Sequence[CoverageRow]) -> list[str]:
    """`nodes, secrets (forbidden in 3 namespaces)`: what was not read for one reason stands together."""
    found: dict[str, list[str]] = {}
    for row in coverage:
        if is_gap(row) and row.resource != "*":
            places = [quantity(len(row.namespaces), "namespace")] if row.namespaces else []
            places += [row.cluster] if row.cluster else []
            text = f"{row.state}{' in ' if places else ''}{' of '.join(places)}"
            reasons = found.setdefault(row.resource, [])
            reasons += [] if text in reasons else [text]
    all_left_out = [row for row in coverage if is_choice(row)]
    missing = [f"all of {row.cluster}" for row in coverage if row.resource == "*" and not is_choice(row)]
    left_out = {(row.cluster, name) for row in all_left_out for name in row.namespaces}
    others = [quantity(len(left_out), "excluded namespace")] if left_out else ["other namespaces (excluded)"]
    alike: dict[str, list[str]] = {}
    for resource, reasons in found.items():
        alike.setdefault(", ".join(reasons), []).append(resource)
    return [
        *missing,
        *(f"{', '.join(named(resources))} ({reasons})" for reasons, resources in alike.items()),
        *(others if all_left_out else []),
    ]


def _counts(findings: Sequence[Finding]) -> list[int]:
    failures = [finding.severity for finding in findings if finding.status == "fail"]
    statuses = [finding.status for finding in findings]
    return [*(failures.count(severity) for severity in Severity), statuses.count("manual"), statuses.count("waived")]


def _figure(count: int) -> str:
    return f"{count:,}" if count else "-"
