"""The registry of formats."""

from __future__ import annotations

import subprocess
import sys

import pytest

from auditor.errors import UsageError
from auditor.reporters import FORMATS, Options, render, reporter
from tests.reporters.samples import report, shop


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_everything_and_nothing_and_ends_its_last_line(name: str) -> None:
    for sample in (shop(), report()):
        text = render(name, sample, Options(exit_code=0))
        assert text.endswith("\n")
        assert not text.endswith("\n\n")


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_report_gives_the_same_bytes(name: str) -> None:
    assert render(name, shop()) == render(name, shop())


def test_an_unknown_format_is_a_usage_error_with_a_hint() -> None:
    with pytest.raises(UsageError, match=r"no format 'jsn'. Did you mean json\?") as error:
        reporter("jsn")
    assert "table, json" in error.value.advice


def test_formats_are_imported_when_they_are_asked_for() -> None:
    code = "import sys, auditor.reporters; print('tabulate' in sys.modules, 'auditor.reporters.table' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
