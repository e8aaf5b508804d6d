"""What is handed out works: the wheel, the image's recipe, the make targets, the manifests and the examples."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from auditor.version import __version__

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def run(arguments: Sequence[str | Path], folder: Path, *path: Path) -> subprocess.CompletedProcess[str]:
    """A command in a folder, with packages taken from `path` first; its own output is text."""
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(folder)}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, path))
    return subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def auditor(folder: Path, *arguments: str | Path, path: Sequence[Path]) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "-P", "-m", "auditor", *arguments], folder, *path)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the project's own build backend."""
    folder = tmp_path_factory.mktemp("dist")
    build = f"import hatchling.build as b; b.build_wheel({str(folder)!r})"
    built = run([sys.executable, "-c", build], ROOT)
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("*.whl")
    return found


def test_wheel_holds_both_packages_and_nothing_else(wheel: Path) -> None:
    info = f"auditor-{__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = archive.read(f"{info}/entry_points.txt").decode()
    assert {name.partition("/")[0] for name in names} == {"auditor", "checks", info}
    assert {"auditor/py.typed", "auditor/__main__.py", "checks/__init__.py", f"{info}/licenses/LICENSE"} <= names
    code = {name for name in names if not name.startswith(info)} - {"auditor/py.typed"}
    kinds = ("*.py", "*.j2", "*.css", "*.js")
    here = (path for package in ("auditor", "checks") for kind in kinds for path in (ROOT / package).rglob(kind))
    assert code == {str(path.relative_to(ROOT)) for path in here}
    assert "auditor = auditor.__main__:main" in entry_points


