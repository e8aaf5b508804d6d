"""What --from takes: files, directories, standard input, snapshots; what it makes of each; what it refuses."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from auditor import wire
from auditor.errors import SourceError
from auditor.inventory import Inventory
from auditor.model import State
from auditor.sources.files import FileCounts, FilesResult, collect
from auditor.sources.kinds import own_group

REFUSED = Path(__file__).parents[2] / "fixtures/inputs/refused"
BUILT_IN = {name for name, resource in wire.BY_NAME.items() if not own_group(resource.group)}
PARTIAL = {"detail": "only what the input holds", "complete": False}


class Read:
    """A list of the inventory that keeps what it is given."""

    def __init__(self, resource: wire.Resource) -> None:
        self.resource = resource
        self.items: list[wire.Object] = []
        self.origins: list[str] = []

    def add(self, items: Sequence[wire.Object], origins: Sequence[str] = ()) -> None:
        assert len(items) == len(origins)
        self.items += items
        self.origins += origins


class Lists:
    """The inventory's side of collecting files, written down."""

    def __init__(self) -> None:
        self.ended: dict[str, tuple[Read, dict[str, object]]] = {}
        self.covered: dict[str, tuple[str, str]] = {}

    def begin(self, resource: wire.Resource) -> Read:
        return Read(resource)

    def end(
        self, listing: Read, *, state: State = "read", namespace: str = "", detail: str = "", complete: bool = True
    ) -> None:
        assert (state, namespace) == ("read", "")
        assert listing.resource.name not in self.ended
        self.ended[listing.resource.name] = (listing, {"detail": detail, "complete": complete})

    def cover(self, resource: str, state: State, *, namespace: str = "", detail: str = "") -> None:
        assert not namespace
        self.covered[resource] = (state, detail)

    @property
    def origins(self) -> dict[str, list[str]]:
        return {name: listing.origins for name, (listing, _) in self.ended.items() if listing.origins}


def run(path: object, *, stdin: bytes = b"", assume_complete: bool = False) -> tuple[FilesResult, Lists]:
    lists = Lists()
    return collect(str(path), lists, stdin=io.BytesIO(stdin), assume_complete=assume_complete), lists


def refusal(path: object, stdin: bytes = b"") -> str:
    lists = Lists()
    with pytest.raises(SourceError) as caught:
        collect(str(path), lists, stdin=io.BytesIO(stdin))
    assert caught.value.advice
    assert not lists.ended
    assert not lists.covered
    return str(caught.value)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def manifest(kind: str, name: str = "x", api_version: str = "v1") -> str:
    return f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: {name}}}\n"


def test_a_file_of_any_name(tmp_path: Path) -> None:
    path = (
        write(tmp_path, {"dump": manifest("Pod") + "---\n" + manifest("Ingress") + "---\n" + manifest("Pod", "b")})
        / "dump"
    )
    result, lists = run(path)
    assert result == FilesResult(documents=3, skipped={"Ingress": 1}, files=FileCounts(read=1))
    listing, said = lists.ended.pop("pods")
    assert listing.origins == [f"{path}:1", f"{path}:9"]
    assert [pod.metadata.name for pod in listing.items if isinstance(pod, wire.Pod) and pod.metadata] == ["x", "b"]
    assert said == PARTIAL
    assert not lists.ended
    assert lists.covered.pop("rollouts") == ("absent", "not in the input")
    assert set(lists.covered.values()) == {("excluded", "not in the input")}
    assert set(lists.covered) == set(wire.BY_NAME) - {"pods", "rollouts"}


def test_standard_input() -> None:
    dump = {"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]}
    result, lists = run("-", stdin=gzip.compress(json.dumps(dump, indent=2).encode()))
    assert result.documents == 2
    assert lists.origins == {"pods": ["<stdin>:5", "<stdin>:10"]}


def test_a_pipe_by_name(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, manifest("Pod").encode())
    os.close(writer)
    try:
        assert run(f"/dev/fd/{reader}")[0].documents == 1
    finally:
        os.close(reader)


@pytest.mark.parametrize(
    ("api_version", "kind", "name"),
    [
        ("v1", "Namespace", "namespaces"),
        ("v1", "Node", "nodes"),
        ("v1", "Pod", "pods"),
        ("v1", "ServiceAccount", "serviceaccounts"),
        ("v1", "Secret", "secrets"),
        ("v1", "ReplicationController", "replicationcontrollers"),
        ("apps/v1", "Deployment", "deployments"),
        ("apps/v1beta1", "Deployment", "deployments"),
        ("extensions/v1beta1", "Deployment", "deployments"),
        ("extensions/v1beta1", "DaemonSet", "daemonsets"),
        ("extensions/v1beta1", "ReplicaSet", "replicasets"),
        ("apps/v1beta2", "StatefulSet", "statefulsets"),
        ("batch/v1", "Job", "jobs"),
        ("batch/v1beta1", "CronJob", "cronjobs"),
        ("argoproj.io/v1alpha1", "Rollout", "rollouts"),
    ],
)
def test_each_kind_in_each_version_goes_into_its_list(api_version: str, kind: str, name: str) -> None:
    _, lists = run("-", stdin=manifest(kind, api_version=api_version).encode())
    assert lists.origins == {name: ["<stdin>:1"]}


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("v1", "PodTemplate"), ("v1", "Deployment"), ("apps/v1", "Pod"), ("example.com/v1", "Pod"), ("v1", "Rollout")],
)
def test_kinds_of_other_groups_are_counted_and_left(api_version: str, kind: str) -> None:
    result, lists = run("-", stdin=manifest(kind, api_version=api_version).encode())
    assert (result.documents, result.skipped, lists.origins) == (1, {kind: 1}, {})


