"""`auditor waive`: from a finding to a line in the policy, and from there to the next audit."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import run
from tests.auditing import FIXTURES, ROOT
from tests.real import program

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: "web[1]", namespace: shop}
spec:
  template:
    spec:
      containers:
        - {name: nginx, image: nginx}
        - {name: side, image: side}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web1, namespace: shop}
spec: {template: {spec: {containers: [{name: nginx, image: nginx}]}}}
"""
LAST = "2099-12-31"
RESULT = str(FIXTURES / "scan-results" / "grype-0.60.json")
WHY = ["--reason", "TICKET-1", "--expires", LAST]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "web.yaml").write_text(WEB)
    return tmp_path


def audit(*arguments: str) -> list[dict[str, Any]]:
    """The findings, kept in report.json."""
    run(["scan", "--from", "web.yaml", "--check", "floating-tag", "-o", "json=report.json", *arguments])
    found: list[dict[str, Any]] = json.loads(Path("report.json").read_text())["findings"]
    return found


def by_subject(findings: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {f"{found['subject']['name']}/{found['subject']['container']}": found for found in findings}


def test_what_was_waived_is_waived_and_nothing_else(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = by_subject(audit())
    assert set(before) == {"web[1]/nginx", "web[1]/side", "web1/nginx"}
    assert run(["waive", before["web[1]/nginx"]["id"][:8], "--report", "report.json", *WHY]) == 0
    told = capsys.readouterr()
    assert told.out == (
        "policy.yaml:3:\n  - check: floating-tag\n    namespace: shop\n"
        f'    subject: "Deployment/web[[]1]"\n    container: nginx\n    reason: TICKET-1\n    expires: {LAST}\n'
    )
    assert told.err == "it covers 1 failure of report.json\n"
    assert Path("policy.yaml").read_text().startswith("version: 1\nwaivers:\n  - check: floating-tag\n")
    after = by_subject(audit("--policy", "policy.yaml"))
    assert {name: found["status"] for name, found in after.items()} == {
        "web[1]/nginx": "waived",
        "web[1]/side": "fail",
        "web1/nginx": "fail",
    }
    assert not [path for path in here.iterdir() if path.name.startswith(".")]


def test_a_wider_waiver_of_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    found = by_subject(audit())["web1/nginx"]
    options = ["--report", "report.json", "--subject", "Deployment/*", "--container", "*"]
    assert run(["waive", found["id"], *options, *WHY]) == 0
    told = capsys.readouterr()
    assert "container" not in told.out
    assert told.err.endswith("it covers 3 failures of report.json\n")
    assert {one["status"] for one in audit("--policy", "policy.yaml")} == {"waived"}


def test_a_waiver_of_a_check(capsys: pytest.CaptureFixture[str]) -> None:
    audit()
    capsys.readouterr()
    assert run(["waive", "floating-*", "-n", "shop", "--owner", "web team", *WHY]) == 0
    told = capsys.readouterr()
    assert ('check: "floating-*"' in told.out, "owner: web team" in told.out, told.err) == (True, True, "")
    assert run(["waive", "floating-tag", "-n", "elsewhere", "--report", "report.json", *WHY]) == 0
    assert capsys.readouterr().err == "warning: it covers 0 failures of report.json\n"
    assert {one["status"] for one in audit("--policy", "policy.yaml")} == {"waived"}


def test_the_waiver_of_an_image_holds_for_the_next_digest(capsys: pytest.CaptureFixture[str]) -> None:
    def unscanned(image: str, *arguments: str) -> list[dict[str, Any]]:
        Path("web.yaml").write_text(WEB.replace("image: nginx", f"image: {image!r}"))
        options = ["--from", "web.yaml", "--scan-results", RESULT, "--check", "unscanned-image"]
        run(["scan", *options, "-o", "json=report.json", *arguments])
        found: list[dict[str, Any]] = json.loads(Path("report.json").read_text())["findings"]
        return [one for one in found if "/lab/" in one["subject"]["name"]]

    (before,) = unscanned(f"registry.example/lab/fresh:1@sha256:{'7' * 64}")
    assert run(["waive", before["id"], "--report", "report.json", *WHY]) == 0
    assert "    subject: Image/registry.example/lab/fresh\n" in capsys.readouterr().out
    (after,) = unscanned(f"registry.example/lab/fresh:2@sha256:{'8' * 64}", "--policy", "policy.yaml")
    (other,) = unscanned(f"registry.example/lab/fresher:2@sha256:{'8' * 64}", "--policy", "policy.yaml")
    assert (after["id"], after["status"], other["status"]) == (before["id"], "waived", "fail")


def test_the_report_may_come_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    found = audit()[0]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("report.json").read_bytes())))
    assert run(["waive", found["id"], "--report", "-", *WHY]) == 0


