"""The report as JUnit XML: a suite per namespace, a test case per finding, and one per check that found nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from msgspec import Struct

from auditor.escape import escape
from auditor.report import CheckRow, Finding, Report
from auditor.reporters import Options
from auditor.reporters.evidence import in_words
from auditor.reporters.overview import is_gap
from auditor.reporters.rows import place
from auditor.reporters.unsettled import listed

# Ant's schema wants a time and a host. Where the time is not known this one says so to whoever looks.
_NO_TIME = "1970-01-01T00:00:00"


class _Case(Struct, frozen=True):
    """A test case. `outcome` is the element that says why it is no pass, None for a pass."""

    check: str
    name: str
    outcome: str | None = None
    kind: str = ""
    message: str = ""
    text: str = ""


def render(report: Report, options: Options) -> str:
    """XML 1.0 as GitLab and Jenkins read it; valid by the schemas of Jenkins and, skipped cases aside, of Ant.

    A failure is `failure`, a check that broke `error`; what a person has to judge, what was not read and what is waived
    is `skipped`. Names stay the same while the same thing is wrong, so that a viewer sees what is new.
    """
    root = ET.Element("testsuites")
    for number, (name, passed, cases, remarks) in enumerate(_suites(report)):
        suite = _suite(report, number, name, cases, remarks)
        properties = {"cluster": report.cluster.name, "auditor": report.auditor.version, "passed subjects": str(passed)}
        for key, value in properties.items():
            ET.SubElement(suite[0], "property", {"name": key, "value": escape(value)})
        root.append(suite)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suites(report: Report) -> Iterator[tuple[str, int, list[_Case], list[str]]]:
    """Name, passed subjects, cases and remarks of each suite: what is in no namespace, the namespaces, the checks."""
    counts = report.summary.by_namespace
    spaces: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        spaces.setdefault((finding.cluster, finding.namespace or ""), []).append(finding)
    told = {namespace for _, namespace in spaces}
    spaces |= {("", namespace): [] for namespace in counts if namespace not in told}
    for (cluster, namespace), own in sorted(spaces.items(), key=lambda item: item[0]):
        name = f"{cluster}/{place(namespace)}" if cluster else place(namespace)
        passed = counts[namespace].passed if namespace in counts else 0
        yield name, passed, _cases(own) or [_Case("auditor", "nothing found")], list(_advice(report, own))
    found = {finding.check for finding in report.findings}
    silent = [_silent(row) for row in report.checks if row.id not in found]
    yield "checks without a finding", report.summary.passed, silent, list(_remarks(report))


def _cases(findings: Sequence[Finding]) -> list[_Case]:
    """Findings of one check about one subject are told apart by their ids: viewers drop the second case of a name."""
    names = Counter((finding.check, str(finding.subject)) for finding in findings)
    return [_case(finding, names[finding.check, str(finding.subject)] > 1) for finding in findings]


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
            yield f"Not read: {row.resource}{where}: {row.state} ({row.detail})"
    yield from report.warnings


def _suite(report: Report, number: int, name: str, cases: Sequence[_Case], remarks: Sequence[str]) -> ET.Element:
    outcomes = Counter(case.outcome for case in cases)
    suite = ET.Element("testsuite")
    shown = {
        "name": escape(name),
        "package": "auditor",
        "id": str(number),
        "timestamp": _timestamp(report.cluster.collected_at),
        "hostname": escape(report.cluster.name).strip() or "localhost",
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
