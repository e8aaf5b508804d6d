"""What `auditor install` prints, tried on a real API server in dry runs: its validation, and Pod Security admission."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.install.printing import CASES, Object, job, one, printed, text_of
from tests.live.conftest import Server
from tests.real import program

NAMESPACE = "auditor-live-install"
ALL = pytest.mark.parametrize("arguments", CASES.values(), ids=CASES)


@pytest.fixture(scope="module")
def place(server: Server) -> Iterator[Server]:
    """With a namespace, which a dry run of what lies in it needs. Nothing else is kept."""
    server.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    yield server
    server.call("DELETE", f"/api/v1/namespaces/{NAMESPACE}")


def applied(server: Server, stream: str) -> str:
    """What kubectl says on standard error when the stream is applied in a dry run by the server."""
    command = [program("kubectl"), "--kubeconfig", str(server.kubeconfig), "apply", "--server-side", "--dry-run=server"]
    done = subprocess.run(
        [*command, "--validate=strict", "-f", "-"], input=stream, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def label(server: Server, objects: list[Object]) -> None:
    metadata = {"labels": one(objects, "Namespace")["metadata"]["labels"]}
    server.call("PATCH", f"/api/v1/namespaces/{NAMESPACE}", {"metadata": metadata})


@ALL
def test_the_server_takes_every_object(place: Server, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    arguments = (*arguments, "-n", NAMESPACE)
    label(place, printed(arguments, tmp_path))
    assert applied(place, text_of(arguments, tmp_path)) == ""


@ALL
def test_pod_security_admits_the_pod(place: Server, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A pod made of the job's template: neither denied nor warned of."""
    objects = printed((*arguments, "-n", NAMESPACE), tmp_path)
    label(place, objects)
    template = job(objects)["template"]
    metadata = {**template["metadata"], "name": "try", "namespace": NAMESPACE}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
    assert applied(place, json.dumps(pod)) == ""
