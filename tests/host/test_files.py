"""Looking files up below a root as a container sees them, and never outside of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.host.files import MAX_SIZE, HostFiles
from auditor.hostfacts import HostFile
from auditor.model import Mount
from tests.host.making import apiserver

POD = apiserver(
    mounts=(
        Mount("/etc/kubernetes", "/etc/kubernetes"),
        Mount("/etc/kubernetes/policy", "/srv/policy"),
        Mount("/etc/kubernetes/policy/one.yaml", "/srv/one.yaml"),
        Mount("/sub", "/srv", "inner/part"),
        Mount("/secret", None),
        Mount("/expanded", "/srv", "$(POD)"),
        Mount("/up", "/srv", "../etc"),
    )
)


def look(root: Path, path: str, *, complete: bool = False) -> tuple[HostFile, bytes]:
    files = HostFiles(root, complete=complete)
    return files.read(files.find(POD, path))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "host"
    for place, text in {
        "etc/kubernetes/a.yaml": "a",
        "srv/policy/b.yaml": "b",
        "srv/one.yaml": "one",
        "srv/inner/part/c.yaml": "c",
        "etc/kubernetes/policy/b.yaml": "hidden by the mount",
    }.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(text)
    (tmp_path / "outside.yaml").write_text("outside")
    return root


@pytest.mark.parametrize(
    ("path", "host_path", "text"),
    [
        ("/etc/kubernetes/a.yaml", "/etc/kubernetes/a.yaml", b"a"),
        ("/etc/kubernetes/policy/b.yaml", "/srv/policy/b.yaml", b"b"),
        ("/etc/kubernetes/policy/one.yaml", "/srv/one.yaml", b"one"),
        ("/sub/c.yaml", "/srv/inner/part/c.yaml", b"c"),
    ],
)
def test_through_the_mounts(root: Path, path: str, host_path: str, text: bytes) -> None:
    file, data = look(root, path)
    assert (file.state, file.host_path, data) == ("read", host_path, text)


@pytest.mark.parametrize(
    ("path", "state", "complete_state"),
    [
        ("/etc/kubernetes/absent.yaml", "missing", "missing"),  # its folder was given
        ("/etc/kubernetes/pki/absent.yaml", "unread", "missing"),  # its folder was not
        ("/etc/kubernetes/a.yaml/below", "missing", "missing"),
        ("/etc/kubernetes-old/a.yaml", "unmounted", "unmounted"),
        ("/secret/token", "unread", "unread"),
        ("/expanded/x", "unread", "unread"),
        ("/up/kubernetes/a.yaml", "unread", "unread"),
        ("/etc/kubernetes/\0", "missing", "missing"),
    ],
)
def test_what_is_not_there(root: Path, path: str, state: str, complete_state: str) -> None:
    assert look(root, path)[0].state == state
    assert look(root, path, complete=True)[0].state == complete_state


def test_links_inside_a_mount_are_the_containers(root: Path) -> None:
    folder = root / "etc/kubernetes"
    (folder / "relative.yaml").symlink_to("policy/b.yaml")
    (folder / "absolute.yaml").symlink_to("/etc/kubernetes/policy/b.yaml")
    (folder / "chain.yaml").symlink_to("relative.yaml")
    for name in ("relative", "absolute", "chain"):
        file, data = look(root, f"/etc/kubernetes/{name}.yaml")
        assert (file.path, data) == (f"/etc/kubernetes/{name}.yaml", b"b"), name


def test_links_of_the_node_start_at_the_root(root: Path) -> None:
    (root / "srv/policy").rename(root / "srv/real")
    (root / "srv/policy").symlink_to("/srv/real")
    assert look(root, "/etc/kubernetes/policy/b.yaml")[1] == b"b"


@pytest.mark.parametrize("target", ["../../../outside.yaml", "{outside}", "../../../../../../../../{outside}"])
@pytest.mark.parametrize("complete", [False, True])
def test_links_that_leave_are_refused(root: Path, target: str, complete: bool) -> None:
    (root / "etc/kubernetes/link.yaml").symlink_to(target.format(outside=root.parent / "outside.yaml"))
    (root / "srv/one.yaml").unlink()
    (root / "srv/one.yaml").symlink_to(target.format(outside=root.parent / "outside.yaml"))
    for path in ("/etc/kubernetes/link.yaml", "/etc/kubernetes/policy/one.yaml"):
        file, data = look(root, path, complete=complete)
        assert (file.state, data) == ("unread", b""), path


def test_folders_that_leave_are_refused(root: Path) -> None:
    (root / "etc/kubernetes/folder").symlink_to("../../..")
    file, data = look(root, "/etc/kubernetes/folder/outside.yaml")
    assert (file.state, data) == ("unread", b"")


def test_links_in_a_circle(root: Path) -> None:
    (root / "etc/kubernetes/x").symlink_to("y")
    (root / "etc/kubernetes/y").symlink_to("x")
    (root / "srv/one.yaml").unlink()
    (root / "srv/one.yaml").symlink_to("one.yaml")
    assert look(root, "/etc/kubernetes/x")[0].state == "unread"
    assert look(root, "/etc/kubernetes/policy/one.yaml")[0].state == "unread"


def test_only_regular_files_of_a_bounded_size(root: Path) -> None:
    os.mkfifo(root / "etc/kubernetes/pipe")
    assert look(root, "/etc/kubernetes/pipe")[0].detail == "not a regular file"
    (root / "etc/kubernetes/large").write_bytes(b"x" * (MAX_SIZE + 1))
    file, data = look(root, "/etc/kubernetes/large")
    assert (file.state, data) == ("unread", b"")
    found = HostFiles(root).find(POD, "/etc/kubernetes")
    assert found.folder


def test_the_root_itself_may_be_a_link(root: Path) -> None:
    (root.parent / "link").symlink_to(root)
    assert look(root.parent / "link", "/etc/kubernetes/a.yaml")[1] == b"a"


def test_a_root_that_does_not_exist_proves_nothing(tmp_path: Path) -> None:
    assert look(tmp_path / "absent", "/etc/kubernetes/a.yaml")[0].state == "unread"


@settings(deadline=None)
@given(st.lists(st.sampled_from(["..", ".", "", "etc", "kubernetes", "policy", "out", "link", "\u202e"]), max_size=12))
def test_no_path_leads_out(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    base = tmp_path_factory.getbasetemp() / "leads-out"
    inside = base / "host/etc/kubernetes"
    if not base.exists():
        inside.mkdir(parents=True)
        (base / "out").write_text("outside")
        (inside / "link").symlink_to("../../..")
    file, data = look(base / "host", "/" + "/".join(["etc", "kubernetes", *parts]))
    assert data == b""
    assert file.state in ("missing", "unmounted", "unread", "read")
