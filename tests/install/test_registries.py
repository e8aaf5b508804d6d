"""An installation that asks registries: the pod's options, whom it trusts, where it may go, and what it may read."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509 import load_pem_x509_certificates

from auditor.cli import run
from tests.apiserver import ApiServer
from tests.apistore import Store
from tests.install.authorizing import Authorized, rules_of
from tests.install.printing import POLICY, Object, container, one, pod, printed, text_of
from tests.registry.artifacts import Built
from tests.registry.loopback import Asked, Reply, basic, loopback
from tests.sources.certificates import Authority
from tests.sources.scanning import named, write_kubeconfig
from tests.sources.scanning import pod as running

LOGIN = basic("puller", "s3cret")


def ports(objects: list[Object]) -> list[int]:
    """Those of the rule for registries, which is the last."""
    rule = one(objects, "NetworkPolicy")["spec"]["egress"][-1]
    assert "to" not in rule
    return [port["port"] for port in rule["ports"]]


def test_nobody_is_asked_unasked(tmp_path: Path) -> None:
    assert not [item for item in container(printed((), tmp_path))["args"] if "registry" in item]


def test_the_options_are_those_of_a_scan(tmp_path: Path) -> None:
    given = [
        *("--registry", "--registry-credentials", "cluster", "--registry-allow-private", "10.0.0.0/8"),
        *("--registry-mirror", "docker.io=https://mirror.corp:8443/hub", "--registry-plain-http", "old.corp"),
    ]
    assert {
        *("--registry", "--registry-credentials=cluster", "--registry-allow-private=10.0.0.0/8"),
        *("--registry-mirror=docker.io=https://mirror.corp:8443/hub", "--registry-plain-http=old.corp"),
    } <= set(container(printed(given, tmp_path))["args"])


def test_ports_that_registries_are_asked_on(tmp_path: Path) -> None:
    assert ports(printed(("--registry",), tmp_path)) == [443]
    more = [
        *("--registry-plain-http", "old.corp", "--registry-plain-http", "older.corp:8080"),
        *("--registry-mirror", "quay.io=https://mirror.corp:8443"),
        *("--registry-allow-private", "fd00::1", "--registry-allow-private", "[fd00::2]:5001"),
        *("--registry-allow-private", "2001:db8::/32", "--registry-allow-private", "inner.corp:5002"),
    ]
    assert ports(printed(("--registry", *more), tmp_path)) == [80, 443, 5001, 5002, 8080, 8443]
    path = tmp_path / "ours.yaml"
    (tmp_path / "key.pub").write_bytes(_public_key())
    path.write_text(
        "version: 1\n"
        "registries:\n"
        '  {allowed: ["a.corp:6001", quay.io], private: ["b.corp:6002/team"], namespaces: {x: ["c.corp:6003"]}}\n'
        'signatures: [{images: ["d.corp:6004/**", quay.io/x], keys: [key.pub]}]\n'
    )
    found = ports(printed(("--registry", "--policy", str(path)), tmp_path, policy=False))
    assert found == [443, 6001, 6002, 6003, 6004]


def _public_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_an_authority_comes_along_and_its_key_does_not(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate = authority.path.read_bytes()
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = tmp_path / "both.pem"
    path.write_bytes(b"# the corp's\n" + key + certificate)
    text = text_of(("--registry", "--registry-ca", str(path)), tmp_path)
    assert "PRIVATE" not in text
    assert key.decode().splitlines()[1] not in text
    objects = printed(("--registry", "--registry-ca", str(path)), tmp_path)
    (name, content), *others = one(objects, "ConfigMap", "auditor-registry-ca")["data"].items()
    assert not others
    assert load_pem_x509_certificates(content.encode()) == load_pem_x509_certificates(certificate)
    (mount,) = (each for each in container(objects)["volumeMounts"] if each["name"] == "registry-ca")
    (volume,) = (each for each in pod(objects)["volumes"] if each["name"] == "registry-ca")
    assert volume["configMap"] == {"name": "auditor-registry-ca"}
    assert f"--registry-ca={mount['mountPath']}/{name}" in container(objects)["args"]


def cluster(image: str, host: str) -> Store:
    """A workload whose image takes a login that one of its pull secrets has."""
    entries = {"auths": {host: {"username": "puller", "password": "s3cret"}}}
    data = {".dockerconfigjson": base64.b64encode(json.dumps(entries).encode()).decode()}
    store = Store()
    store.add("v1", "namespaces", [named("kube-system"), named("shop")])
    store.add("v1", "secrets", [named("pull", "shop", type="kubernetes.io/dockerconfigjson", data=data)])
    web = running("web", "shop", imagePullSecrets=[{"name": "pull"}])
    web["spec"]["containers"][0]["image"] = image
    store.add("v1", "pods", [web])
    return store


@pytest.mark.parametrize("checks", [(), ("--check", "image-user-root")], ids=["all checks", "one"])
def test_the_printed_command_with_the_printed_rights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], checks: tuple[str, ...]
) -> None:
    """It logs in with the workloads' own secrets, whatever checks run, and judges by what the registry says."""
    authority = Authority(tmp_path)

    def guarded(asked: Asked) -> Reply | None:
        return None if asked.authorization == LOGIN else Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})

    with loopback(authority.server("127.0.0.1")) as registry:
        registry.first = guarded
        registry.put("a", Built(user="0").image(), "1")
        options = ["--registry", "--registry-credentials", "cluster", "--registry-ca", str(authority.path)]
        objects = printed([*options, "--registry-allow-private", "127.0.0.1", *checks], tmp_path)
        (tmp_path / "policy.yaml").write_text(POLICY)
        places = {"/etc/auditor/policy.yaml": f"{tmp_path}/policy.yaml", "/etc/auditor-registry-ca": str(tmp_path)}
        (tmp_path / "ca.pem").write_text(one(objects, "ConfigMap", "auditor-registry-ca")["data"]["ca.pem"])
        command = list(container(objects)["args"])
        for place, here in places.items():
            command = [item.replace(place, here) for item in command]
        guard = Authorized(cluster(f"{registry.host}/a:1", registry.host), rules_of(objects))
        with ApiServer(guard) as server, pytest.MonkeyPatch.context() as patch:
            patch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "kubeconfig", server.url)))
            code = run([*command, "-o", f"json={tmp_path / 'report.json'}"])
    report: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
    found = {(each["check"], each["status"]) for each in report["findings"] if each["check"] == "image-user-root"}
    assert (found, guard.refused, code in (0, 1)) == ({("image-user-root", "fail")}, [], True)
    assert "s3cret" not in "".join(capsys.readouterr())
