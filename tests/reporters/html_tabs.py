"""What the tests of the HTML page do with a tab."""

from __future__ import annotations

import json
from collections.abc import Callable

from auditor.report import Finding, Report
from tests.reporters.chromium import Page

VISIBLE = "Array.from(document.querySelectorAll('.rows > li')).filter(row => row.checkVisibility()).map(row => row.id)"
# What was put off is done once the browser has nothing to do.
SETTLED = """new Promise(done => requestAnimationFrame(() => setTimeout(() => requestIdleCallback(() =>
    requestIdleCallback(() => done(1))), 50)))"""

Opener = Callable[..., Page]


def shown(tab: Page) -> set[str]:
    """The ids of the findings that can be seen."""
    tab.run(SETTLED)
    return {name.removeprefix("f-") for name in tab.run(VISIBLE)}


def ids(sample: Report, fits: Callable[[Finding], bool]) -> set[str]:
    found = {finding.id for finding in sample.findings if fits(finding)}
    assert found
    assert len(found) < len(sample.findings)
    return found


def choose(tab: Page, name: str, value: str) -> None:
    field = f"document.getElementById('filter').elements[{json.dumps(name)}]"
    tab.run(f"({field}.value = {json.dumps(value)}, {field}.dispatchEvent(new Event('input', {{bubbles: true}})), 1)")


def click(tab: Page, selector: str) -> None:
    tab.run(f"document.querySelector({json.dumps(selector)}).click()")
