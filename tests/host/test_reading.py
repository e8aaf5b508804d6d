"""From an API server's flags to its backend: what is read, what stops the start, and what never leaves the files."""

from __future__ import annotations

import base64
from pathlib import Path

import msgspec
import pytest

from auditor.collect import dump_snapshot
from auditor.host import read_host
from auditor.model import Mount, Snapshot
from tests.host.making import (
    AUTHORITY,
    BASE,
    CONFIG,
    ON,
    admission,
    apiserver,
    certificate,
    facts,
    files,
    kubeconfig,
    lay_out,
    private_key,
    reasons,
)


def test_the_whole_way(tmp_path: Path) -> None:
    found = facts(tmp_path)
    assert not found.faults
    assert found.configured
    assert found.settings is not None
    assert (found.settings.allow_ttl, found.settings.default_allow) == (50, False)
    assert found.backend is not None
    assert found.backend.address == "https://images.corp.example:443"
    assert found.backend.authority is not None
    assert found.backend.authority.authority is True
    assert found.backend.client is not None
    assert (found.backend.client.serves, found.backend.client.identifies) == (False, True)
    assert found.backend.client.issued_by_ca is True
    assert found.backend.client.expires == "2046-01-01T00:00:00Z"
    assert [file.path for file in found.files if file.state == "read"] == [
        f"{BASE}/{name}" for name in ("admission.yaml", "kubeconfig.yaml", "backend-ca.crt", "client.crt", "client.key")
    ]


def test_a_server_without_the_flag_has_no_files(tmp_path: Path) -> None:
    found = facts(tmp_path, pod=apiserver(["--enable-admission-plugins=ImagePolicyWebhook"]))
    assert (found.config, found.files, found.faults, found.configured) == (None, (), (), False)


def test_the_plugin_may_have_a_file_of_its_own(tmp_path: Path) -> None:
    config = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n"
    config += "- {name: ImagePolicyWebhook, path: conf.d/plugin.yaml}\n"
    content = files(admission_yaml=config)
    content[f"{BASE}/conf.d/plugin.yaml"] = f"imagepolicy: {{kubeconfigfile: {BASE}/kubeconfig.yaml}}".encode()
    found = facts(tmp_path, content)
    assert not found.faults
    assert found.backend is not None


def test_an_inline_configuration_counts_before_a_path(tmp_path: Path) -> None:
    config = admission().replace("  configuration", "  path: absent.yaml\n  configuration")
    assert not facts(tmp_path, files(admission_yaml=config)).faults


@pytest.mark.parametrize(
    ("plugin", "stops"),
    [("PodSecurity", True), ("EventRateLimit", False), ("NoSuchPlugin", False)],
)
def test_the_file_of_another_plugin_that_is_on_must_be_there(tmp_path: Path, plugin: str, stops: bool) -> None:
    found = facts(tmp_path, files(admission_yaml=f"{admission()}- {{name: {plugin}, path: absent.yaml}}\n"))
    assert [fault.always for fault in found.faults] == ([True] if stops else [])


def test_neither_configuration_nor_path(tmp_path: Path) -> None:
    config = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n"
    found = facts(tmp_path, files(admission_yaml=config + "plugins: [{name: ImagePolicyWebhook, configuration: null}]"))
    assert reasons(found) == ["it gives ImagePolicyWebhook neither a configuration nor a path"]
    assert facts(tmp_path, files(admission_yaml=config + "plugins: null")).configured is False


def test_a_default_kubeconfig_may_stand_in_for_a_missing_one(tmp_path: Path) -> None:
    content = files(admission_yaml=admission(kubeConfigFile=None))
    (sure,) = facts(tmp_path, content).faults
    assert sure.certain
    (unsure,) = facts(tmp_path, content, apiserver(mounts=(Mount(BASE, BASE), Mount("/root", "/root")))).faults
    assert not unsure.certain


def test_policies_from_files_are_told(tmp_path: Path) -> None:
    more = "- {name: ValidatingAdmissionPolicy, configuration: {staticManifestsDir: /etc/kubernetes/policies}}\n"
    assert facts(tmp_path, files(admission_yaml=admission() + more)).static_manifests == ("ValidatingAdmissionPolicy",)


def test_several_servers_are_told_apart(tmp_path: Path) -> None:
    lay_out(tmp_path, files())
    other = apiserver([ON[0], f"--admission-control-config-file={BASE}/absent.yaml"], name="kube-apiserver-cp2")
    host = read_host(tmp_path, Snapshot(control_plane=(apiserver(), other)), complete=True).host
    assert host is not None
    first, second = host.of("kube-apiserver-cp1"), host.of("kube-apiserver-cp2")
    assert first is not None
    assert second is not None
    assert (reasons(first), reasons(second)) == ([], ["there is no such file"])
    assert host.of("kube-apiserver-cp3") is None


