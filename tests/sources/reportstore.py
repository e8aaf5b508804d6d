"""Policy reports behind the test API server: applied by field managers, listed and deleted as by a real one."""

from __future__ import annotations

import json
import threading
from typing import Any

import yaml

from auditor.publish_apis import APIS, ReportApi
from tests.apiserver import Request, Response
from tests.apistore import Object, Store, Table, _forbidden, _json, _key, _status
from tests.sources.scanning import named

ETCD_LIMIT = 1_500_000
YAML_TOO = 100_000
"""Larger bodies are read as JSON alone, for the sake of time."""

Paths = dict[tuple[str, ...], Any]


class ReportStore(Store):
    """A cluster with namespaces that serves policy report APIs. Field ownership is by path, lists are atomic.

    Bodies that a YAML reader takes for something else than a JSON reader does are violations, like anything else that
    would be written.
    """

    def __init__(self, *apis: ReportApi, namespaces: tuple[str, ...] = ()) -> None:
        super().__init__()
        for api in apis:
            self.offer(api)
        self.add("v1", "namespaces", [named(name) for name in ("kube-system", *namespaces)])
        self.leaving: set[str] = set()
        self._owners: dict[str, dict[tuple[str, ...], set[str]]] = {}
        self._made = 0
        self._writing = threading.Lock()  # requests come in several threads

    def offer(self, api: ReportApi) -> None:
        self.serve(api.api_version, api.plural_in(""), api.kind_in(""))
        self.serve(api.api_version, api.plural_in(None), api.kind_in(None), namespaced=False)

    def clear(self, api_version: str, plural: str) -> None:
        self._tables[api_version, plural].items.clear()

    def reports(self, api: ReportApi, namespace: str | None) -> list[Object]:
        """What is there, in one namespace, or of the cluster."""
        table = self._tables[api.api_version, api.plural_in(namespace)]
        return [item for item in table.items if item["metadata"].get("namespace") == namespace]

    def __call__(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        if request.method not in ("PATCH", "DELETE") or parts[1] not in {api.group for api in APIS}:
            return super().__call__(request)
        with self._writing:
            return self._change(request, parts)

    def _change(self, request: Request, parts: list[str]) -> Response:
        namespace = parts[4] if parts[3] == "namespaces" else ""
        plural, name = parts[-2:]
        table = self._tables.get((f"{parts[1]}/{parts[2]}", plural))
        if table is None:
            return Response(404, b"404 page not found\n", {}, "text/plain; charset=utf-8")
        old = next((item for item in table.items if _key(item) == (namespace, name)), None)
        verbs = ["delete"] if request.method == "DELETE" else ["patch"] if old else ["patch", "create"]
        for verb in verbs:
            if self.bars(request.identity, verb, plural, namespace):
                return _forbidden(request, table.qualified, verb, namespace)
        if request.method == "DELETE":
            return self._delete(request, table, old, name)
        return self._apply(request, table, old, namespace, name)

    def put(self, api: ReportApi, item: Object, manager: str = "somebody") -> None:
        """Somebody's report, or what somebody changes in one that is there."""
        namespace = item["metadata"].get("namespace")
        table = self._tables[api.api_version, api.plural_in(namespace)]
        old = next((there for there in table.items if _key(there) == _key(item)), None)
        self._store(table, old, item, manager)

    def _delete(self, request: Request, table: Table, old: Object | None, name: str) -> Response:
        if old is None:
            return _status(404, "NotFound", f'{table.qualified} "{name}" not found')
        wanted = json.loads(request.body).get("preconditions", {}).get("uid")
        if wanted not in (None, old["metadata"]["uid"]):
            return _status(409, "Conflict", f"Precondition failed: UID in precondition: {wanted}")
        table.items.remove(old)
        return _json({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})

    def _apply(self, request: Request, table: Table, old: Object | None, namespace: str, name: str) -> Response:
        if request.header("content-type") != "application/apply-patch+yaml" or not request.query.get("fieldManager"):
            return _status(415, "UnsupportedMediaType", "the body of the request was in an unknown format")
        if len(request.body) > ETCD_LIMIT:
            return _status(413, "RequestEntityTooLarge", "etcdserver: request is too large")
        if namespace and not any(item["metadata"]["name"] == namespace for item in self._namespaces()):
            return _status(404, "NotFound", f'namespaces "{namespace}" not found')
        if old is None and namespace in self.leaving:
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            return _status(403, "Forbidden", f'{table.qualified} "{name}" is forbidden: {why}')
        sent = json.loads(request.body)
        if len(request.body) < YAML_TOO and sent != yaml.load(request.body, Loader=yaml.CSafeLoader):
            self.violations.append(f"{request.target} reads differently as YAML and as JSON")
        if (sent["metadata"]["name"], sent["metadata"].get("namespace", "")) != (name, namespace):
            return _status(400, "BadRequest", "the name of the object does not match the name on the URL")
        manager = request.query["fieldManager"]
        if old and request.query.get("force") != "true" and (theirs := self._conflicts(old, sent, manager)):
            return _status(409, "Conflict", f'Apply failed with 1 conflict: conflict with "somebody": {theirs[0]}')
        return _json(self._store(table, old, sent, manager), 200 if old else 201)

    def _namespaces(self) -> list[Object]:
        return self._tables["v1", "namespaces"].items

    def _conflicts(self, old: Object, sent: Object, manager: str) -> list[str]:
        owners, there = self._owners[old["metadata"]["uid"]], _paths(old)
        return [
            ".".join(path)
            for path, value in _paths(sent).items()
            if owners.get(path, set()) - {manager} and there.get(path) != value
        ]

    def _store(self, table: Table, old: Object | None, sent: Object, manager: str) -> Object:
        self._made += old is None
        uid = old["metadata"]["uid"] if old else f"uid-{self._made}"
        owners = self._owners.setdefault(uid, {})
        found, wanted = (_paths(old) if old else {}), _paths(sent)
        for path in [path for path, who in owners.items() if manager in who and path not in wanted]:
            owners[path].discard(manager)
            if not owners[path]:
                found.pop(path, None)
        for path, value in wanted.items():
            owners[path] = {manager} if found.get(path) != value else {*owners.get(path, ()), manager}
        found |= wanted
        version = old["metadata"]["resourceVersion"] if old else ""
        if not old or found != _paths(old):
            self.revision += 1
            version = str(self.revision)
        fixed = {key: sent["metadata"][key] for key in ("name", "namespace") if key in sent["metadata"]}
        managers = [{"manager": name, "operation": "Apply"} for name in sorted(set().union(*owners.values()))]
        item = _object(found, {**fixed, "uid": uid, "resourceVersion": version, "managedFields": managers})
        table.items = sorted([*(other for other in table.items if other is not old), item], key=_key)
        return {"apiVersion": table.api_version, "kind": table.kind, **item}


def _paths(item: Object) -> Paths:
    """The fields that managers own: labels, annotations and counts one by one, everything else whole."""
    found: Paths = {}
    for key, value in item.items():
        if key == "metadata":
            for part in ("labels", "annotations"):
                found |= {(key, part, name): text for name, text in value.get(part, {}).items()}
        elif key == "summary":
            found |= {(key, name): count for name, count in value.items()}
        elif key not in ("apiVersion", "kind"):
            found[(key,)] = value
    return found


def _object(paths: Paths, metadata: Object) -> Object:
    item: Object = {"metadata": metadata}
    for path, value in paths.items():
        place = item
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = value
    return item