def test_the_same_again(capsys: pytest.CaptureFixture[str]) -> None:
    waive = ["waive", "floating-tag", "-n", "shop"]
    assert run([*waive, "--owner", "them", *WHY]) == 0
    written = Path("policy.yaml").read_bytes()
    assert run([*waive, *WHY]) == 0
    assert "policy.yaml:3: this waiver is there already" in capsys.readouterr().out
    later = [*waive, "--reason", "more time", "--expires", "2100-01-31"]
    assert run(later) == 2
    assert f"policy.yaml:3: this is waived already, until {LAST}" in capsys.readouterr().err
    assert Path("policy.yaml").read_bytes() == written
    assert run([*later, "--replace"]) == 0
    assert capsys.readouterr().out.endswith("    reason: more time\n    owner: them\n    expires: 2100-01-31\n")
    lines = written.decode().replace("TICKET-1", "more time").replace(LAST, "2100-01-31")
    assert Path("policy.yaml").read_text() == lines


@pytest.mark.parametrize("before", [None, "version: 1", "version: 1\r\nwaivers: [] # none\r\n", "waivers:\n"])
def test_a_dry_run_prints_what_patch_applies(here: Path, capsysbinary: Any, before: str | None) -> None:
    policy = here / "policy.yaml"
    if before is not None:
        policy.write_bytes(before.encode())
    waive = ["waive", "floating-tag", "-n", "shop", *WHY]
    assert run([*waive, "--dry-run"]) == 0
    diff = capsysbinary.readouterr().out
    assert (policy.read_bytes().decode() if policy.exists() else None) == before
    subprocess.run([program("git"), "apply", "--unsafe-paths", "-p0", "-"], input=diff, check=True, cwd=here)
    applied = policy.read_bytes()
    policy.write_bytes(before.encode()) if before is not None else policy.unlink()
    assert run(waive) == 0
    assert policy.read_bytes() == applied


def test_mode_owner_and_link_stay(here: Path) -> None:
    (here / "real").mkdir()
    real = here / "real" / "p.yaml"
    real.write_text("version: 1\n")
    real.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(real, 12345, 54321)
    before = real.stat()
    Path("policy.yaml").symlink_to("real/p.yaml")
    assert run(["waive", "floating-tag", "-n", "shop", *WHY]) == 0
    after = real.stat()
    assert Path("policy.yaml").is_symlink()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert "floating-tag" in real.read_text()
    assert list(real.parent.iterdir()) == [real]


