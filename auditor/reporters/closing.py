"""The end of a report: warnings, what was not read or only in part, what the exit code will be and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.quantity import quantity
from auditor.report import Report, Severity
from auditor.reporters import Options
from auditor.reporters.cells import wrap_text
from auditor.reporters.grid import table
from auditor.reporters.overview import is_gap
from auditor.reporters.resources import named
from auditor.reporters.unsettled import listed


def listing(title: str, lines: Sequence[str], width: int) -> Iterator[str]:
    """A title and what stands under it, point by point; nothing where there is nothing."""
    if lines:
        yield f"{title} ({len(lines):,})"
        yield ""
        for line in lines:
            yield from wrap_text(f"- {line}", width, "  ")


def gaps(report: Report, width: int) -> Iterator[str]:
    """What may exist unseen, and remarks about lists that were read. What the cluster does not serve is no gap."""
    found: dict[tuple[str, str, tuple[str, ...], str], list[str]] = {}
    for row in report.coverage:
        if is_gap(row) or (row.state == "read" and row.detail):
            resources = found.setdefault((row.cluster, row.state, row.namespaces, row.detail), [])
            resources += [] if row.resource in resources else [row.resource]
    if not found:
        return
    yield "NOT READ, OR WITH REMARKS"
    yield ""
    clusters: dict[tuple[str, ...], list[str]] = {}
    for (cluster, state, namespaces, detail), resources in found.items():
        line = _what(resources), state, _where(resources, state, namespaces), detail or "-"
        clusters.setdefault(line, []).append(cluster)
    titles = ["resources", "state", "where", "remark"]
    if report.clusters:
        yield from table(["clusters", *titles], [[listed(names), *line] for line, names in clusters.items()], width)
    else:
        yield from table(titles, list(clusters), width)


def exit_text(report: Report, options: Options, width: int) -> Iterator[str]:
    """The exit code and its reason; nothing where the caller did not say what it will be."""
    if options.exit_code is not None:
        yield from wrap_text(
            f"exit code {options.exit_code}: {_reason(report, options, options.exit_code)}", width, "  "
        )


def _reason(report: Report, options: Options, code: int) -> str:
    threshold = options.fail_on
    kind = "failure" if options.new is None else "new failure"
    if code == 1 and threshold != "never":
        count = report.failures(Severity(threshold)) if options.new is None else options.new
        flags = f"--fail-on {threshold}" + ("" if options.new is None else " --fail-on-new")
        return f"{quantity(count, kind)} at or above {threshold} ({flags})"
    none = (
        "failures do not count (--fail-on never)"
        if threshold == "never"
        else f"no {kind} at or above {threshold} (--fail-on {threshold})"
    )
    if code == 3:
        return f"{none}, but the audit is incomplete; --allow-incomplete would make it 0"
    if code == 0:
        return f"{none}, incomplete as the audit is (--allow-incomplete)" if report.incomplete else none
    return "the audit went wrong"


def _what(resources: Sequence[str]) -> str:
    return ", ".join("everything" if name == "*" else name for name in named(resources))


def _where(resources: Sequence[str], state: str, namespaces: tuple[str, ...]) -> str:
    if namespaces:
        return listed(namespaces)
    return "elsewhere" if "*" in resources and state == "excluded" else "everywhere"
