"""`auditor explain` that asks: registries, scanners and a live cluster's secrets, about the one image alone."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import run
from tests.apiserver import ApiServer
from tests.apistore import Store
from tests.registry.artifacts import Artifact, Built, index
from tests.registry.loopback import Asked, Loopback, Reply, basic, loopback
from tests.sources.certificates import Authority
from tests.sources.scanning import named, pod, write_kubeconfig

ALLOW = ("--registry-allow-private", "127.0.0.1", "--no-registry-cache")
SECRET = "s3cret-of-the-cluster"


@pytest.fixture
def registry() -> Iterator[Loopback]:
    with loopback() as found:
        yield found


def deployment(name: str, *images: str) -> dict[str, Any]:
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    metadata = {"name": name, "namespace": "shop"}
    spec = {"template": {"spec": {"containers": containers[:1], "initContainers": containers[1:]}}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def manifests(folder: Path, *objects: dict[str, Any]) -> str:
    path = folder / "objects.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    return str(path)


def explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["explain", *arguments, "-o", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def repositories(registry: Loopback) -> Counter[str]:
    return Counter(path.split("/")[2] for path in registry.paths())


def test_nobody_is_asked_about_other_images(
    tmp_path: Path, registry: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not about those of the same pods either."""
    for name in ("app", "sidecar", "other"):
        registry.put(name, Built(seed=name, user="1000").image(), "1")
    app, sidecar, other = (f"{registry.host}/{name}:1" for name in ("app", "sidecar", "other"))
    source = manifests(tmp_path, deployment("web", app, sidecar), deployment("more", other, sidecar, app))
    arguments = ("--from", source, "--registry", "--registry-plain-http", registry.host, *ALLOW)
    found = explained(capsys, app, *arguments)
    assert repositories(registry) == {"app": 5}
    (content,) = found["contents"]
    assert [platform["user"] for platform in content["registry"]["platforms"]] == ["1000"]
    assert [use["container"] for use in content["uses"]] == ["c2", "c0"]
    assert {finding["subject"]["name"] for finding in found["findings"]} <= {app[:-2], "web", "more", app}


