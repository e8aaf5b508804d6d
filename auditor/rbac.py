"""The least ClusterRole that a selection of checks needs, from what the checks declare by their parameters."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.check import Check
from auditor.views import needs
from auditor.wire import BY_NAME, RESOURCES


def needed_resources(checks: Iterable[Check]) -> tuple[str, ...]:
    """The lists that the checks rest on, in the order of the API; namespaces always, to tell a mistyped one."""
    wanted = {"namespaces"}
    for check in checks:
        wanted |= set(needs(check.subject, [parameter.type for parameter in check.parameters]))
    return tuple(resource.name for resource in RESOURCES if resource.name in wanted)


def cluster_role(resources: Iterable[str]) -> str:
    """A ClusterRole manifest: list for each resource; get on secrets too, for names that are in no list."""
    groups: dict[str, list[str]] = {}
    for name in resources:
        groups.setdefault(BY_NAME[name].group, []).append(name)
    secrets = "secrets" in groups.get("", [])
    lines = [
        "# Read-only. Everything that Auditor needs beyond what system:discovery and system:basic-user give to all.",
        "apiVersion: rbac.authorization.k8s.io/v1",
        "kind: ClusterRole",
        "metadata:",
        "  name: auditor",
        "rules:",
    ]
    for group, names in sorted(groups.items()):
        names = [name for name in names if name != "secrets"]
        if names:
            lines += [f'  - apiGroups: ["{group}"]', f"    resources: [{', '.join(names)}]", '    verbs: ["list"]']
    if secrets:
        lines += [
            "  # RBAC cannot narrow it to registry secrets. Only their two types are asked for; no value is kept;",
            "  # other names that pods refer to are looked up as metadata. Without it, those checks answer manual.",
            '  - apiGroups: [""]',
            "    resources: [secrets]",
            '    verbs: ["get", "list"]',
        ]
    return "\n".join(lines) + "\n"
