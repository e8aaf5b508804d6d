"""A small cluster behind the test API server to be probed through the command line, and admissions for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli import run
from auditor.enforce import manifests
from auditor.policy_file import load_policy
from tests.apiserver import ApiServer, Request
from tests.apistore import Object, Store
from tests.sources.scanning import named, pod, write_kubeconfig

POLICY = "version: 1\nregistries: {allowed: [registry.example]}\n"
ADMISSION = "admissionregistration.k8s.io/v1"
DENIED = 'admission webhook "images.example" denied the request: image of an unknown registry'
VAP_DENIED = (
    "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'auditor-allowed-registries' with binding "
    "'auditor-allowed-registries' denied request: not from an allowed registry"
)
ANSI = "\x1b[31mred\u202e"
Refusal = tuple[int, str, str]


class Probing:
    """A cluster with namespaces dev and prod, a policy file, and the command line to probe it with."""

    def __init__(self, server: ApiServer, store: Store, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.server, self.store, self._capsys = server, store, capsys
        self.kubeconfig = write_kubeconfig(folder / "kubeconfig", server.url)
        self.policy = folder / "policy.yaml"
        self.policy.write_text(POLICY)
        self.err = ""

    def arguments(self, *more: str) -> list[str]:
        return ["probe", "--kubeconfig", str(self.kubeconfig), "--policy", str(self.policy), *more]

    def table(self, *more: str) -> tuple[int, str]:
        code = run(self.arguments("--yes", *more))
        out, self.err = self._capsys.readouterr()
        return code, out

    def json(self, *more: str) -> tuple[int, Any]:
        code, out = self.table("-o", "json", *more)
        return code, json.loads(out) if out else None

    def enforce(self, *actions: str, bound: bool = True, selector: Object | None = None) -> None:
        """What `auditor enforce` prints, in the cluster."""
        admission, binding = yaml.safe_load_all(
            manifests(load_policy(POLICY.encode(), "policy.yaml"), "validating-admission-policy")
        )
        binding["spec"]["validationActions"] = list(actions) or ["Deny"]
        if selector:
            binding["spec"]["matchResources"] = {"namespaceSelector": selector}
        self.store.add(ADMISSION, "validatingadmissionpolicies", [admission])
        self.store.add(ADMISSION, "validatingadmissionpolicybindings", [binding] if bound else [])

    def writes(self) -> list[Request]:
        return [request for request in self.server.requests if request.method != "GET"]


def labelled(name: str) -> Object:
    found = named(name)
    found["metadata"]["labels"] = {"kubernetes.io/metadata.name": name, "tier": name}
    return found


def deny(where: Callable[[Object], bool] = lambda item: True, message: str = DENIED, status: int = 403) -> Any:
    """An admission that refuses the images of elsewhere in pods of some kind."""

    def admits(operation: str, subresource: str, item: Object) -> Refusal | None:
        if "auditor-probe.invalid" in json.dumps(item) and where(item):
            return status, "Forbidden", message
        return None

    return admits


def outcomes(found: Any) -> dict[tuple[str, str, bool], tuple[str | None, str]]:
    return {
        (probe["namespace"], probe["place"], probe["forbidden"]): (probe["predicted"], probe["outcome"])
        for probe in found["probes"]
    }


def target(namespace: str) -> Object:
    made = pod("target", namespace)
    made["metadata"]["labels"] = {"auditor.dev/probe": "target"}
    return made