def test_all_types_of_secret_are_handed_on() -> None:
    text = "\n---\n".join(manifest("Secret") + f"type: {kind}" for kind in ("Opaque", "kubernetes.io/dockercfg"))
    assert lists_of(text)["secrets"] == ["<stdin>:1", "<stdin>:6"]


def lists_of(text: str) -> dict[str, list[str]]:
    return run("-", stdin=text.encode())[1].origins


TREE = {
    "b.yaml": manifest("Pod", "b"),
    "a/z.json": '{"apiVersion": "v1", "kind": "Pod"}',
    "a/c.YML": manifest("Pod"),
    "a/deep/er/x.yaml": manifest("Node"),
    "notes.txt": "kind: Pod: no YAML",
    "a/README.md": "---",
    ".hidden.yaml": "a: b: c",
    ".git/config.yaml": "a: b: c",
    "host/etc/kubernetes/manifests/kube-apiserver.yaml": manifest("Pod"),
    "a/host/y.yaml": manifest("Pod"),
}


def test_a_directory_is_walked_in_order(tmp_path: Path) -> None:
    write(tmp_path, TREE)
    with gzip.open(tmp_path / "a/y.yaml.gz", "wt") as stream:
        stream.write(manifest("Pod"))
    result, lists = run(tmp_path)
    names = ["b.yaml", "a/c.YML", "a/y.yaml.gz", "a/z.json", "a/host/y.yaml"]
    assert lists.origins == {"pods": [f"{tmp_path / n}:1" for n in names], "nodes": [f"{tmp_path}/a/deep/er/x.yaml:1"]}
    assert result.files == FileCounts(read=6)
    assert result.host_root == str(tmp_path / "host")


def test_links_are_followed_within_the_directory_and_never_out_of_it(tmp_path: Path) -> None:
    outside = write(tmp_path / "out", {"secret.yaml": manifest("Pod", "stolen")})
    inside = write(tmp_path / "in", {"..2026/a.yaml": manifest("Pod")})
    (inside / "..data").symlink_to("..2026")
    (inside / "a.yaml").symlink_to("..data/a.yaml")  # a mounted ConfigMap
    (inside / "again.yaml").symlink_to("..data/a.yaml")
    (inside / "out").symlink_to(outside)
    (inside / "out.yaml").symlink_to(outside / "secret.yaml")
    (inside / "gone.yaml").symlink_to("nowhere")
    (inside / "round.yaml").symlink_to("round.yaml")
    (inside / "up").symlink_to(".")
    (inside / "host").symlink_to("/etc")
    os.mkfifo(inside / "pipe.yaml")
    result, lists = run(inside)
    assert lists.origins == {"pods": [f"{inside}/a.yaml:1"]}
    assert result.host_root is None


def test_what_is_no_kubernetes_object_is_counted_in_a_directory(tmp_path: Path) -> None:
    files = {
        "pod.yaml": manifest("Pod"),
        "Chart.yaml": "apiVersion: v2\nname: chart\n",
        "values.yaml": "image: {tag: !Ref x}\nkind: {of: thing}\nitems: 5\n",
        "compose.yml": "services: {web: {image: nginx}}\n",
        "playbook.yml": "- hosts: all\n",
        "package.json": '{"name": "x", "kind": ["a"], "items": {}}',
        "config.yaml": "kind: Config\n",
        "numbers.json": "[1, 2]",
        "empty.yaml": "",
    }
    result, _ = run(write(tmp_path, files))
    assert result == FilesResult(documents=1, files=FileCounts(read=9, foreign=8))


