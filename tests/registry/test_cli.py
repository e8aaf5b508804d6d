"""`--registry` on the command line: what is asked, said and kept, with a live cluster's own pull secrets too."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import run
from auditor.collect import Collected, load_snapshot
from auditor.commands.registries import RegistryOptions, asker
from auditor.evidence import Evidence
from auditor.sources.progress import Progress
from tests.apiserver import ApiServer
from tests.apistore import Store
from tests.registry.artifacts import Built
from tests.registry.asking import workloads
from tests.registry.loopback import Asked, Reply, basic, loopback
from tests.sources.certificates import Authority
from tests.sources.scanning import named, pod, write_kubeconfig

ALLOW = ("--registry-allow-private", "127.0.0.1")


def manifest(folder: Path, image: str) -> str:
    spec = {"template": {"spec": {"containers": [{"name": "web", "image": image}]}}}
    path = folder / "web.json"
    path.write_text(
        json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})
    )
    return str(path)


def taken(folder: Path, *arguments: str) -> Evidence:
    """The evidence in the snapshot that a command keeps."""
    place = folder / "snapshot.json"
    assert run(["snapshot", "-o", str(place), "--registry", "--no-registry-cache", *arguments]) == 0
    return Evidence(load_snapshot(place.read_bytes(), str(place)).images)


def test_a_manifest_and_its_registry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with loopback() as registry:
        image = registry.put("a", Built(user="0").image(), "1")
        source = manifest(tmp_path, f"{registry.host}/a:1")
        found = taken(tmp_path, "--from", source, "--registry-plain-http", registry.host, *ALLOW)
        row = found.content(f"{registry.host}/a", image.digest)
        assert row is not None
        assert row.platforms[0].user == "0"
    # The registry is gone; the snapshot that was kept gives the same evidence.
    assert run(["scan", "--from", str(tmp_path / "snapshot.json"), "--fail-on", "never", "--allow-incomplete"]) == 0


def test_a_registry_that_is_down_fails_no_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = manifest(tmp_path, "127.0.0.1:1/a:1")
    arguments = ["--registry-plain-http", "127.0.0.1:1", "--no-registry-cache", *ALLOW]
    place = tmp_path / "kept.json"
    arguments += ["--fail-on", "never", "--allow-incomplete", "--save-snapshot", str(place), "-o", "json"]
    told = run(["scan", "--from", source, "--registry", *arguments])
    assert told == 0
    row = Evidence(load_snapshot(place.read_bytes(), "x").images).tag("127.0.0.1:1/a", "1")
    assert row is not None
    assert row.unavailable is not None
    assert row.unavailable.kind == "unreachable"


def test_several_clusters_ask_through_one_client() -> None:
    """A registry that wants to be left alone by one of them is left alone by all."""
    told = io.StringIO()
    whole = Progress(told, shown=False)
    with loopback() as registry:
        registry.first = lambda asked: Reply(429, headers={"Retry-After": "86400"})
        given = RegistryOptions(asking=True, allow_private=["127.0.0.1"], plain_http=[registry.host], no_cache=True)
        ask = asker(given, None, None, None)
        for name in ("one", "two"):
            found = ask(Collected(workloads(f"{registry.host}/{name}:1"), "live"), whole.of(name)).snapshot.images
            assert [row.unavailable.kind for row in found if row.unavailable] == ["rate-limited"]
        assert registry.paths() == ["/v2/one/manifests/1"]
    assert [line.split(": ")[:2] for line in told.getvalue().splitlines()] == [["note", "one"], ["note", "two"]]


def test_images_that_were_not_asked_for_in_time_are_named() -> None:
    told = io.StringIO()
    with loopback() as registry:
        given = RegistryOptions(True, allow_private=["127.0.0.1"], plain_http=[registry.host], no_cache=True, minutes=0)
        images = [f"{registry.host}/app-{number}:1" for number in range(7)]
        asker(given, None, None, None)(Collected(workloads(*images), "live"), Progress(told, shown=False))
        assert registry.asked == []
    last = told.getvalue().splitlines()[-1]
    assert last == f"note: not asked or not answered in time: {', '.join(images[:5])} and 2 more"


def test_without_the_option_nobody_is_asked(tmp_path: Path) -> None:
    with loopback() as registry:
        source = manifest(tmp_path, f"{registry.host}/a:1")
        assert run(["snapshot", "-o", str(tmp_path / "s.json"), "--from", source]) == 0
        assert registry.asked == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--registry-ca", "x"], "Add --registry"),
        (["--registry", "--registry-credentials", "vault"], "there is only cluster"),
        (["--registry", "--registry-credentials", "cluster"], "--registry-config"),
        (["--registry", "--registry-cache", "x", "--no-registry-cache"], "exclude each other"),
        (["--registry", "--registry-ca", "/nowhere"], "/nowhere"),
        (["--registry", "--registry-config", "/nowhere"], "/nowhere"),
        (["--registry", "--registry-mirror", "x"], "HOST=URL"),
        (["--registry", "--registry-allow-private", "10.0.0.1/8"], "10.0.0.0/8"),
    ],
)
def test_options_that_cannot_be(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", "--from", manifest(tmp_path, "nginx"), *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err


def test_the_pull_secrets_of_a_live_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Their values go to the registry that they are for, and are in nothing that is written."""
    authority = Authority(tmp_path)
    login = basic("puller", "s3cret-of-the-cluster")
    with loopback(authority.server("127.0.0.1")) as registry:

        def guarded(asked: Asked) -> Reply | None:
            return None if asked.authorization == login else Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})

        registry.first = guarded
        registry.put("a", Built().image(), "1")
        auth = {"auths": {registry.host: {"username": "puller", "password": "s3cret-of-the-cluster"}}}
        store = Store()
        store.add("v1", "namespaces", [named("shop")])
        store.add("v1", "secrets", [dockerconfig("pull", auth), dockerconfig("unused", auth)])
        running = pod("web", "shop", imagePullSecrets=[{"name": "pull"}])
        running["spec"]["containers"][0]["image"] = f"{registry.host}/a:1"
        store.add("v1", "pods", [running])
        with ApiServer(store) as server:
            kubeconfig = str(write_kubeconfig(tmp_path / "kubeconfig", server.url))
            found = taken(
                tmp_path,
                *("--kubeconfig", kubeconfig, "--registry-credentials", "cluster"),
                *("--registry-ca", str(authority.path), *ALLOW),
            )
            single = [request.path for request in server.requests if "/secrets/" in request.path]
    assert single == ["/api/v1/namespaces/shop/secrets/pull"]
    row = found.tag(f"{registry.host}/a", "1")
    assert row is not None
    assert row.unavailable is None
    written = (tmp_path / "snapshot.json").read_text() + "".join(capsys.readouterr())
    assert "s3cret" not in written
    assert base64.b64encode(b"puller:s3cret-of-the-cluster").decode() not in written


def dockerconfig(name: str, content: object) -> dict[str, Any]:
    data = {".dockerconfigjson": base64.b64encode(json.dumps(content).encode()).decode()}
    return named(name, "shop", type="kubernetes.io/dockerconfigjson", data=data)
