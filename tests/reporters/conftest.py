"""Headless Chromium for the tests of the HTML page; they are skipped where there is none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.report import Report
from auditor.reporters import Options
from auditor.reporters.html_report import page
from tests.reporters.chromium import Browser, Page, executable, running
from tests.reporters.html_tabs import Opener


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if executable() is None and not os.environ.get("AUDITOR_REQUIRE_REAL"):
        pytest.skip("Chromium is not installed")
    with running(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opener]:
    """Opens a report in a tab of its own; keywords are those of `page`, `before` is called with the empty tab."""
    tabs = []

    def show(
        sample: Report, fragment: str = "", before: Callable[[Page], object] = lambda tab: None, **rest: Any
    ) -> Page:
        path = tmp_path / "report.html"
        path.write_text(page(sample, Options(exit_code=1), **rest))
        tab = browser.page()
        tabs.append(tab)
        before(tab)
        tab.open(path.as_uri() + fragment)
        return tab

    yield show
    for tab in tabs:
        tab.close()
