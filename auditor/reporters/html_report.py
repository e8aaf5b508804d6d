"""The report as one HTML file that needs nothing else: readable without script, filtered with it."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from auditor.diff import Diff
from auditor.report import Report, Severity
from auditor.reporters import Options
from auditor.reporters.closing import exit_text
from auditor.reporters.clusters import lines as cluster_lines
from auditor.reporters.html_enforcement import matrix
from auditor.reporters.html_findings import changes, sections
from auditor.reporters.html_gaps import absent, gaps, read, remarks
from auditor.reporters.html_text import address, blocks, coded, is_link, laid_out, shown
from auditor.reporters.html_view import STANDINGS, checks, choices, headline, heat
from auditor.reporters.origins import shared_folder
from auditor.reporters.overview import titled

_STYLES = ("page.css", "overview.css", "findings.css", "print.css")
_SCRIPTS = ("filter.js", "copy.js")
_ONE_LINE = 10_000


def render(report: Report, options: Options) -> str:
    """The page, with what became of the findings of the baseline if there is one."""
    return page(report, options, comparison=options.comparison)


def page(report: Report, options: Options, *, comparison: Diff | None = None) -> str:
    """One HTML document in UTF-8 with all findings.

    Nothing is loaded from anywhere, and the page forbids it: its Content Security Policy allows the one style and the
    one script by their hashes (CSP Level 3, https://www.w3.org/TR/CSP3/#framework-directive-source-list), and no text
    may become markup (Trusted Types). `comparison` marks what is new since an earlier report.
    """
    environment = _environment()
    style, script = (_source(environment, names) for names in (_STYLES, _SCRIPTS))
    check_lines, heated = checks(report), heat(report)
    text = environment.get_template("report.html.j2").render(
        report=report,
        severities=[str(severity) for severity in Severity],
        standings=STANDINGS,
        style=style,
        script=script,
        policy=_policy(style, script),
        title=titled(report),
        name=f"{len(report.clusters):,} clusters" if report.clusters else report.cluster.name,
        headline=headline(report),
        exit_line=" ".join(exit_text(report, options, _ONE_LINE)),
        gaps=gaps(report),
        remarks=remarks(report),
        heat=heated,
        namespaces=choices(heated),
        lines=cluster_lines(report),
        checks=check_lines,
        sections=sections(report, {line.id: line.remediation for line in check_lines}, comparison),
        clusters=sorted({finding.cluster for finding in report.findings}),
        folder=shared_folder(report.findings),
        comparison=comparison,
        before=_before(comparison),
        changes=changes(comparison) if comparison else [],
        enforcement=matrix(report),
        read=read(report),
        absent=absent(report),
    )
    return text.rstrip("\n") + "\n"


def _before(comparison: Diff | None) -> str:
    if comparison is None:
        return ""
    return "There was none: everything counts as new." if comparison.first else titled(comparison.before)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("auditor.reporters"),
        autoescape=True,
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["blocks"] = blocks
    environment.filters["coded"] = coded
    environment.filters["laid_out"] = laid_out
    environment.filters["number"] = "{:,}".format
    environment.filters["address"] = address
    environment.tests["link"] = is_link
    return environment


def _source(environment: Environment, names: tuple[str, ...]) -> Markup:
    """Files of the package, which hold nothing of a report."""
    loader = environment.loader
    assert loader
    return Markup("\n" + "".join(loader.get_source(environment, name)[0] for name in names))  # noqa: S704


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