@pytest.mark.parametrize("other", ["replicas: 1\n", "- a\n", "kind: Other\n"])
@pytest.mark.parametrize("first", [True, False])
def test_a_file_with_objects_must_hold_nothing_else(tmp_path: Path, other: str, first: bool) -> None:
    parts = [other, manifest("Pod")] if first else [manifest("Pod"), other]
    line = 1 if first else 5
    assert refusal(write(tmp_path, {"a.yaml": "---\n".join(parts)})).startswith(f"{tmp_path}/a.yaml:{line}: ")


def test_a_pod_without_version_is_no_stranger(tmp_path: Path) -> None:
    assert "no apiVersion" in refusal(write(tmp_path, {"a.yaml": "kind: Pod\n", "b.yaml": manifest("Pod")}))


FIXTURE = "kind: ClusterFixture\ncomplete: true\nname: prod\nversion: v1.36.2\ncollectedAt: 2026-11-21T12:00:00Z\n"


@pytest.mark.parametrize("text", [FIXTURE, "apiVersion: auditor/v1\n" + FIXTURE])
def test_a_cluster_fixture_says_that_the_rest_is_empty(tmp_path: Path, text: str) -> None:
    result, lists = run(write(tmp_path, {"cluster.yaml": text, "a.yaml": manifest("Pod")}))
    assert result.complete
    assert result.cluster == {
        "complete": True,
        "name": "prod",
        "version": "v1.36.2",
        "collectedAt": "2026-11-21T12:00:00Z",
    }
    assert lists.ended.keys() == BUILT_IN
    assert all(said == {"detail": "", "complete": True} for _, said in lists.ended.values())
    assert lists.origins == {"pods": [f"{tmp_path}/a.yaml:1"]}
    assert lists.covered == dict.fromkeys(wire.BY_NAME.keys() - BUILT_IN, ("absent", "not in the input"))


def test_a_cluster_with_nothing_in_it_is_an_input() -> None:
    result, lists = run("-", stdin=b"kind: ClusterFixture\ncomplete: yes\n")
    assert result.documents == 0
    assert lists.ended.keys() == BUILT_IN


def test_a_fixture_that_does_not_say_complete() -> None:
    result, lists = run("-", stdin=("kind: ClusterFixture\nname: a\n---\n" + manifest("Node")).encode())
    assert (result.complete, result.cluster["name"], lists.ended["nodes"][1]) == (False, "a", PARTIAL)


def test_the_command_line_can_say_it_too() -> None:
    result, lists = run("-", stdin=manifest("Rollout", api_version="argoproj.io/v1").encode(), assume_complete=True)
    assert result.complete
    assert result.cluster == {}
    assert lists.ended.keys() == BUILT_IN | {"rollouts"}
    assert lists.covered.keys() == wire.BY_NAME.keys() - lists.ended.keys()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("kind: ClusterFixture\nname: 5\n", "1: ClusterFixture: Expected `str | null`, got `int` - at `$.name`"),
        (
            "kind: ClusterFixture\ncomplete: 'true'\n",
            "1: ClusterFixture: Expected `bool | null`, got `str` - at `$.complete`",
        ),
        ("kind: ClusterFixture\ncollectedAt: 2026-11-21\n", "1: ClusterFixture: collectedAt is not a time"),
        ("kind: ClusterFixture\ncollectedAt: 2026-11-21T10:00:00\n", "1: ClusterFixture: collectedAt is not a time"),
        ("kind: ClusterFixture\n---\nkind: ClusterFixture\n", "3: a second ClusterFixture"),
    ],
)
def test_a_fixture_is_read_strictly(text: str, reason: str) -> None:
    assert refusal("-", text.encode()).startswith(f"<stdin>:{reason}")


@pytest.mark.parametrize(
    "more", ["apiVersion: auditor.dev/v1", "metadata: {name: x}", "collectedAt: null", "version: 1.36"]
)
def test_a_fixture_may_say_more(more: str) -> None:
    result, _ = run("-", stdin=f"kind: ClusterFixture\ncomplete: true\n{more}\n".encode())
    assert result.complete


SNAPSHOT = b'{"auditor": "0.1.0", "kind": "x",\n "schema": "auditor.snapshot/v1", "owners": []}\n'


