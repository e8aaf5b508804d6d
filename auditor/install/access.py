"""As whom the audit runs, and what it may do."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.baseline import baseline_role
from auditor.install.manifest import Noted, Object, Written
from auditor.install.naming import BASELINE, NAME, cluster_wide, metadata
from auditor.install.settings import Settings
from auditor.rbac import cluster_role

_RBAC = "rbac.authorization.k8s.io"
_READ_ONLY = "Read-only: what the audit needs beyond what system:discovery and system:basic-user give to all."
_PUBLISHING = (
    "What the audit needs beyond what system:discovery and system:basic-user give to all. It writes policy "
    "reports, and everything else it only reads."
)
_NO_SECRETS = "It may not read secrets: the checks of pull secrets answer `manual`, and everything else is audited."


def service_account(settings: Settings) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(settings, "audit"),
        "automountServiceAccountToken": False,
    }


def read_access(settings: Settings) -> Iterator[Object | Noted]:
    """The ClusterRole that the checks need, and its binding."""
    resources = [name for name in settings.resources if settings.secrets or name != "secrets"]
    text = cluster_role(resources, publish=settings.publish)
    rules = text.partition("\nrules:\n")[2]
    meta = cluster_wide(settings, "audit")
    role = {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": meta}
    withheld = "secrets" in settings.resources and not settings.secrets
    notes = [_PUBLISHING if settings.publish else _READ_ONLY, *([_NO_SECRETS] if withheld else [])]
    yield Noted({**role, "rules": Written(_dedented(rules))}, "\n".join(notes))
    yield {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": meta["name"]},
        "subjects": [_subject(settings)],
    }


def baseline_access(settings: Settings) -> Iterator[Object]:
    """To read and to change the one ConfigMap with what was found the night before."""
    meta = metadata(settings, "baseline", BASELINE)
    yield {**baseline_role(settings.namespace, BASELINE), "metadata": meta}
    yield {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": BASELINE},
        "subjects": [_subject(settings)],
    }


def _subject(settings: Settings) -> dict[str, str]:
    return {"kind": "ServiceAccount", "name": NAME, "namespace": settings.namespace}


def _dedented(rules: str) -> str:
    return "\n".join(line.removeprefix("  ") for line in rules.splitlines())
