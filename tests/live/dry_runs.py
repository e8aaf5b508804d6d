"""Dry runs against a real API server over one connection: what it says of pods and of patches of them."""

from __future__ import annotations

import http.client
import json
import ssl
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from auditor.probe import Probe, change, pod
from auditor.proof import Verdict, judge
from tests.live.conftest import Server

DIGEST = "sha256:" + "0" * 64
TARGET = "target"
_PATCH = "application/strategic-merge-patch+json"


def may_do_anything(server: Server, user: str) -> None:
    """Gives a user all rights, who is no member of system:masters all the same."""
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
    found = {"metadata": {"name": user}, "roleRef": role, "subjects": [subject]}
    server.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", found)


class DryRuns:
    """Asks as admin, or as the user `as_user` of no group but those that everybody has."""

    def __init__(self, server: Server, as_user: str = "") -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        address = urlsplit(server.url)
        self._connection = http.client.HTTPSConnection(address.hostname or "", address.port, context=context)
        self._headers = {"Authorization": f"Bearer {server.token}"}
        if as_user:
            self._headers["Impersonate-User"] = as_user

    def __enter__(self) -> DryRuns:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._connection.close()

    def send(self, method: str, path: str, body: Any, kind: str = "application/json") -> tuple[int, str]:
        """The status, and the message of a refusal."""
        headers = {**self._headers, "Content-Type": kind}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        found = json.loads(answer.read())
        return answer.status, "" if answer.status < 300 else str(found.get("message", ""))

    def asked(self, probe: Probe, beside: str) -> Verdict:
        """The answer to a probe; `beside` is the image of the other containers. Changes are tried on TARGET."""
        pods = f"/api/v1/namespaces/{probe.namespace}/pods"
        if not probe.changes:
            return judge(*self.send("POST", f"{pods}?dryRun=All", pod(probe, "tried", beside)))
        below = "/ephemeralcontainers" if probe.place == "ephemeral container" else ""
        return judge(*self.send("PATCH", f"{pods}/{TARGET}{below}?dryRun=All", change(probe, "main"), _PATCH))

    def pod_of(self, namespace: str, *images: str) -> Verdict:
        """The answer to a bare pod of these images."""
        containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
        body = {"metadata": {"name": "bare"}, "spec": {"containers": containers}}
        return judge(*self.send("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", body))
