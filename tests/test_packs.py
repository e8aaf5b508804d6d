"""Which checks are run: never none, as an audit of nothing looks clean."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.cli import run
from auditor.errors import UsageError
from auditor.packs import builtin_checks, enabled, select
from auditor.policy import CheckSetting, Policy
from tests.auditing import FIXTURES

NIGHT = ["scan", "--from", str(FIXTURES / "nights" / "1"), "--fail-on", "never"]
OFF = CheckSetting(enabled=False, reason="not here")


def test_what_is_named_less_what_is_skipped() -> None:
    chosen = select(builtin_checks(), ["floating-tag", "unpinned-image"], ["floating-tag"])
    assert [check.id for check in chosen] == ["unpinned-image"]


def test_something_has_to_be_left() -> None:
    checks = builtin_checks()
    with pytest.raises(UsageError, match="no check is left to run"):
        select(checks, ["floating-tag"], ["floating-tag"])
    with pytest.raises(UsageError, match="no check is left to run"):
        select(checks, skip=[check.id for check in checks])


def test_a_policy_may_switch_off_some_and_not_all() -> None:
    checks = select(builtin_checks(), ["floating-tag", "unpinned-image"])
    rules = Policy(checks={"floating-tag": OFF}, path="rules.yaml")
    assert [check.id for check in enabled(checks, rules)] == ["unpinned-image"]
    with pytest.raises(UsageError, match=r"rules\.yaml switches off all that are selected \(floating-tag\)"):
        enabled(checks[:1], rules)
    everything = Policy(checks={check.id: OFF for check in builtin_checks()})
    with pytest.raises(UsageError, match=r"the policy switches off all that are selected \(\S+, \S+, \S+ …\)"):
        enabled(builtin_checks(), everything)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--check", "floating-tag", "--skip-check", "floating-tag"], "no check is left to run"),
        (["--check", "unpinned-image", "--policy", "policy.yaml"], "policy.yaml switches off all that are selected"),
    ],
)
def test_an_audit_of_nothing_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.yaml").write_text("checks: {unpinned-image: {enabled: false, reason: tags are enough}}\n")
    assert run([*NIGHT, *options]) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert told.out == ""


def test_checks_of_evidence_alone_are_none_where_there_is_no_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = select(builtin_checks())
    others = [part for check in chosen if not check.opt_in for part in ("--skip-check", check.id)]
    assert run([*NIGHT, *others]) == 2
    told = capsys.readouterr()
    assert "no check was run: those that are left have nothing to judge by here" in told.err
    assert told.out == ""


def test_a_check_that_is_named_without_its_evidence_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*NIGHT, "--check", "image-user-root"]) == 3
    assert "1 not judged" in capsys.readouterr().out
