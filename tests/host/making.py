"""Hosts for tests: a kube-apiserver, its files below a root, and certificates of one authority."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from auditor.control_plane import read_flags
from auditor.host import read_host
from auditor.hostfacts import ServerFiles
from auditor.model import ControlPlanePod, Mount, Snapshot

BASE = "/etc/kubernetes/image-policy"
CONFIG = f"{BASE}/admission.yaml"
ON = ("--enable-admission-plugins=NodeRestriction,ImagePolicyWebhook", f"--admission-control-config-file={CONFIG}")
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)

_KEYS = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]


def apiserver(
    flags: Iterable[str] = ON,
    *,
    name: str = "kube-apiserver-cp1",
    mounts: Iterable[Mount] = (Mount(BASE, BASE),),
    host_network: bool = True,
    dns_policy: str = "",
    working_dir: str = "",
    ready: bool | None = None,
) -> ControlPlanePod:
    return ControlPlanePod(
        name,
        "kube-apiserver",
        flags=read_flags(list(flags)),
        mounts=tuple(mounts),
        host_network=host_network,
        dns_policy=dns_policy,
        working_dir=working_dir,
        ready=ready,
    )


def certificate(
    *usages: x509.ObjectIdentifier,
    authority: bool = False,
    starts: datetime = datetime(2026, 1, 1, tzinfo=UTC),
    expires: datetime = datetime(2046, 1, 1, tzinfo=UTC),
    key: int = 0,
    signer: int = 0,
) -> bytes:
    """A certificate in PEM of one of three keys, signed by one of them."""
    owner, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"key {n}")]) for n in (key, signer))
    builder = x509.CertificateBuilder(issuer, owner, _KEYS[key].public_key(), 7, starts, expires)
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    return builder.sign(_KEYS[signer], hashes.SHA256()).public_bytes(Encoding.PEM)


def private_key(key: int = 0) -> bytes:
    return _KEYS[key].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


AUTHORITY = certificate(authority=True)


def admission(**settings: str | None) -> str:
    """An AdmissionConfiguration with these settings over the usual ones; None leaves one out."""
    usual: dict[str, str | None] = {
        "kubeConfigFile": f"{BASE}/kubeconfig.yaml",
        "allowTTL": "50",
        "denyTTL": "50",
        "retryBackoff": "500",
        "defaultAllow": "false",
    }
    lines = "".join(f"      {key}: {value}\n" for key, value in (usual | settings).items() if value is not None)
    return (
        "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n- name: ImagePolicyWebhook\n"
        f"  configuration:\n    imagePolicy:\n{lines}"
    )


def kubeconfig(
    server: str = "https://images.corp.example/review",
    cluster: Mapping[str, str] | None = None,
    user: Mapping[str, str] | None = None,
    current: str = "current-context: backend\n",
) -> str:
    authority = {"certificate-authority": f"{BASE}/backend-ca.crt"} if cluster is None else cluster
    shown = {"client-certificate": f"{BASE}/client.crt", "client-key": f"{BASE}/client.key"} if user is None else user
    inner = "".join(f"    {key}: {value}\n" for key, value in authority.items())
    return (
        f"apiVersion: v1\nkind: Config\nclusters:\n- name: backend\n  cluster:\n    server: {server}\n{inner}"
        f"users:\n- name: apiserver\n  user: {{{', '.join(f'{key}: {value}' for key, value in shown.items())}}}\n"
        f"contexts:\n- name: backend\n  context: {{cluster: backend, user: apiserver}}\n{current}"
    )


def files(**changed: str | bytes | None) -> dict[str, bytes]:
    """The files of the usual host by their paths on the node; `_` in a keyword stands for `.`, None leaves one out."""
    usual: dict[str, str | bytes | None] = {
        "admission_yaml": admission(),
        "kubeconfig_yaml": kubeconfig(),
        "backend-ca_crt": AUTHORITY,
        "client_crt": certificate(*CLIENT, key=1),
        "client_key": b"is never read\n",
    }
    found = {f"{BASE}/{name.replace('_', '.')}": content for name, content in (usual | changed).items()}
    return {
        path: content.encode() if isinstance(content, str) else content
        for path, content in found.items()
        if content is not None
    }


def lay_out(root: Path, content: Mapping[str, bytes]) -> Path:
    for path, data in content.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return root


def facts(
    root: Path, content: Mapping[str, bytes] | None = None, pod: ControlPlanePod | None = None, *, complete: bool = True
) -> ServerFiles:
    """What is made of the files of one API server."""
    lay_out(root, files() if content is None else content)
    host = read_host(root, Snapshot(control_plane=(pod or apiserver(),)), complete=complete).host
    assert host is not None
    return host.servers[0]


def reasons(found: ServerFiles) -> list[str]:
    return [fault.reason for fault in found.faults]
