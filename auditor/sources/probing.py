"""Probes against a live cluster: dry-run writes alone, and after each a look that nothing was kept."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from auditor import wire
from auditor.errors import SourceError
from auditor.probe import LABEL, Outcome, Probe, Proof, Verdict, judge, pod
from auditor.sources.configuration import identify
from auditor.sources.faults import Fault
from auditor.sources.progress import Progress
from auditor.sources.transport import Answer, Connection

_PATCH = "application/json-patch+json"
_RIGHTS = "`auditor rbac --probe` prints the rights that a probe needs; nothing is ever kept."


class Prober:
    """Asks one API server. Every write is a dry run: the connection has no other."""

    def __init__(self, kubeconfig: str | None, context: str | None, timeout: float = 60) -> None:
        self._connection = Connection(identify(kubeconfig, context, os.environ), timeout=timeout, connections=1)

    def prove(
        self,
        questions: Iterable[Probe],
        allowed: Mapping[str, str],
        predict: Callable[[Probe], Outcome | None],
        progress: Progress,
    ) -> Iterator[Proof]:
        """The answers, each as it comes. `allowed` is an image per namespace for the pod's other places.

        Raises SourceError without the right to create pods, and at once if something was kept after all.
        """
        for probe in questions:
            proof = Proof(probe, self._ask(probe, allowed.get(probe.namespace, probe.image)), predict(probe))
            progress.advance("probes", 1)
            yield proof

    def _ask(self, probe: Probe, allowed: str) -> Verdict:
        name = f"auditor-probe-{secrets.token_hex(4)}"
        path = f"/api/v1/namespaces/{probe.namespace}/pods"
        answer = self._send("POST", path, pod(probe, name, allowed))
        verdict = _read(answer, probe.namespace)
        self._nothing_kept(f"{path}/{name}")
        return verdict

    def swaps(self, asked: Iterable[Probe], predict: Callable[[Probe], Outcome | None]) -> Iterator[Proof]:
        """Dry-run UPDATEs that give a pod of ours the forbidden image, where one runs."""
        for probe in asked:
            if probe.place != "container" or not probe.forbidden:
                continue
            found = self._own_pod(probe.namespace)
            if found is None:
                continue
            path = f"/api/v1/namespaces/{probe.namespace}/pods/{found}"
            change = [{"op": "replace", "path": "/spec/containers/0/image", "value": probe.image}]
            update = Probe(probe.namespace, "update", probe.image, True)
            verdict = _read(self._send("PATCH", path, change, _PATCH), probe.namespace)
            yield Proof(update, verdict, predict(update))

    def _own_pod(self, namespace: str) -> str | None:
        for label in (f"{LABEL}=target", "app.kubernetes.io/name=auditor"):
            selector = label.replace("=", "%3D").replace("/", "%2F")
            answer = self._get(f"/api/v1/namespaces/{namespace}/pods?limit=1&labelSelector={selector}")
            if answer.status == 200:
                items = wire.decode_page(wire.Pod, answer.body).items or []
                names = [item.metadata.name for item in items if item.metadata and item.metadata.name]
                if names:
                    return names[0]
        return None

    def _nothing_kept(self, path: str) -> None:
        """Raises if the pod of a dry run exists: then something on the way ignores dryRun, and no more is asked."""
        if self._get(path).status == 200:
            raise SourceError(
                f"{path} exists after a dry run: something between here and the API server ignores dryRun",
                "Delete that pod. The probe has stopped.",
            )

    def _send(self, method: str, path: str, body: Any, content_type: str = "application/json") -> Answer:
        try:
            return self._connection.dry_run(method, path, body, content_type)
        except Fault as fault:
            raise fault.as_error(self._connection.host) from None

    def _get(self, path: str) -> Answer:
        try:
            return self._connection.get(path)
        except Fault as fault:
            raise fault.as_error(self._connection.host) from None


def _read(answer: Answer, namespace: str) -> Verdict:
    if answer.status == 401:
        raise SourceError("the API server does not know these credentials", "Log in again, or renew the token.")
    verdict = judge(answer.status, _message(answer) if answer.status >= 300 else "")
    if verdict.by == "missing rights":
        raise SourceError(f"pods may not be created in namespace {namespace}", _RIGHTS)
    return verdict


def _message(answer: Answer) -> str:
    try:
        status = wire.decode_object(wire.Status, answer.body)
        return " ".join((status.message or status.reason or "").split())[:1000]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return answer.body[:300].decode(errors="replace")


def in_use(images: Sequence[str]) -> str | None:
    """An image that runs already, for namespaces of which the policy names no allowed one."""
    return min((image for image in images if "@sha256:" in image), default=None)