def test_a_link_to_nothing_gets_its_file(here: Path) -> None:
    Path("policy.yaml").symlink_to("new.yaml")
    assert run(["waive", "floating-tag", "-n", "shop", *WHY]) == 0
    assert Path("policy.yaml").is_symlink()
    assert Path("new.yaml").is_file()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["0" * 16, *WHY], "--report"),
        (["0" * 16, "--report", "report.json", *WHY], "no finding 0000000000000000"),
        (["floating-tga", "-n", "shop", *WHY], "did you mean floating-tag?"),
        (["nothing-like-it-*", "-n", "shop", *WHY], "neither a finding's id nor a check"),
        (["floating-tag", *WHY], "everywhere"),
        (["floating-tag", "-n", "a b", *WHY], "--namespace"),
        (["floating-tag", "-n", "", *WHY], "--namespace"),
        (["floating tag", "-n", "a", *WHY], "ID"),
        (["floating-tag", "-n", "a", "--reason", " ", "--expires", LAST], "--reason is blank"),
        (["floating-tag", "-n", "a", "--reason", "\udcff", "--expires", LAST], "--reason is not UTF-8"),
        (["floating-tag", "-n", "a", *WHY, "--owner", ""], "--owner is blank"),
        (["floating-tag", "-n", "a", "--reason", "x", "--expires", "2026-11-20"], "is over"),
        (["floating-tag", "-n", "a", "--reason", "x", "--expires", "2099-02-29"], "no day"),
        (["floating-tag", "-n", "a", "--reason", "x", "--expires", "20991231"], "no day"),
        (["floating-tag", "-n", "a", "--reason", "x"], "--expires"),
        (["floating-tag", "-n", "a", "--expires", LAST], "--reason"),
        (["floating-tag", "-n", "a", *WHY, "--policy", "wrong.yaml"], "wrong.yaml:1: version"),
        (["floating-tag", "-n", "a", *WHY, "--policy", "/dev/null"], "no regular file"),
        (["floating-tag", "-n", "a", *WHY, "--policy", "gone/p.yaml"], "gone is not a directory"),
        (["floating-tag", "-n", "a", *WHY, "--policy", "."], "is a directory"),
        (["floating-tag", "-n", "a", *WHY, "--policy", ".", "--dry-run"], "no regular file"),
        (["floating-tag", "-n", "a", *WHY, "--policy", "web.yaml/p.yaml"], "web.yaml"),
        (["floating-tag", "-n", "a", *WHY, "--policy", "web.yaml/p.yaml", "--dry-run"], "Not a directory"),
        (["floating-tag", "-n", "a", *WHY, "--policy", "x" * 300], "File name too long"),
        (["floating-tag", "-n", "a", *WHY, "--policy", "loop.yaml"], "loop.yaml"),
    ],
)
def test_bad_usage_writes_nothing(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    audit()
    Path("wrong.yaml").write_text("version: 7\n")
    Path("loop.yaml").symlink_to("loop.yaml")
    before = {path.name: path.read_bytes() for path in here.iterdir() if path.is_file()}
    capsys.readouterr()
    assert run(["waive", *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert says in told.err
    assert {path.name: path.read_bytes() for path in here.iterdir() if path.is_file()} == before


def test_ids_that_are_not_there_or_not_one(capsys: pytest.CaptureFixture[str]) -> None:
    run(["scan", "--from", str(ROOT / "fixtures/clusters/shop"), "-o", "json=report.json", "--fail-on", "never"])
    findings = json.loads(Path("report.json").read_text())["findings"]
    failed = next(found["id"] for found in findings if found["status"] == "fail")
    capsys.readouterr()
    waive = ["--report", "report.json", *WHY]
    other = failed[:-1] + ("0" if failed[-1] != "0" else "1")
    assert run(["waive", other, *waive]) == 2
    told = capsys.readouterr().err
    assert f"the report has no finding {other}" in told
    assert failed in told
    several = next(c for c in "0123456789abcdef" if sum(found["id"].startswith(c) for found in findings) > 1)
    assert run(["waive", several, *waive]) == 2
    told = capsys.readouterr().err
    assert re.search(rf"\d+ findings have an id that begins with {several}\n", told)
    judged = next(found["id"] for found in findings if found["status"] == "manual")
    assert run(["waive", judged, *waive]) == 2
    assert "is no failure" in capsys.readouterr().err
    assert not Path("policy.yaml").exists()


def test_a_report_that_is_none_is_4(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["waive", "0" * 16, "--report", "web.yaml", *WHY]) == 4
    assert "web.yaml" in capsys.readouterr().err
