"""RBAC in front of the test API server: what roles allow is answered, everything else is refused."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.apiserver import Backend, Request, Response

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True)
class Asked:
    """What a request asks for, as an authorizer sees it. `name` is also that of a list by its metadata.name."""

    verb: str
    group: str
    resource: str
    namespace: str
    name: str


@dataclass(frozen=True)
class Rule:
    """One rule of a role; with a namespace if it is a Role's."""

    groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()
    namespace: str | None = None

    def allows(self, asked: Asked) -> bool:
        return (
            self.namespace in (None, asked.namespace)
            and bool({asked.verb, "*"} & set(self.verbs))
            and bool({asked.group, "*"} & set(self.groups))
            and bool({asked.resource, "*"} & set(self.resources))
            and (not self.names or asked.name in self.names)
        )


def rules_of(objects: Iterable[dict[str, Any]]) -> list[Rule]:
    """Those of all ClusterRoles and Roles, one for each single right."""
    return [
        Rule((group,), (resource,), (verb,), names, role["metadata"].get("namespace"))
        for role in objects
        if role["kind"] in ("ClusterRole", "Role")
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        for names in ([(name,) for name in rule["resourceNames"]] if "resourceNames" in rule else [()])
    ]


class Authorized:
    """A backend behind an authorizer. `refused` are the requests that it turned away."""

    def __init__(self, backend: Backend, rules: Sequence[Rule]) -> None:
        self.backend = backend
        self.rules = list(rules)
        self.refused: list[Asked] = []

    def __call__(self, request: Request) -> Response:
        asked = asked_of(request)
        if asked is None or any(rule.allows(asked) for rule in self.rules):
            return self.backend(request)
        self.refused.append(asked)
        return _forbidden(asked)


def asked_of(request: Request) -> Asked | None:
    """None for discovery and the version, which every authenticated user may read (system:discovery)."""
    parts = request.path.strip("/").split("/")
    if parts[0] == "api":
        group, rest = "", parts[2:]
    else:
        group, rest = "".join(parts[1:2]), parts[3:]
    if parts[0] not in ("api", "apis") or not rest:
        return None
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces":
        namespace, rest = rest[1], rest[2:]
    name = rest[1] if len(rest) > 1 else ""
    verb = _VERBS.get(request.method, "get" if name else "list")
    field, _, value = request.query.get("fieldSelector", "").partition("=")
    return Asked(verb, group, "/".join([rest[0], *rest[2:]]), namespace, value if field == "metadata.name" else name)


def _forbidden(asked: Asked) -> Response:
    place = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    message = (
        f'{asked.resource} is forbidden: User "system:serviceaccount:auditor:auditor" cannot {asked.verb} resource '
        f'"{asked.resource}" in API group "{asked.group}" {place}'
    )
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403}
    return Response(403, json.dumps({**status, "message": message}).encode())
