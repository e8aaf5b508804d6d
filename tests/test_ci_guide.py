"""The pipelines of docs/guides/ci.md: valid by the schemas of those who run them, and their commands work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.auditing import ROOT
from tests.commands.launchers import write_launchers
from tests.real import program

GUIDE = (ROOT / "docs/guides/ci.md").read_text()
FILES = {name: text for text, name in re.findall(r"^```yaml\n(# (\S+)\n.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)}
WORKFLOW, GITLAB, HOOKS = ".github/workflows/image-audit.yml", ".gitlab-ci.yml", ".pre-commit-config.yaml"
SCRIPTS = Path(sys.executable).parent
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      containers: [{name: nginx, image: "registry.example.com/web:IMAGE"}]
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository as the guide assumes it, with one floating tag."""
    folder = tmp_path / "shop"
    for name in ("k8s", "overlays/prod"):
        (folder / name).mkdir(parents=True)
    (folder / "k8s/web.yaml").write_text(WEB.replace("IMAGE", "latest"))
    (folder / "k8s/kustomization.yaml").write_text("resources: [web.yaml]\n")
    (folder / "overlays/prod/kustomization.yaml").write_text("resources: [../../k8s]\n")
    (folder / "policy.yaml").write_text("version: 1\n")
    return folder


def environment(folder: Path) -> dict[str, str]:
    launchers = folder.parent / "bin"
    write_launchers(launchers)
    # A chart's own renderer needs no test here; what it prints is what kustomize prints.
    helm = launchers / "helm"
    helm.write_text('#!/bin/sh\n[ "$1" = template ] && cat k8s/web.yaml\n')
    helm.chmod(0o755)
    return {
        "PATH": f"{launchers}:{os.environ['PATH']}",
        "HOME": str(folder.parent),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "LC_ALL": "C.UTF-8",
    }


def scans(commands: list[str]) -> list[str]:
    found = [command for command in commands if "auditor scan" in command]
    assert found
    return found


def test_the_guide_has_them_all() -> None:
    assert set(FILES) == {WORKFLOW, GITLAB, HOOKS}


@pytest.mark.parametrize(("name", "schema"), [(WORKFLOW, "github-workflows"), (GITLAB, "gitlab-ci")])
def test_pipelines_are_valid(tmp_path: Path, name: str, schema: str) -> None:
    path = tmp_path / "pipeline.yml"
    check = [str(SCRIPTS / "check-jsonschema"), "--builtin-schema", f"vendor.{schema}", str(path)]
    path.write_text(FILES[name])
    told = subprocess.run(check, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout
    path.write_text(FILES[name].replace("script:", "scripts:").replace("steps:", "step:"))
    assert subprocess.run(check, capture_output=True, check=False).returncode == 1


def test_our_own_workflow_is_valid() -> None:
    path = ROOT / ".github/workflows/ci.yml"
    check = [str(SCRIPTS / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", str(path)]
    told = subprocess.run(check, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_the_workflows_steps_work(repository: Path) -> None:
    program("kubectl")
    (job,) = yaml.safe_load(FILES[WORKFLOW])["jobs"].values()
    given = environment(repository)
    for command in scans([step.get("run", "") for step in job["steps"]]):
        # As a runner starts `shell: bash`.
        told = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command],
            cwd=repository,
            env=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (told.returncode, told.stderr) == (1, ""), told
    assert '"k8s/web.yaml"' in (repository / "auditor.sarif").read_text()
    assert (repository / "summary.md").read_text().count("floating-tag") >= 2


def test_gitlabs_and_jenkins_commands_work(repository: Path) -> None:
    given = environment(repository)
    (job,) = yaml.safe_load(FILES[GITLAB]).values()
    (jenkins,) = re.findall(r"^sh '([^']+)'; junit 'auditor.xml'$", GUIDE, re.MULTILINE)
    for command, code in [*((command, 1) for command in scans(job["script"])), (jenkins, 0)]:
        (repository / "auditor.xml").unlink(missing_ok=True)
        told = subprocess.run(["sh", "-c", command], cwd=repository, env=given, capture_output=True, check=False)
        assert told.returncode == code
        assert "<failure" in (repository / job["artifacts"]["reports"]["junit"]).read_text()


def test_the_hooks_are_valid(tmp_path: Path) -> None:
    manifest = ROOT / ".pre-commit-hooks.yaml"
    config = tmp_path / HOOKS
    config.write_text(FILES[HOOKS])
    for command, path in (("validate-manifest", manifest), ("validate-config", config)):
        told = subprocess.run([SCRIPTS / "pre-commit", command, path], capture_output=True, text=True, check=False)
        assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
    (ours,) = yaml.safe_load(FILES[HOOKS])["repos"]
    assert {hook["id"] for hook in ours["hooks"]} == {hook["id"] for hook in yaml.safe_load(manifest.read_text())}


def test_a_commit_is_stopped_by_what_the_hooks_find(repository: Path) -> None:
    """The real pre-commit in a real repository. The hooks are taken from here, so that nothing is installed."""
    ours: dict[str, Any] = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    (used,) = yaml.safe_load(FILES[HOOKS])["repos"]
    hooks = [ours[hook["id"]] | hook | {"language": "system"} for hook in used["hooks"]]
    (repository / HOOKS).write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}))
    given = environment(repository) | {"PRE_COMMIT_HOME": str(repository.parent / "cache")}
    given |= {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=repository, env=given, capture_output=True, text=True, check=False)

    def commit() -> subprocess.CompletedProcess[str]:
        run("git", "add", "-A")
        return run("git", "commit", "-m", "x")

    assert run(program("git"), "init", "-q").returncode == 0
    assert run(SCRIPTS / "pre-commit", "install").returncode == 0
    stopped = commit()
    assert stopped.returncode == 1
    assert "floating-tag" in stopped.stdout + stopped.stderr
    (repository / "k8s/web.yaml").write_text(WEB.replace("IMAGE", f"1.0@sha256:{'a' * 64}"))
    assert commit().returncode == 0
    (repository / "policy.yaml").write_text("version: 2\n")
    assert commit().returncode == 1