def test_certificates_of_the_image_need_no_volume(tmp_path: Path) -> None:
    config = kubeconfig(cluster={"certificate-authority": "/etc/ssl/certs/ca-certificates.crt"})
    (fault,) = facts(tmp_path, files(kubeconfig_yaml=config)).faults
    assert not fault.certain
    config = kubeconfig(cluster={"certificate-authority": "/opt/ca.crt"})
    (fault,) = facts(tmp_path, files(kubeconfig_yaml=config)).faults
    assert fault.certain


def test_inline_certificates_must_be_a_pair(tmp_path: Path) -> None:
    def shown(key: bytes) -> str:
        data = {"client-certificate-data": certificate(key=1), "client-key-data": key}
        user = {name: base64.b64encode(value).decode() for name, value in data.items()}
        authority = {"certificate-authority-data": base64.b64encode(AUTHORITY).decode()}
        return kubeconfig(cluster=authority, user=user)

    assert not facts(tmp_path, files(kubeconfig_yaml=shown(private_key(1)))).faults
    wrong = "its client-key-data is not the key of its client certificate"
    assert reasons(facts(tmp_path, files(kubeconfig_yaml=shown(private_key(2))))) == [wrong]
    assert reasons(facts(tmp_path, files(kubeconfig_yaml=shown(b"no key")))) == [wrong]


def test_over_http_nothing_is_shown_and_certificates_must_still_be_there(tmp_path: Path) -> None:
    plain = kubeconfig("http://images.corp.example", cluster={"insecure-skip-tls-verify": "true"})
    backend = facts(tmp_path, files(kubeconfig_yaml=plain)).backend
    assert backend is not None
    assert (backend.address, backend.client, backend.authority) == ("http://images.corp.example:80", None, None)
    missing = files(kubeconfig_yaml=plain, client_crt=None)
    (tmp_path / BASE.lstrip("/") / "client.crt").unlink()
    assert reasons(facts(tmp_path, missing)) == ["there is no such file"]


@pytest.mark.parametrize(
    ("hosts", "known"), [(b"10.0.0.1 a\n10.0.0.2 b Images.corp.example # x", True), (b"#\n\n", False)]
)
def test_the_hosts_file_of_the_node(tmp_path: Path, hosts: bytes, known: bool) -> None:
    content = files() | {"/etc/hosts": hosts}
    backend = facts(tmp_path, content).backend
    assert backend is not None
    assert backend.in_hosts_file is known
    backend = facts(tmp_path, content, apiserver(host_network=False)).backend
    assert backend is not None
    assert backend.in_hosts_file is None


def test_nothing_secret_enters_the_snapshot(tmp_path: Path) -> None:
    secrets = {"token": "fake-t0ken", "username": "fake-user", "password": "fake-p4ss"}
    server = "https://fake-us3r:fake-w0rd@images.corp.example/fake-path?token=fake-qu3ry"
    content = files(kubeconfig_yaml=kubeconfig(server, user=secrets), client_key=private_key(1))
    content[CONFIG] += b"      note: fake-n0te\n"
    snapshot = read_host(lay_out(tmp_path, content), Snapshot(control_plane=(apiserver(),)), complete=True)
    dumped = dump_snapshot(snapshot).decode()
    assert "images.corp.example" in dumped
    assert "fake-" not in dumped + repr(snapshot)
    assert "BEGIN" not in dumped
    assert msgspec.json.decode(dumped, type=Snapshot) == snapshot


@pytest.mark.parametrize("name", ["admission_yaml", "kubeconfig_yaml", "backend-ca_crt", "client_crt"])
@pytest.mark.parametrize(
    "content", [b"\0\xff\xfe", b"{", b"[]", b"- a", b"&a [*a]", b"x" * 2_000_000, b"a: !!int b", b""]
)
def test_hostile_files_are_told_and_never_crash(tmp_path: Path, name: str, content: bytes) -> None:
    found = facts(tmp_path, files(**{name: content}))
    told = bool(found.faults) or any(file.state == "unread" for file in found.files)
    unknown = found.backend is not None and (
        (found.backend.client is not None and found.backend.client.serves is None)
        or (found.backend.authority is not None and found.backend.authority.expires is None)
    )
    assert told or unknown
