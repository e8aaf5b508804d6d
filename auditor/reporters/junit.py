"""The report as JUnit XML: a suite per namespace, a test case per finding, and one per check that found nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from msgspec import Struct
from msgspec.structs import replace

from auditor.diff import Diff
from auditor.escape import escape
from auditor.report import CheckRow, ClusterPart, ClusterRow, Finding, Report
from auditor.reporters import Options
from auditor.reporters.changes import Marks, marks, outcome, since
from auditor.reporters.evidence import in_words
from auditor.reporters.overview import is_gap
from auditor.reporters.rows import place, spot
from auditor.reporters.spaces import spaces
from auditor.reporters.unsettled import listed

# Ant's schema wants a time and a host. Where the time is not known this one says so to whoever looks.
_NO_TIME = "1970-01-01T00:00:00"
_MARKS = {"new": "New since the baseline.", "still": "In the baseline, too."}


class _Case(Struct, frozen=True):
    """A test case. `outcome` is the element that says why it is no pass, None for a pass."""

    check: str
    name: str
    outcome: str | None = None
    kind: str = ""
    message: str = ""
    text: str = ""
    new: bool = False


def render(report: Report, options: Options) -> str:
    """XML 1.0 as GitLab and Jenkins read it; valid by the schemas of Jenkins and, skipped cases aside, of Ant.

    A failure is `failure`, a check that broke `error`; what a person has to judge, what was not read and what is waived
    is `skipped`. Names stay the same while the same thing is wrong, so that a viewer sees what is new. With a baseline
    the text of a case says so, too, and the last suite tells what is gone.
    """
    root = ET.Element("testsuites")
    marked = marks(options.comparison)
    clusters = {cluster.name: cluster for cluster in report.clusters}
    for number, (of, name, passed, cases, remarks) in enumerate(_suites(report, options.comparison, marked)):
        cluster = clusters.get(of, report.cluster)
        suite = _suite(cluster, number, name, cases, remarks)
        properties = {"cluster": cluster.name, "auditor": report.auditor.version, "passed subjects": str(passed)}
        if options.comparison:
            properties["new since the baseline"] = str(sum(case.new for case in cases))
        for key, value in properties.items():
            ET.SubElement(suite[0], "property", {"name": key, "value": escape(value)})
        root.append(suite)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suites(
    report: Report, comparison: Diff | None, marked: Marks
) -> Iterator[tuple[str, str, int, list[_Case], list[str]]]:
    """Cluster, name, passed subjects, cases and remarks of each suite: clusters that were not audited, what is in no
    namespace, the namespaces, the checks."""
    for part in report.clusters:
        if part.error is not None:
            case = _Case("auditor", "audit", "error", "error", "The cluster was not audited.", part.error)
            yield part.name, part.name, 0, [case], []
    for cluster, name, passed, own in _spaces(report):
        cases = _cases(own, marked) or [_Case("auditor", "nothing found")]
        yield cluster, name, passed, cases, list(_advice(report, own))
    found = {finding.check for finding in report.findings}
    silent = [_silent(row) for row in report.checks if row.id not in found]
    yield "", "checks without a finding", report.summary.passed, silent, [*_remarks(report), *_changes(comparison)]


def _spaces(report: Report) -> Iterator[tuple[str, str, int, list[Finding]]]:
    """Cluster, name, passed subjects and findings of each namespace."""
    if report.clusters:
        for (cluster, _), space in sorted(spaces(report).items()):
            yield cluster, space.label, space.passed, space.findings
        return
    counts = report.summary.by_namespace
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        found.setdefault((finding.cluster, finding.namespace or ""), []).append(finding)
    told = {namespace for _, namespace in found}
    found |= {("", namespace): [] for namespace in counts if namespace not in told}
    for (cluster, namespace), own in sorted(found.items(), key=lambda item: item[0]):
        name = f"{cluster}/{place(namespace)}" if cluster else place(namespace)
        yield cluster, name, counts[namespace].passed if namespace in counts else 0, own


def _cases(findings: Sequence[Finding], marked: Marks) -> list[_Case]:
    """Findings of one check about one subject are told apart by their ids: viewers drop the second case of a name."""
    names = Counter((finding.check, str(finding.subject)) for finding in findings)
    cases = []
    for finding in findings:
        case, mark = _case(finding, names[finding.check, str(finding.subject)] > 1), marked.of(finding)
        if mark:
            case = replace(case, text=f"{_MARKS[mark]}\n{case.text}", new=mark == "new")
        cases.append(case)
    return cases


def _case(finding: Finding, ambiguous: bool) -> _Case:
    name = f"{finding.subject} [{finding.id}]" if ambiguous else str(finding.subject)
    if finding.status == "waived" and finding.waiver:
        waiver = finding.waiver
        owner = f" ({waiver.owner})" if waiver.owner else ""
        text = f"Waived until {waiver.expires}: {waiver.reason}{owner}\n{_facts(finding)}"
        return _Case(finding.check, name, "skipped", text=text)
    if finding.cause == "error":
        return _Case(finding.check, name, "error", "error", finding.message, _facts(finding))
    if finding.status == "manual":
        lead = "To judge by hand: " if finding.cause == "judgment" else ""
        return _Case(finding.check, name, "skipped", text=lead + _facts(finding))
    text = f"{_facts(finding)}\n\nWhat to do:\n{finding.remediation}"
    return _Case(finding.check, name, "failure", finding.severity, f"{finding.severity}: {finding.message}", text)


def _facts(finding: Finding) -> str:
    """All that there is to know about it: most viewers show nothing but this."""
    facts = {"image": finding.image, "file": finding.origin, "severity": finding.severity, "id": finding.id}
    lines = [finding.message, *(f"{name}: {value}" for name, value in facts.items() if value)]
    return "\n".join(map(escape, [*lines, *in_words(finding), *(f"see {source}" for source in finding.references)]))


def _silent(row: CheckRow) -> _Case:
    return _Case(row.id, row.title) if row.passed else _Case(row.id, row.title, "skipped", text="Nothing to judge.")


def _advice(report: Report, findings: Iterable[Finding]) -> Iterator[str]:
    titles = {row.id: row.title for row in report.checks}
    for check, remediation in dict.fromkeys((f.check, f.remediation) for f in findings if f.cause != "unreadable"):
        yield f"{check}: {titles.get(check, '')}\n{remediation}"


def _remarks(report: Report) -> Iterator[str]:
    """What was not seen, and what is odd about the policy."""
    for row in report.coverage:
        if is_gap(row):
            where = f" in {listed(row.namespaces)}" if row.namespaces else ""
            where += f" of {row.cluster}" if row.cluster else ""
            yield f"Not read: {row.resource}{where}: {row.state} ({row.detail})"
    yield from report.warnings


def _changes(comparison: Diff | None) -> Iterator[str]:
    """What became of the baseline, finding by finding where it has no case of its own."""
    if comparison is None:
        return
    told = since(comparison)
    yield f"{told[:1].upper()}{told[1:]}: {outcome(comparison)}"
    for title, found in (("Gone", comparison.gone), ("Not seen", comparison.unseen)):
        if found:
            several = bool(comparison.after.clusters)
            lines = (f"{f.severity} {spot(f, several)} {f.subject}: {f.check} [{f.id}]" for f in found)
            yield "\n".join([f"{title} ({len(found):,}):", *lines])
    yield from comparison.warnings


def _suite(
    cluster: ClusterRow | ClusterPart, number: int, name: str, cases: Sequence[_Case], remarks: Sequence[str]
) -> ET.Element:
    outcomes = Counter(case.outcome for case in cases)
    suite = ET.Element("testsuite")
    shown = {
        "name": escape(name),
        "package": "auditor",
        "id": str(number),
        "timestamp": _timestamp(cluster.collected_at),
        "hostname": escape(cluster.name).strip() or "localhost",
        "tests": str(len(cases)),
        "failures": str(outcomes["failure"]),
        "errors": str(outcomes["error"]),
        "skipped": str(outcomes["skipped"]),
        "time": "0",
    }
    for attribute, value in shown.items():
        suite.set(attribute, value)
    ET.SubElement(suite, "properties")
    for case in cases:
        suite.append(_element(case))
    ET.SubElement(suite, "system-out").text = _lines("\n\n".join(remarks))
    ET.SubElement(suite, "system-err")
    return suite


def _element(case: _Case) -> ET.Element:
    element = ET.Element("testcase", {"classname": escape(case.check), "name": escape(case.name), "time": "0"})
    if case.outcome:
        said = {"type": case.kind, "message": escape(case.message)} if case.kind else {}
        ET.SubElement(element, case.outcome, said).text = _lines(case.text)
    return element


def _lines(text: str) -> str:
    """Text that keeps its line feeds; what XML forbids is escaped, as all hostile characters are (XML 1.0 §2.2)."""
    return "\n".join(map(escape, text.split("\n")))


def _timestamp(when: str | None) -> str:
    """A time in UTC without the zone, to the second, as Ant's schema has it."""
    try:
        moment = datetime.fromisoformat(when or "")
    except ValueError:
        return _NO_TIME
    return (moment.astimezone(UTC) if moment.tzinfo else moment).strftime("%Y-%m-%dT%H:%M:%S")