@pytest.mark.parametrize("data", [SNAPSHOT, gzip.compress(SNAPSHOT), b"\xef\xbb\xbf" + SNAPSHOT])
def test_a_saved_snapshot_is_handed_through(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "saved"
    path.write_bytes(data)
    for result, lists in (run(path), run("-", stdin=data)):
        assert result == FilesResult(snapshot=SNAPSHOT, files=FileCounts(read=1))
        assert not lists.ended
        assert not lists.covered


def test_a_snapshot_among_manifests_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": manifest("Pod"), "b.json": SNAPSHOT.decode()})
    assert refusal(tmp_path) == f"{tmp_path}/b.json:1: a saved snapshot among manifests"


def test_an_object_that_speaks_of_snapshots_is_none() -> None:
    held = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": '{"schema": "auditor.snapshot/v1"}'}}
    result, _ = run("-", stdin=json.dumps(held).encode() + b'\n{"apiVersion": "v1", "kind": "Pod"}')
    assert (result.documents, result.snapshot) == (2, None)


REASONS = {
    "alias-in-itself.yaml": "4: an alias inside what it names",
    "alias-of-nothing.yaml": "3: an alias of nothing",
    "array.yaml": "1: an array where a Kubernetes object is expected",
    "bare-word.json": "4: not valid JSON: expected ',' or '}' (column 3)",
    "billion-laughs.yaml": "8: aliases would make more than 50 times what is written, or more than a million values",
    "comments.yaml": " no Kubernetes objects",
    "cut-off.json": "5: the JSON ends in the middle",
    "cut-off.yaml.gz": "1: not a whole gzip file",
    "infinity.yaml": "3: a number that JSON does not have",
    "list-items-are-no-array.yaml": "1: a list whose items are not an array",
    "no-api-version.yaml": "2: no apiVersion: not a Kubernetes object",
    "no-kind.yaml": "2: no kind: not a Kubernetes object",
    "not-utf-8.yaml": "3: not valid YAML: invalid leading UTF-8 octet",
    "null-key.yaml": "5: a key that is not text",
    "report.json": "1: a report, which cannot be scanned",
    "second-line.jsonl": "2: not valid JSON: expected ':' (column 29)",
    "tab.yaml": "4: not valid YAML: found character that cannot start any token (column 1)",
    "tag.yaml": "4: a tag that Kubernetes has no meaning for",
    "template.yaml": "4: a key that is not text",
    "word.yaml": "1: a single value where a Kubernetes object is expected",
    "wrong-type.yaml": "7: Deployment: Expected `int | null`, got `str` - at `$.spec.replicas`",
}


@pytest.mark.parametrize("name", sorted(path.name for path in REFUSED.iterdir()))
def test_what_cannot_be_read_is_refused_with_its_line(name: str) -> None:
    assert refusal(REFUSED / name) == f"{REFUSED / name}:{REASONS[name]}"


def test_a_template_gets_the_advice_to_render_it() -> None:
    for text in ("a: {{ .x }}\nkind: Pod\napiVersion: v1\n", "{{- if .x }}\nkind: Pod\n{{ end }}\n"):
        with pytest.raises(SourceError) as caught:
            run("-", stdin=text.encode())
        assert "helm template" in caught.value.advice


@pytest.mark.parametrize("path", ["nowhere", "nowhere/at/all.yaml", "a\0b", "x" * 5000, ""])
def test_what_is_not_there(path: str) -> None:
    refusal(path)


@pytest.mark.parametrize("files", [{}, {"a.txt": "x"}, {"values.yaml": "a: 1"}, {"host/a.yaml": manifest("Pod")}])
def test_a_directory_without_objects(tmp_path: Path, files: dict[str, str]) -> None:
    looked = sum(name == "values.yaml" for name in files)
    assert refusal(write(tmp_path, files)) == f"{tmp_path}: no Kubernetes objects ({looked} files looked at)"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": manifest("Pod"), "b/c.yaml": manifest("Pod")})
    (tmp_path / "b").chmod(0)
    assert "cannot be listed" in refusal(tmp_path)
    (tmp_path / "b").chmod(0o700)
    (tmp_path / "a.yaml").chmod(0)
    assert refusal(tmp_path) == f"{tmp_path}/a.yaml: Permission denied"


def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.yaml"
    with open(path, "w") as stream:  # noqa: PTH123
        stream.write(manifest("Pod"))
    _, lists = run(tmp_path)
    (origins,) = lists.origins.values()
    assert msgspec.json.encode(origins)


def test_values_of_secrets_are_in_no_error() -> None:
    data = b"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: kubernetes.io/dockerconfigjson\n"
    for wrong in (b"data: hunter2", b"data: {a: [hunter2]}", b"stringData: {a: {b: hunter2}}", b"data: {hunter2: 5}"):
        assert "hunter2" not in refusal("-", data + wrong)
    assert "hunter2" not in refusal("-", b'{"apiVersion":"v1","kind":"Secret","data":{"a":"hunter2\xff"}}')


def test_the_inventory_takes_it(tmp_path: Path) -> None:
    inventory = Inventory()
    shutil.copytree(REFUSED.parent / "same", tmp_path / "same")
    result = collect(str(tmp_path), inventory)
    assert result.documents == sum(not path.name.startswith(".") for path in (tmp_path / "same").iterdir())
