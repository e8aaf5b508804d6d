"""Where reports go: no two into one file, by whatever path, and nothing over a baseline."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.cli import run
from auditor.errors import UsageError
from auditor.output import check_apart
from tests.auditing import FIXTURES

NIGHT = ["scan", "--from", str(FIXTURES / "nights" / "1"), "--fail-on", "never"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a report, and symbolic links to it, to nothing and to a folder."""
    monkeypatch.chdir(tmp_path)
    assert run([*NIGHT, "-o", "json=base.json"]) == 0
    (tmp_path / "sub").mkdir()
    (tmp_path / "here").symlink_to(".")
    (tmp_path / "link.json").symlink_to("base.json")
    (tmp_path / "dangling.json").symlink_to("later.json")
    return tmp_path


@pytest.mark.parametrize(
    "options",
    [
        ["-o", "json=a.json", "-o", "table=a.json"],
        ["-o", "json=a.json", "-o", "table=sub/../a.json"],
        ["-o", "json=a.json", "-o", "table=here/a.json"],
        ["-o", "json=later.json", "-o", "table=dangling.json"],
        ["-o", "table=a.json", "--save-snapshot", "a.json"],
        ["-o", "table=later.json", "--save-snapshot", "dangling.json"],
        ["--baseline", "base.json", "--keep-baseline", "--save-snapshot", "base.json"],
        ["--baseline", "base.json", "--save-snapshot", "./base.json"],
        ["--baseline", "base.json", "--keep-baseline", "--save-snapshot", "link.json"],
        ["--baseline", "link.json", "--keep-baseline", "-o", "json=base.json"],
        ["--baseline", "base.json", "-o", "table=base.json"],
        ["--baseline", "here/new.json", "--keep-baseline", "-o", "json=new.json"],
    ],
)
def test_no_two_share_a_file(folder: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / "base.json").read_bytes()
    capsys.readouterr()
    assert run([*NIGHT, *options]) == 2
    told = capsys.readouterr()
    assert "cannot share a file\n  Give each a file of its own." in told.err
    assert told.out == ""
    assert (folder / "base.json").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["base.json", "dangling.json", "here", "link.json", "sub"]


def test_files_of_one_name_in_different_folders_are_two(folder: Path) -> None:
    (folder / "other").symlink_to("sub")
    assert run([*NIGHT, "-o", "json=a.json", "-o", "table=other/a.json"]) == 0
    assert (folder / "sub" / "a.json").is_file()
    check_apart([("-o", Path("a.json")), ("--save-snapshot", Path("sub/a.json"))])


def test_the_options_are_named() -> None:
    with pytest.raises(UsageError, match=r"^-o json=x and --save-snapshot cannot share a file$"):
        check_apart([("-o json=x", Path("x")), ("--baseline", Path("y")), ("--save-snapshot", Path("z/../x"))])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--baseline", "-"], "--baseline - names no file"),
        (["--baseline", "-", "--keep-baseline"], "--baseline - names no file"),
        (["--baseline", ""], "--baseline '' names no file"),
        (["--baseline", "", "--fail-on-new"], "--baseline '' names no file"),
        (["--baseline", "/dev/stdin", "--from", "-"], "--from and --baseline cannot both be standard input"),
        (["--save-snapshot", "-"], "--save-snapshot -: a snapshot's name ends in"),
        (["--save-snapshot", ""], "--save-snapshot '': a snapshot's name ends in"),
    ],
)
def test_what_names_no_file(folder: Path, options: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*NIGHT, *options]) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert told.out == ""
    assert not (folder / "-").exists()
