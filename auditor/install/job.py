"""The CronJob: when the audit runs, as whom in its container, with how much, and what its end means."""

from __future__ import annotations

import math
from typing import Any

from auditor.exits import Exit
from auditor.image import parse
from auditor.install import memory
from auditor.install.command import arguments
from auditor.install.manifest import Noted, Object
from auditor.install.naming import NAME, labels, metadata
from auditor.install.settings import Settings
from auditor.install.volumes import mounts

USER = 65532
_ROOT = 0
_PARALLEL = 4
_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
_LATE = 3600
_DEADLINE = 1800
"""Seconds for one audit; registries are given as many more."""
_TRIES = 2
_BETWEEN = 300
"""Seconds until a pod starts: a try that failed is waited after, an image pulled."""
_KEPT = 7 * 24 * 3600

_AGAIN = """\
Exit codes 1 to 3 say something of the cluster or of the command, and would say it again: {what} fails at once. 4 is
no audit at all, such as an API server that is away: that is tried {again} more. A drained node is nobody's failure."""
_MEMORY = (
    f"For {{pods:,}} pods (`--pods`). Measured: {memory.SMALL[1]:.0f} MiB at {memory.SMALL[0]:,} pods, "
    f"{memory.LARGE[1]:.0f} MiB at {memory.LARGE[0]:,} (docs/performance.md)."
)
_AS_ROOT = f"""\
Files below /etc/kubernetes are readable for root alone. In a user namespace root is nobody on the node, and still
reads them through ID-mapped mounts: that needs Kubernetes 1.33, Linux 6.3 and containerd 2.0 or CRI-O 1.25. On older
nodes take `hostUsers` out: then this is the node's root, without capabilities and with a file system that it cannot
write to. The other options need no root and run as {USER}."""
_IMAGE = "Put the digest that `docker push` printed behind it: name:tag@sha256:…"
_INCOMPLETE = "It may not read all it could: without this every job would end with 3."


def cron_job(settings: Settings) -> Object:
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata(settings, "audit"),
        "spec": {
            "schedule": settings.schedule,
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": _LATE,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"metadata": {"labels": labels("audit")}, "spec": _job(settings)},
        },
    }


def _job(settings: Settings) -> dict[str, Any]:
    action, deadline = "FailJob", _deadline(settings)
    retries: dict[str, Any] = {"backoffLimit": 2}
    again = _AGAIN.format(what="the job", again="twice")
    if settings.fleet:
        # One cluster's end is not the end of the others.
        action = "FailIndex"
        again = _AGAIN.format(what="that cluster's part of the job", again="once")
        completions = len(settings.fleet.keys)
        # Were every pod to hang, each would have its time, and once more.
        deadline = math.ceil(completions / _PARALLEL) * _TRIES * (deadline + _BETWEEN)
        retries = {
            "completionMode": "Indexed",
            "completions": completions,
            "parallelism": min(completions, _PARALLEL),
            "backoffLimitPerIndex": _TRIES - 1,
        }
    settled = [int(code) for code in (Exit.FINDINGS, Exit.USAGE, Exit.INCOMPLETE)]
    rules = [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        {"action": action, "onExitCodes": {"containerName": NAME, "operator": "In", "values": settled}},
    ]
    return {
        **retries,
        "podFailurePolicy": Noted({"rules": rules}, again),
        "activeDeadlineSeconds": deadline,
        "ttlSecondsAfterFinished": _KEPT,
        "template": {"metadata": _pod_metadata(settings), "spec": _pod(settings)},
    }


def _deadline(settings: Settings) -> int:
    return _DEADLINE * 2 if settings.registry else _DEADLINE


def _pod_metadata(settings: Settings) -> dict[str, Any]:
    told = {"annotations": settings.policy.fingerprints} if settings.policy else {}
    return {"labels": labels("audit"), **told}


def _pod(settings: Settings) -> dict[str, Any]:
    user = _ROOT if settings.control_plane else USER
    mounted = list(mounts(settings, user))
    security: dict[str, Any] = {"runAsNonRoot": user != _ROOT, "runAsUser": user, "runAsGroup": user}
    if settings.fleet:  # the Secret and the claim's volume are opened to the group
        security["fsGroup"] = user
    security["seccompProfile"] = {"type": "RuntimeDefault"}
    pod: dict[str, Any] = {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        **({"activeDeadlineSeconds": _deadline(settings)} if settings.fleet else {}),
        **(_on_control_plane() if settings.control_plane else {}),
        "securityContext": security,
    }
    if settings.pull_secret:
        pod["imagePullSecrets"] = [{"name": settings.pull_secret}]
    pod["containers"] = [_container(settings, [each.mount for each in mounted])]
    pod["volumes"] = [each.volume for each in mounted]
    return pod


def _on_control_plane() -> dict[str, Any]:
    return {
        "nodeSelector": {_CONTROL_PLANE: ""},
        "tolerations": [{"key": _CONTROL_PLANE, "operator": "Exists", "effect": "NoSchedule"}],
        "hostUsers": Noted(False, _AS_ROOT),
    }


def _container(settings: Settings, volume_mounts: list[dict[str, Any]]) -> dict[str, Any]:
    asked = arguments(settings)
    args: list[Any] = [Noted(item, _INCOMPLETE) if item == "--allow-incomplete" else item for item in asked]
    pinned = parse(settings.image).digest is not None
    return {
        "name": NAME,
        "image": settings.image if pinned else Noted(settings.image, _IMAGE),
        "args": args,
        "resources": Noted(_resources(settings.pods), _MEMORY.format(pods=settings.pods)),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": volume_mounts,
    }


def _resources(pods: int) -> dict[str, Any]:
    return {
        "requests": {"cpu": "250m", "memory": memory.request(pods)},
        "limits": {"memory": memory.limit(pods)},
    }