def test_a_tag_alone_is_asked_for(tmp_path: Path, registry: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    for tag in ("1", "2"):
        registry.put("app", Built(seed=tag).image(), tag)
    names = [f"{registry.host}/app:{tag}" for tag in ("1", "2")]
    source = manifests(tmp_path, *(deployment(f"web-{number}", name) for number, name in enumerate(names)))
    arguments = ("--from", source, "--registry", "--registry-plain-http", registry.host, *ALLOW)
    assert len(explained(capsys, names[0], *arguments)["contents"]) == 1
    assert not [path for path in registry.paths() if path.endswith("/manifests/2")]
    registry.asked.clear()
    assert len(explained(capsys, f"{registry.host}/app", *arguments)["contents"]) == 2
    assert repositories(registry) == {"app": 10}


def test_a_platforms_digest_is_found_by_the_index_that_lists_it(
    tmp_path: Path, registry: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the registry knows that what specs name is that."""
    child = Built().image()
    whole = registry.put("app", index({"linux/amd64": child}))
    registry.put("other", Built().image(), "1")
    web = deployment("web", f"{registry.host}/app@{whole.digest}", f"{registry.host}/other:1")
    arguments = ("--from", manifests(tmp_path, web), "--registry", "--registry-plain-http", registry.host, *ALLOW)
    found = explained(capsys, f"{registry.host}/app@{child.digest}", *arguments)
    assert [content["digest"] for content in found["contents"]] == [whole.digest]
    assert set(repositories(registry)) == {"app"}


def test_what_nothing_names_is_not_asked_for(
    tmp_path: Path, registry: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.put("app", Built().image(), "1")
    source = manifests(tmp_path, deployment("web", f"{registry.host}/app:1"))
    for asked in (f"{registry.host}/ap:1", f"{registry.host}/app:2", "Not:An:Image"):
        told = ["explain", asked, "--from", source, "--registry", "--registry-plain-http", registry.host, *ALLOW]
        assert run(told) == 2
    assert f"There is: {registry.host}/app" in capsys.readouterr().err
    assert registry.asked == []


def trivy(folder: Path, name: str, image: Artifact) -> str:
    """What `trivy image --format json` says of it."""
    found = {"VulnerabilityID": "CVE-2026-0001", "PkgName": "zlib", "InstalledVersion": "1.2", "Severity": "CRITICAL"}
    path = folder / "trivy.json"
    path.write_text(
        json.dumps(
            {
                "SchemaVersion": 2,
                "CreatedAt": "2026-11-20T00:00:00Z",
                "ArtifactName": f"{name}:1",
                "ArtifactType": "container_image",
                "Metadata": {"RepoTags": [f"{name}:1"], "RepoDigests": [f"{name}@{image.digest}"]},
                "Results": [{"Target": "x", "Class": "os-pkgs", "Type": "alpine", "Vulnerabilities": [found]}],
            }
        )
    )
    return str(path)


def test_what_a_scanner_says_is_joined_by_what_the_registry_says(
    tmp_path: Path, registry: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tag alone would leave it open whether it is the same content."""
    image = registry.put("app", Built().image(), "1")
    name = f"{registry.host}/app"
    source = manifests(tmp_path, deployment("web", f"{name}:1", f"{registry.host}/other:1"))
    results = trivy(tmp_path, name, image)
    asking = ("--registry", "--registry-plain-http", registry.host, *ALLOW)
    found = explained(capsys, f"{name}:1", "--from", source, "--scan-results", results, *asking)
    scanned = found["contents"][0]["scanned"]
    assert (scanned["how"], scanned["vulnerabilities"]) == ("digest", {"critical": 1})
    assert set(repositories(registry)) == {"app"}
    found = explained(capsys, f"{name}:1", "--from", source, "--scan-results", results)
    assert found["contents"][0]["scanned"]["how"] == "tag"


def test_the_secrets_of_a_live_clusters_own_workloads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Read is what serves this image, and nothing of it is told."""
    authority = Authority(tmp_path)
    with loopback(authority.server("127.0.0.1")) as registry:
        login = basic("puller", SECRET)

        def guarded(asked: Asked) -> Reply | None:
            return None if asked.authorization == login else Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})

        registry.first = guarded
        image = registry.put("app", Built(user="1000").image(), "1")
        registry.put("other", Built().image(), "1")
        with ApiServer(cluster(registry.host)) as server:
            kubeconfig = str(write_kubeconfig(tmp_path / "kubeconfig", server.url))
            arguments = [f"{registry.host}/app:1", "--kubeconfig", kubeconfig, "--registry", *ALLOW]
            arguments += ["--registry-credentials", "cluster", "--registry-ca", str(authority.path)]
            assert run(["explain", *arguments]) == 0
            single = [request.path for request in server.requests if "/secrets/" in request.path]
    assert single == ["/api/v1/namespaces/shop/secrets/pull"]
    assert set(repositories(registry)) == {"app"}
    told = capsys.readouterr()
    assert SECRET not in told.out + told.err
    assert base64.b64encode(f"puller:{SECRET}".encode()).decode() not in told.out + told.err
    lines = [" ".join(line.split()) for line in told.out.splitlines()]
    assert f"{registry.host}/app:1" == lines[0]
    assert "shop/Pod/web main container 1" in lines
    assert any(line.startswith("linux/amd64: built 2026-01-02T03:04:05Z, user 1000") for line in lines)
    assert f"shop (Pod/web): pull: {registry.host}" in lines
    assert image.digest in "".join(lines)
    assert "NOT READ" not in told.out


def cluster(host: str) -> Store:
    """Two pods of two namespaces with a pull secret each, of two images of one registry."""
    store = Store()
    store.add("v1", "namespaces", [named("shop"), named("blog")])
    data = json.dumps({"auths": {host: {"username": "puller", "password": SECRET}}}).encode()
    for namespace, name in (("shop", "app"), ("blog", "other")):
        content = {".dockerconfigjson": base64.b64encode(data).decode()}
        store.add("v1", "secrets", [named("pull", namespace, type="kubernetes.io/dockerconfigjson", data=content)])
        running = pod("web", namespace, imagePullSecrets=[{"name": "pull"}])
        running["spec"]["containers"][0]["image"] = f"{host}/{name}:1"
        store.add("v1", "pods", [running])
    return store
