"""The printed job's container as the kubelet starts it, with a token of the real API server, and without a runtime."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.auditing import ROOT
from tests.install.printing import Object, container, one, pod
from tests.live.conftest import Server
from tests.real import program

NAMESPACE = "auditor"
ACCOUNT = f"system:serviceaccount:{NAMESPACE}:auditor"
_PLACE = "/var/run/secrets/kubernetes.io/serviceaccount"


def apply(server: Server, text: str) -> str:
    """What kubectl says of each object."""
    command = [program("kubectl"), "--kubeconfig", str(server.kubeconfig), "apply", "--server-side", "-f", "-"]
    command += ["--validate=strict", "--force-conflicts"]  # with the tests themselves
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def token(server: Server) -> str:
    """As the kubelet asks for it, for the pod's volume."""
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
    path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/auditor/token"
    return str(server.call("POST", path, request)["status"]["token"])


def arguments(objects: list[Object], folder: Path, index: int = 0) -> list[str]:
    """The container's, with the mounts at places in the folder, and the policy's ConfigMap there."""
    found = [item.replace("$(JOB_COMPLETION_INDEX)", str(index)) for item in container(objects)["args"]]
    mounted = {mount["mountPath"]: mount["name"] for mount in container(objects)["volumeMounts"]}
    for volume in pod(objects)["volumes"]:
        place = folder / volume["name"]
        place.mkdir(exist_ok=True)
        if "configMap" in volume:
            data = one(objects, "ConfigMap", volume["configMap"]["name"])["data"]
            for name, text in data.items():
                (place / name).write_text(text)
    for path, name in mounted.items():
        found = [item.replace(f"={path}/", f"={folder / name}/") for item in found]
    return found


@dataclass
class Ended:
    """How the container ended."""

    code: int
    out: str
    err: str


def started(server: Server, command: list[str], bearer: str) -> Ended:
    """Runs `auditor` with a service account's files where a pod has them, in a mount namespace of its own, and with the
    API server's certificate as the authority."""
    unshare = [program("unshare"), "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespaces here")
    address = urlsplit(server.url)
    environment = {
        **{key: os.environ[key] for key in ("PATH", "LC_ALL", "LANG") if key in os.environ},
        "PYTHONPATH": str(ROOT),
        "HOME": "/nonexistent",
        "KUBERNETES_SERVICE_HOST": str(address.hostname),
        "KUBERNETES_SERVICE_PORT": str(address.port),
        "TOKEN": bearer,
        "AUTHORITY": server.certificate.read_text(),
    }
    lay_out = f"mount -t tmpfs none /run && mkdir -p {_PLACE} && cd {_PLACE} && "
    lay_out += 'printf %s "$TOKEN" >token && printf %s "$AUTHORITY" >ca.crt && unset TOKEN AUTHORITY && cd / && '
    program_line = shlex.join([sys.executable, "-m", "auditor", *command])
    done = subprocess.run(
        [*unshare, "sh", "-c", f"{lay_out} exec {program_line}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)
