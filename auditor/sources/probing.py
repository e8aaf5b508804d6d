"""Probes against a live cluster: dry-run writes alone, and after each a look that nothing was kept."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal

import msgspec

from auditor import wire
from auditor.errors import SourceError
from auditor.objectnames import is_label
from auditor.probe import LABEL, NAME, TARGET, Probe, change, changes, pod, probes
from auditor.proof import NO_RIGHTS, Outcome, Proof, Verdict, excuse, judge
from auditor.sources.configuration import identify
from auditor.sources.faults import Fault
from auditor.sources.reader import Reader, not_found
from auditor.sources.transport import JSON, MERGE_PATCH, Answer, Connection

Predict = Callable[[Probe], Outcome | None]

_LONGEST = 1000
_SELECTOR = f"{LABEL}={TARGET}".replace("/", "%2F").replace("=", "%3D")


class Prober:
    """Asks one API server, to which it can write nothing but dry runs. Close it after use.

    `hidden`: the control plane's flags are not to be seen. `sleep` replaces the waits between tries of a look.
    """

    def __init__(
        self,
        kubeconfig: str | None,
        context: str | None,
        *,
        hidden: bool = False,
        timeout: float = 60,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._connection = Connection(identify(kubeconfig, context, os.environ), timeout=timeout, connections=1)
        self._reader = Reader(self._connection, sleep)
        self._hidden = hidden
        self._honoured = False

    def close(self) -> None:
        self._connection.close()

    def prove(self, namespace: str, allowed: str | None, predict: Predict) -> Iterator[Proof]:
        """The answers to all questions about a namespace, each as it comes; `allowed` is an image for the pod's other
        places. Without the right to ask, or to look whether anything was kept, there is one answer that says so.

        Raises SourceError at once if something was kept after all, or if that cannot be told.
        """
        asked = list(probes(namespace, allowed))
        refused = self._may_look(namespace)
        if refused:
            yield Proof(asked[0], refused)
            return
        controls: dict[str, Verdict] = {}
        for probe in asked:
            verdict = self._create(probe, allowed or probe.image)
            if verdict.by == NO_RIGHTS:
                yield Proof(probe, verdict)
                return
            control = partial(self._control, probe, allowed, controls)
            yield self._proof(probe, verdict, predict(probe), control)
        yield from self._prove_changes(namespace, predict)

    def _proof(
        self, probe: Probe, verdict: Verdict, predicted: Outcome | None, control: Callable[[], Verdict | None]
    ) -> Proof:
        differs = predicted == "admitted" and verdict.outcome == "denied"
        excused = excuse(probe, verdict, control, hidden=self._hidden) if differs else ""
        return Proof(probe, verdict, predicted, excused)

    def _control(self, probe: Probe, allowed: str | None, known: dict[str, Verdict]) -> Verdict | None:
        """The answer for the same pod with an allowed image in the same place."""
        if allowed is None:
            return None
        if probe.place not in known:
            known[probe.place] = self._create(Probe(probe.namespace, probe.place, allowed, False), allowed)
        return known[probe.place]

    def _create(self, probe: Probe, allowed: str) -> Verdict:
        name = f"{NAME}-{secrets.token_hex(4)}"
        path = _pods(probe.namespace)
        verdict = self._write("POST", path, pod(probe, name, allowed), JSON)
        self._look(f"{path}/{name}", f"{probe.namespace}/{name}")
        self._honoured |= verdict.outcome == "admitted"
        # The same answer reads the same in every namespace and every run.
        return msgspec.structs.replace(verdict, message=verdict.message.replace(name, NAME))

    def _prove_changes(self, namespace: str, predict: Predict) -> Iterator[Proof]:
        """Dry-run UPDATEs of a pod of ours, if one runs there. They are tried only on a server that has shown that it
        keeps nothing of a dry run which it admits: a pod that is made is soon deleted, one that is changed is not."""
        target = self._target(namespace) if self._honoured else None
        if target is None:
            return
        name, container = target
        path = f"{_pods(namespace)}/{name}"
        for probe in changes(namespace):
            below = "/ephemeralcontainers" if probe.place == "ephemeral container" else ""
            verdict = self._write("PATCH", path + below, change(probe, container), MERGE_PATCH)
            self._look(path, f"{namespace}/{name}", probe.image)
            yield self._proof(probe, verdict, predict(probe), lambda: None)

    def _target(self, namespace: str) -> tuple[str, str] | None:
        """A pod that may be changed, and the name of its first container."""
        answer = self._get(f"{_pods(namespace)}?labelSelector={_SELECTOR}")
        if answer.status != 200:
            return None
        try:
            items = wire.decode_page(wire.Pod, answer.body).items or []
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        for item in items:
            containers = (item.spec.containers if item.spec else None) or ()
            if item.metadata and item.metadata.name and containers and containers[0].name:
                return item.metadata.name, containers[0].name
        return None

    def _may_look(self, namespace: str) -> Verdict | None:
        """Why it could not be seen whether something was kept, asked before anything is sent."""
        answer = self._get(f"{_pods(namespace)}/{NAME}")
        if answer.status == 200 or not_found(answer):
            return None
        if answer.status == 403:
            return Verdict("undecided", NO_RIGHTS, _message(answer))
        return Verdict("undecided", f"an answer of status {answer.status} to a look for pods", _message(answer))

    def _look(self, path: str, name: str, image: str | None = None) -> None:
        """Raises if the pod of a dry run exists (or has the `image`): then something on the way ignores dryRun."""
        doubt = f"whether a dry run of pod {name} was kept cannot be told"
        advice = f"Look for it: kubectl get pod -n {name.replace('/', ' ')}. The probe has stopped."
        try:
            answer = self._reader.get(path)
        except Fault as fault:
            raise SourceError(f"{doubt}: {fault.reason}", advice) from None
        if not_found(answer):
            return
        if answer.status != 200:
            raise SourceError(f"{doubt}: the API server answers {answer.status}", advice)
        if image is None:
            raise SourceError(
                f"pod {name} exists after a dry run: something on the way to the API server ignores dryRun",
                f"Delete it: kubectl delete pod -n {name.replace('/', ' ')}. The probe has stopped.",
            )
        if image.encode() in answer.body:
            raise SourceError(
                f"pod {name} has the image of a dry run: something on the way to the API server ignores dryRun",
                f"Delete it: kubectl delete pod -n {name.replace('/', ' ')}. The probe has stopped.",
            )

    def _write(self, method: Literal["POST", "PATCH"], path: str, body: Any, content_type: str) -> Verdict:
        """What became of a dry run. One that gave no answer is undecided: the look that follows tells the rest."""
        try:
            answer = self._connection.dry_run(method, path, body, content_type)
        except Fault as fault:
            return Verdict("undecided", f"no answer: {fault.reason}")
        verdict = judge(answer.status, _message(answer) if answer.status >= 300 else "")
        if answer.status == 401 and verdict.outcome == "undecided":
            raise SourceError("the API server does not know these credentials", "Log in again, or renew the token.")
        return verdict

    def _get(self, path: str) -> Answer:
        try:
            return self._reader.get(path)
        except Fault as fault:
            raise fault.as_error(self._connection.host) from None


def is_namespace(name: str) -> bool:
    """Whether it can be the name of a namespace, and so a part of an address."""
    return is_label(name)


def _message(answer: Answer) -> str:
    """The server's own words on one line: a Status's, or plain text. The longest names fit in front of them."""
    try:
        status = wire.decode_object(wire.Status, answer.body)
        text = status.message or status.reason or ""
    except (msgspec.MsgspecError, UnicodeDecodeError):
        text = answer.body[:_LONGEST].decode(errors="replace")
    return " ".join(text.split())[:_LONGEST]


def _pods(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods"
