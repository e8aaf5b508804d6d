"""Looking files up below a root as a container sees them, and never outside of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.host.files import MAX_SIZE, HostFiles
from auditor.host.mounted import mounted_below
from auditor.hostfacts import HostFile
from auditor.model import Mount
from tests.auditing import ROOT
from tests.host.making import apiserver
from tests.real import program

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


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("/etc/kubernetes/absent.yaml", "missing"),  # in a folder that was mounted
        ("/etc/direct.yaml", "unread"),  # a file by itself, beside what was mounted
        ("/all/etc/elsewhere.yaml", "unread"),
        ("/all/etc/kubernetes/absent.yaml", "missing"),
    ],
)
def test_a_folder_that_only_carries_mounts_proves_nothing(root: Path, path: str, state: str) -> None:
    pod = apiserver(
        mounts=(
            Mount("/etc/kubernetes", "/etc/kubernetes"),
            Mount("/etc/direct.yaml", "/etc/direct.yaml"),
            Mount("/all/etc", "/etc"),
        )
    )
    (root / "etc/hosts").touch()
    mounts = [f"{root}/etc/hosts", f"{root}/etc/kubernetes"]
    assert HostFiles(root, mounts=mounts).find(pod, path).file.state == state
    assert HostFiles(root, mounts=mounts, complete=True).find(pod, path).file.state == "missing"
    assert HostFiles(root, mounts=[*mounts, str(root)]).find(pod, path).file.state == "missing"
    assert HostFiles(root, mounts=()).find(pod, path).file.state == "missing"


def test_mount_points_of_the_kernel() -> None:
    table = (
        b"36 35 98:0 / /host/etc/kubernetes ro,noatime master:1 - ext4 /dev/root rw\n"
        b"37 35 98:0 /x /host/a\\040b\\134c rw - ext4 /dev/root rw\n"
        b"38 35 0:1 / /hosts rw - tmpfs tmpfs rw\n39 35 0:1 / / rw - overlay overlay rw\n\nshort\n"
    )
    assert mounted_below(Path("/host"), table) == ("/host/etc/kubernetes", "/host/a b\\c")
    assert mounted_below(Path("/host/etc/kubernetes"), table) == ("/host/etc/kubernetes",)
    assert len(mounted_below(Path("/"), table)) == 4


_LOOK = """
import sys
from pathlib import Path
from auditor.host.files import HostFiles
from auditor.model import Mount
from tests.host.making import apiserver
pod = apiserver(mounts=(Mount("/etc", "/etc"),))
for path in ("/etc/kubernetes/absent.yaml", "/etc/direct.yaml"):
    print(HostFiles(Path(sys.argv[1])).find(pod, path).file.state)
"""


def test_real_mounts(tmp_path: Path) -> None:
    """As in the pod of a control plane's audit: one folder of the node, mounted below an empty root."""
    (tmp_path / "node").mkdir()
    target = tmp_path / "host/etc/kubernetes"
    target.mkdir(parents=True)
    steps = 'mount --bind "$1" "$2" && exec "$3" -c "$4" "$5"'
    given = [str(tmp_path / "node"), str(target), sys.executable, _LOOK, str(tmp_path / "host")]
    apart = [program("unshare"), "--mount", "--map-root-user"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody but its root mount anything")
    ran = subprocess.run(
        [*apart, "sh", "-c", steps, "sh", *given], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ran.stdout.split() == ["missing", "unread"]


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
