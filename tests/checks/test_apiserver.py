"""Flags, mounts and versions of control-plane pods: edges that fixtures do not show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import ADMISSION_PLUGINS, ControlPlanePod, Mount, admission_plugins
from auditor.control_plane import read_flags
from auditor.model import ClusterInfo, Coverage, Flag, Node, Snapshot
from auditor.mounts import absolute, mount_of
from auditor.report import Report
from checks.apiserver._divergence import differences
from checks.apiserver._release import release, same
from checks.apiserver._startup import doubtful, refusals
from tests.auditing import audit

ENABLE = "--enable-admission-plugins"


def server(
    *arguments: str, name: str = "cp1", ready: bool | None = None, mounts: tuple[Mount, ...] = ()
) -> ControlPlanePod:
    image = "registry.k8s.io/kube-apiserver:v1.36.2"
    flags = read_flags(list(arguments))
    return ControlPlanePod(f"kube-apiserver-{name}", "kube-apiserver", name, image, ready, flags, mounts)


def report(check: str, *pods: ControlPlanePod, nodes: tuple[Node, ...] = (), version: str = "v1.36.2") -> Report:
    covered = tuple(Coverage(resource, "read") for resource in ("pods", "nodes"))
    return audit(Snapshot(ClusterInfo(version=version), covered, nodes=nodes, control_plane=pods), only=[check])


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("A,B", ("A", "B")),
        ("A, B", ("A", " B")),
        ("A,,B", ("A", "", "B")),
        ("A,", ("A", "")),
        ("", ()),
        ('"A,B"', ("A,B",)),
        ('"A","B"', ("A", "B")),
        ('A,"B"', ("A", "B")),
        ('A, "B"', ("A", ' "B"')),
        ('"A,B', ('"A', "B")),
        ('A"B', ('A"B',)),
        ('"A"B,C', ('"A"B', "C")),
        ("A,B\nC", ("A", "B")),
        ("A,B\r\n", ("A", "B")),
    ],
)
def test_a_list_flag_is_one_record_of_csv(value: str, names: tuple[str, ...]) -> None:
    assert admission_plugins([Flag("enable-admission-plugins", value)]).enable == names


@given(st.text(max_size=40))
def test_any_value_of_a_list_flag_is_read(value: str) -> None:
    plugins = admission_plugins([Flag("enable-admission-plugins", value)])
    assert (plugins.enable == ()) == (not value.replace("\r\n", "\n").strip("\n\r"))


@given(st.lists(st.sampled_from(sorted(ADMISSION_PLUGINS)), max_size=6), st.booleans())
def test_known_names_in_any_number_never_stop_the_start(names: list[str], ready: bool) -> None:
    pod = server(f"{ENABLE}={','.join(names)}", *(f"{ENABLE}={name}" for name in names), ready=ready)
    assert refusals(pod, "v1.36.2") == doubtful(pod, "v1.36.2") == []
    assert all(admission_plugins(pod.flags).enabled(name) for name in names)


def test_an_empty_exclusive_list_turns_everything_off() -> None:
    plugins = admission_plugins(server("--admission-control=").flags)
    assert not any(plugins.enabled(name) for name in ADMISSION_PLUGINS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((f"{ENABLE}=NodeRestriction, PodSecurity",), ['" PodSecurity" is no plugin\'s name (PodSecurity is)']),
        ((f"{ENABLE}=PODSECURITY",), ['"PODSECURITY" is unknown, since letter case counts (PodSecurity is)']),
        ((f"{ENABLE}=AlwaysPullImage",), ['"AlwaysPullImage" is unknown (AlwaysPullImages is)']),
        ((f"{ENABLE}=A", "--disable-admission-plugins=A"), ['"A" is unknown', "A is both enabled and disabled"]),
        (("--admission-control=", f"{ENABLE}="), ["--admission-control excludes --enable-admission-plugins"]),
        (
            ("--admission_control=", "--disable_admission_plugins="),
            ["--admission-control excludes --disable-admission-plugins"],
        ),
        (("-enable-admission-plugins=A",), ["-enable-admission-plugins has one dash"]),
        (("-vmodule=x=2",), ["-vmodule has one dash"]),
        (("-v=2", "-v4", "-v", "2", "-h", "--goaway-chance", "-1"), []),
        (("--", "-enable-admission-plugins=A"), []),
    ],
)
def test_what_stops_the_start(arguments: tuple[str, ...], said: list[str]) -> None:
    assert refusals(server(*arguments), "v1.36.2") == said


@pytest.mark.parametrize(
    ("name", "ready", "version", "certain"),
    [
        ("CorpGate", None, "", True),
        ("CorpGate", None, "v1.36.2", True),
        ("CorpGate", False, "v1.32.0", True),
        ("CorpGate", True, "v1.36.2", False),
        ("CorpGate", False, "v1.37.0", False),
        ("CorpGate", None, "v1.29.0", False),
        ("PodSecurityPolicy", None, "v1.24.1", False),
        ("ImagePolicyWebhok", None, "v1.37.0", True),
        ("ImagePolicyWebhok", True, "v1.36.2", False),
    ],
)
def test_when_an_unknown_name_is_certain_to_be_wrong(
    name: str, ready: bool | None, version: str, certain: bool
) -> None:
    pod = server(f"{ENABLE}={name}", ready=ready)
    assert (bool(refusals(pod, version)), bool(doubtful(pod, version))) == (certain, not certain)


def test_a_server_that_fails_and_one_to_look_at_are_two_findings_of_one_subject() -> None:
    found = report(
        "unknown-admission-plugin",
        server(f"{ENABLE}=CorpGate", ready=True),
        server(f"{ENABLE}=CorpGate, NodeRestriction", name="cp2", ready=False),
    )
    assert sorted(finding.status for finding in found.findings) == ["fail", "manual"]
    assert (found.checks[0].fail, found.checks[0].manual) == (1, 0)
    assert len({finding.id for finding in found.findings}) == 2


@pytest.mark.parametrize(
    ("path", "working_dir", "opened"),
    [
        ("/etc/a.yaml", "", "/etc/a.yaml"),
        ("//etc//a.yaml", "/x", "/etc/a.yaml"),
        ("a.yaml", "", "/a.yaml"),
        ("./a/../b.yaml", "/etc/", "/etc/b.yaml"),
        ("../../../a.yaml", "/etc", "/a.yaml"),
        ("/", "", "/"),
    ],
)
def test_absolute(path: str, working_dir: str, opened: str) -> None:
    assert absolute(path, working_dir) == opened


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/etc/kubernetes/pki/admission.yaml", "/etc/kubernetes/pki"),
        ("/etc/kubernetes/pki/etcd/ca.crt", "/etc/kubernetes/pki/etcd/"),
        ("/etc/kubernetes/admission.yaml", "/etc/kubernetes/admission.yaml"),
        ("/etc/kubernetes/admission.yaml.bak", None),
        ("/etc/kubernetes/pki2/admission.yaml", None),
        ("/etc/kubernetes/pki", "/etc/kubernetes/pki"),
    ],
)
def test_the_longest_mount_at_segment_boundaries(path: str, found: str | None) -> None:
    paths = ("/etc/kubernetes/pki", "/etc/kubernetes/pki/etcd/", "/etc/kubernetes/admission.yaml")
    mount = mount_of(server(mounts=tuple(Mount(path) for path in paths)), path)
    assert (mount.path if mount else None) == found


def test_a_mount_of_the_root_holds_everything() -> None:
    assert mount_of(server(mounts=(Mount("/", "/srv"),)), "/etc/admission.yaml") is not None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("v1.36.2", (1, 36, 2)),
        ("v1.32.4+k3s1", (1, 32, 4)),
        ("v1.32.4-eks-abc", (1, 32, 4)),
        ("v1.32.4-gke.1", (1, 32, 4)),
        ("v1.32.4-rke2r1-build20250423", (1, 32, 4)),
        ("1.36.2", (1, 36, 2)),
        ("v1.36.0-rc.1", (1, 36, 0)),
        ("build-7-v1.36.2", (1, 36, 2)),
        ("v1.36", (1, 36)),
        ("latest", None),
        ("", None),
        ("v1", None),
    ],
)
def test_release(text: str, numbers: tuple[int, ...] | None) -> None:
    assert release(text) == numbers


def test_a_patch_that_is_not_stated_is_not_compared() -> None:
    assert same((1, 36), (1, 36, 2))
    assert not same((1, 36, 20), (1, 36, 2))
    assert not same((1, 35), (1, 36, 2))


@given(st.permutations([f"{ENABLE}=A,B", f"{ENABLE}=B", "--disable-admission-plugins=PodSecurity"]))
def test_the_order_of_flags_is_no_difference(arguments: list[str]) -> None:
    assert (
        differences(
            [server(*arguments), server(f"{ENABLE}=B,A", "--disable-admission-plugins=PodSecurity", name="cp2")]
        )
        == {}
    )


def test_each_server_is_named_in_a_difference() -> None:
    (finding,) = report("apiserver-divergence", server(f"{ENABLE}=AlwaysPullImages"), server(name="cp2")).findings
    assert "AlwaysPullImages (kube-apiserver-cp1: on, kube-apiserver-cp2: off)" in finding.message


def test_a_new_release_is_the_same_finding() -> None:
    nodes = [Node("n", kubelet_version=version) for version in ("v1.34.3", "v1.34.4")]
    found = [report("always-pull-images-disabled", server(), nodes=(node,)).findings[0] for node in nodes]
    assert found[0].id == found[1].id
    assert found[0].evidence != found[1].evidence


def test_a_healthy_kubeadm_control_plane() -> None:
    """What remains is what is true of every kubeadm cluster: that nothing in it decides about images."""
    covered = tuple(Coverage(resource, "read") for resource in ("pods", "nodes"))
    pods = tuple(server(f"{ENABLE}=NodeRestriction", name=name, ready=True) for name in ("cp1", "cp2", "cp3"))
    nodes = tuple(Node(name, "linux", "amd64", "v1.36.2") for name in ("cp1", "cp2", "cp3", "w1"))
    snapshot = Snapshot(ClusterInfo(version="v1.36.2"), covered, nodes=nodes, control_plane=pods)
    checks = (
        *("image-policy-webhook-disabled", "image-policy-webhook-unconfigured", "always-pull-images-disabled"),
        *("apiserver-divergence", "unknown-admission-plugin", "apiserver-image-unpinned", "truncated-node-inventory"),
    )
    assert [finding.check for finding in audit(snapshot, only=checks).findings] == ["image-policy-webhook-disabled"]
