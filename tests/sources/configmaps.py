"""ConfigMaps of one namespace behind the test API server: kept, versioned, and open to a Role's rights alone."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from tests.apiserver import Backend, Request, Response

Object = dict[str, Any]

_PATH = re.compile(r"/api/v1/namespaces/([^/]+)/configmaps(?:/([^/]+))?")
_LIMIT = 1 << 20
_VERBS = {"GET": "get", "PATCH": "patch", "POST": "create"}


class ConfigMaps:
    """A backend before another one. `role` says what may be done in its namespace, None: everything. Elsewhere nothing
    is written: who tries is refused, and noted in `refused`."""

    def __init__(self, others: Backend, namespace: str, role: Object | None = None) -> None:
        self.objects: dict[str, Object] = {}
        self.refused: list[str] = []
        self._others = others
        self._namespace = namespace
        self._role = role
        self._revision = 100

    def add(self, name: str, **content: Any) -> Object:
        self._revision += 1
        metadata = {"name": name, "namespace": self._namespace, "resourceVersion": str(self._revision)}
        self.objects[name] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **content}
        return self.objects[name]

    def __call__(self, request: Request) -> Response:
        match = _PATH.fullmatch(request.path)
        if not match or match[1] != self._namespace:
            return self._others(request) if request.method == "GET" else self._refuse(request)
        verb = _VERBS.get(request.method, request.method) if match[2] or request.method == "POST" else "list"
        if not self._allowed(verb, match[2]):
            return self._refuse(request)
        if verb == "create":
            return self._create(json.loads(request.body))
        found = self.objects.get(match[2])
        if found is None:
            return _status(404, "NotFound", f'configmaps "{match[2]}" not found')
        return _json(found) if verb == "get" else self._patch(request, found)

    def _allowed(self, verb: str, name: str | None) -> bool:
        """RBAC: a rule with names holds for a request that names one of them, and a POST names none."""
        rules = self._role["rules"] if self._role else [{"resources": ["configmaps"], "verbs": [verb]}]
        return any(
            "configmaps" in rule["resources"]
            and verb in rule["verbs"]
            and ("resourceNames" not in rule or name in rule["resourceNames"])
            for rule in rules
        )

    def _create(self, sent: Object) -> Response:
        name = sent["metadata"]["name"]
        if name in self.objects:
            return _status(409, "AlreadyExists", f'configmaps "{name}" already exists')
        made = self.add(name, binaryData=sent["binaryData"])
        made["metadata"] |= {"labels": sent["metadata"].get("labels", {})}
        return _json(made, 201)

    def _patch(self, request: Request, found: Object) -> Response:
        if request.header("content-type") != "application/merge-patch+json":
            return _status(415, "UnsupportedMediaType", "the body of the request was in an unknown format")
        sent = json.loads(request.body)
        version = sent.get("metadata", {}).get("resourceVersion", found["metadata"]["resourceVersion"])
        if version != found["metadata"]["resourceVersion"]:
            return _status(409, "Conflict", "the object has been modified; please apply your changes to the latest")
        changed = copy.deepcopy(found)
        changed["binaryData"] = found.get("binaryData", {}) | sent["binaryData"]
        if sum(len(value) * 3 // 4 for value in changed["binaryData"].values()) > _LIMIT + 2:
            return _status(422, "Invalid", "ConfigMap is invalid: []: Too long: must have at most 1048576 bytes")
        self._revision += 1
        changed["metadata"]["resourceVersion"] = str(self._revision)
        self.objects[found["metadata"]["name"]] = changed
        return _json(changed)

    def _refuse(self, request: Request) -> Response:
        self.refused.append(f"{request.method} {request.path}")
        return _status(403, "Forbidden", f'configmaps is forbidden: User "auditor" cannot {request.method.lower()} it')


def _json(value: Object, status: int = 200) -> Response:
    return Response(status, json.dumps(value).encode())


def _status(code: int, reason: str, message: str) -> Response:
    return _json({"kind": "Status", "apiVersion": "v1", "reason": reason, "message": message, "code": code}, code)
