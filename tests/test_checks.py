"""Every check against its fixtures, whose file names are the expected verdicts; and what every check must have."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.check import Check
from auditor.documentation import explain
from auditor.documentation import main as docs_main
from auditor.packs import load_packs
from tests.auditing import FIXTURES, ROOT, audit, policy_at, read

CHECKS = {check.id: check for check in load_packs(())}
FOLDER = FIXTURES / "checks"
VERDICTS = ("pass", "fail", "manual", "skip")
CASES = sorted(path for path in FOLDER.glob("*/*") if not path.name.startswith("policy"))
MANUAL_ONLY = {"truncated-node-inventory"}
"""Checks that can only ask a person, by what the data can show."""


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_fixture(path: Path) -> None:
    check, verdict = path.parent.name, path.stem.partition("-")[0]
    assert verdict in VERDICTS
    own = path.with_name(f"policy-{path.stem}.yaml")  # a directory is a whole input, host/ and all
    report = audit(read(path), policy_at(own if own.is_file() else path.with_name("policy.yaml")), [check])
    (row,) = report.checks
    told = [(f.status, f.cause, str(f.subject), f.message) for f in report.findings]
    assert not [finding for finding in report.findings if finding.cause == "error"], told
    if verdict == "pass":
        assert (row.fail, row.manual) == (0, 0), told
        assert row.passed > 0
    elif verdict == "skip":  # nothing that the check judges
        assert (row.passed, row.fail, row.manual) == (0, 0, 0), told
    elif verdict == "manual":
        assert row.fail == 0, told
        assert row.manual > 0
    else:
        assert row.fail > 0, told


def test_every_folder_is_of_a_check() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(CHECKS)


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)
def test_has_what_a_check_must_have(check: Check) -> None:
    verdicts = {path.stem.partition("-")[0] for path in CASES if path.parent.name == check.id}
    assert "pass" in verdicts
    assert ("manual" if check.id in MANUAL_ONLY else "fail") in verdicts
    assert len(check.rationale) > 80
    assert len(check.remediation) > 20
    assert check.references
    assert check.title[0].isupper()
    assert not check.title.endswith(".")
    source = Path(str(check.function.__code__.co_filename))
    assert source.stem.replace("_", "-") == check.id


def test_generated_docs_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs_main(["--check"]) == 0, capsys.readouterr().err
    assert (ROOT / "docs" / "checks" / "README.md").is_file()


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)
def test_what_the_terminal_shows_of_it_fits(check: Check) -> None:
    """But for what is meant to be pasted, and addresses."""
    prose = [line for line in explain(check, 72).splitlines() if not line.startswith("      ") and "://" not in line]
    assert [line for line in prose if len(line) > 72] == []