def test_wheel_runs_by_itself(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    version = auditor(tmp_path, "--version", path=[tmp_path / "site"])
    assert (version.returncode, version.stdout) == (0, f"auditor {__version__}\n")
    listing = auditor(tmp_path, "checks", path=[tmp_path / "site"])
    assert (listing.returncode, listing.stderr) == (0, "")
    assert "unpinned-image" in listing.stdout


def test_checks_from_elsewhere_are_refused(tmp_path: Path) -> None:
    stranger = tmp_path / "elsewhere" / "checks"
    stranger.mkdir(parents=True)
    (stranger / "__init__.py").write_text("raise SystemExit('was imported')\n")
    refused = auditor(tmp_path, "checks", path=[stranger.parent, ROOT])
    assert refused.returncode == 2
    assert "not beside auditor" in refused.stderr
    assert str(stranger) in refused.stderr
    assert "was imported" not in refused.stderr


def test_constraints_pin_what_the_project_asks_for() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    pins = [Requirement(line) for line in lines]
    assert all(re.fullmatch(r"==[0-9][0-9a-z.]*", str(pin.specifier)) and not pin.url for pin in pins)
    versions = {plain(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}
    assert len(versions) == len(pins)
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    for requirement in map(Requirement, wanted):
        assert versions[plain(requirement.name)] in requirement.specifier


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def instructions(text: str) -> list[tuple[str, str]]:
    """A Dockerfile's instructions in order: the word in capitals, and the rest with continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [
        (word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines()) if word
    ]


def test_image_runs_without_root_and_without_a_shell() -> None:
    steps = instructions((ROOT / "Dockerfile").read_text())
    last = max(index for index, (word, _) in enumerate(steps) if word == "FROM")
    final = steps[last + 1 :]
    users = [rest for word, rest in final if word == "USER"]
    assert users
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1])
    assert "RUN" not in [word for word, _ in final]
    assert all(rest.startswith("[") for word, rest in final if word in ("ENTRYPOINT", "CMD"))
    assert ("HEALTHCHECK", "NONE") in final
    assert all(rest.startswith("--from=build ") for word, rest in final if word == "COPY")
    assert ("ARG", f"VERSION={__version__}") in final


def test_image_is_built_from_named_bases_and_local_files() -> None:
    steps = instructions((ROOT / "Dockerfile").read_text())
    first = [word for word, _ in steps].index("FROM")
    arguments = {rest.partition("=")[0] for word, rest in steps[:first] if word == "ARG"}
    bases = [rest.split()[0] for word, rest in steps if word == "FROM"]
    assert set(bases) == {f"${{{name}}}" for name in arguments}
    assert "ADD" not in [word for word, _ in steps]
    assert not [rest for word, rest in steps if word == "RUN" and re.search(r"https?:|\bcurl\b|\bwget\b", rest)]
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [rest.split()[:-1] for word, rest in steps if word == "COPY" and not rest.startswith("--from")]
    for source in (source for sources in copied for source in sources):
        assert (ROOT / source).exists()
        assert any(fnmatchcase(source, pattern) for pattern in allowed)


def test_make_refuses_an_old_python(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    old = tmp_path / "old-python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.18" && exit 0\nexit 1\n')
    old.chmod(0o755)
    refused = run(["make", "scan", f"PYTHON={old}"], tmp_path)
    assert refused.returncode != 0
    assert "needs Python 3.11 or newer" in refused.stderr
    assert "Python 3.9.18" in refused.stderr
    assert not (tmp_path / ".venv").exists()


def test_workflow_calls_make_on_every_supported_python() -> None:
    flow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert flow["permissions"] == {"contents": "read"}
    (job,) = flow["jobs"].values()
    assert f">={job['strategy']['matrix']['python'][0]}" == PROJECT["requires-python"]
    commands = [step["run"] for step in job["steps"] if "run" in step]
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {command.split()[1] for command in commands} == {"check", "scan"}
    assert {"scan", "test", "check", "bench", "docs", "setup", "clean"} <= targets
    assert subprocess.run(["bash", "-n", ROOT / ".ci/run"], check=False).returncode == 0
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_cronjob_is_restricted_and_bound_to_the_generated_role() -> None:
    folder = ROOT / "docs/in-cluster"
    objects = {item["kind"]: item for item in yaml.safe_load_all((folder / "cronjob.yaml").read_text())}
    role = yaml.safe_load((folder / "clusterrole.yaml").read_text())
    assert objects["ClusterRoleBinding"]["roleRef"]["name"] == role["metadata"]["name"]
    pod = objects["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (subject,) = objects["ClusterRoleBinding"]["subjects"]
    place = objects["CronJob"]["metadata"]["namespace"]
    assert (subject["namespace"], subject["name"]) == (place, pod["serviceAccountName"])
    enforced = objects["Namespace"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    assert (objects["Namespace"]["metadata"]["name"], enforced) == (place, "restricted")
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = pod["containers"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert not [volume for volume in pod["volumes"] if "hostPath" in volume]


def test_cronjob_passes_its_own_audit(tmp_path: Path) -> None:
    (config,) = (
        item
        for item in yaml.safe_load_all((ROOT / "docs/in-cluster/cronjob.yaml").read_text())
        if item["kind"] == "ConfigMap"
    )
    policy = tmp_path / "policy.yaml"
    policy.write_text(config["data"]["policy.yaml"])
    manifest = ROOT / "docs/in-cluster/cronjob.yaml"
    options = ["--policy", str(policy), "--fail-on", "low", "--allow-incomplete"]
    audited = auditor(tmp_path, "scan", "--from", manifest, *options, path=[ROOT])
    assert audited.returncode == 0, audited.stdout + audited.stderr


def test_guide_and_readme_policies_are_valid(tmp_path: Path) -> None:
    for page in ("README.md", "docs/guides/policy.md"):
        (text,) = re.findall(r"```yaml\n((?:#.*\n)?version: 1\n.*?)```", (ROOT / page).read_text(), re.DOTALL)
        policy = tmp_path / "policy.yaml"
        policy.write_text(text)
        checked = auditor(tmp_path, "policy", "check", policy, path=[ROOT])
        assert (checked.returncode, checked.stderr) == (0, ""), page


def test_worked_example_of_contributing(tmp_path: Path) -> None:
    """Its files, put where it says, make a check that gives the verdicts that its fixtures promise."""
    copy = shutil.ignore_patterns("__pycache__")
    for package in ("auditor", "checks"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=copy)
    text = (ROOT / "CONTRIBUTING.md").read_text()
    files = dict(re.findall(r"^`(\S+/\S+)`:\n\n```\w+\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    fixtures = [name for name in files if name.startswith("fixtures/checks/")]
    verdicts = {Path(name).stem.partition("-")[0] for name in fixtures}
    assert verdicts == {"pass", "fail"}
    check = Path(fixtures[0]).parent.name
    for name in fixtures:
        scanned = auditor(tmp_path, "scan", "--check", check, "--from", name, "--fail-on", "low", path=[tmp_path])
        assert scanned.stderr == ""
        assert scanned.returncode == (1 if "/fail-" in name else 0), scanned.stdout
        assert ("is a pre-release by" in " ".join(scanned.stdout.split())) == ("/fail-" in name)
    written = run([sys.executable, "-P", "-m", "auditor.documentation"], tmp_path, tmp_path)
    assert written.returncode == 0, written.stderr
    assert (tmp_path / "docs/checks" / f"{check}.md").is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)[^)]*\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_documented_options_exist(tmp_path: Path) -> None:
    """Every option after `auditor COMMAND` in a page is one that the command's help names."""
    known: dict[str, str] = {}
    for page in PAGES:
        for command, rest in re.findall(
            r"\bauditor (scan|snapshot|diff|checks|rbac|waive)\b([^\n`|]*)", page.read_text()
        ):
            if command not in known:
                known[command] = auditor(tmp_path, command, "--help", path=[ROOT]).stdout
            options = re.findall(r"(?<=\s)(--?[a-z][a-z-]*)", rest.partition("#")[0])
            assert all(re.search(rf"(?<![\w-]){option}(?![\w-])", known[command]) for option in options), (page, rest)
