"""Objects behind the test API server: lists in pages, selectors, refusals, discovery and writes, as real ones have."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.apiserver import Request, Response

Object = dict[str, Any]
Forbids = Callable[[str, str, str], bool]  # identity, plural, namespace
Bars = Callable[[str, str, str, str], bool]  # identity, verb, plural with subresource, namespace
Admits = Callable[[str, str, Object], tuple[int, str, str] | None]
"""Of an operation, a subresource and the object as it would be: the refusal's status, reason and message, or None."""


@dataclass
class Table:
    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    items: list[Object] = field(default_factory=list)

    @property
    def custom(self) -> bool:
        return "." in self.group

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural


class Store:
    """A backend. `violations` collects what no client should do, such as taking a token to another list, or writing
    without dryRun; `admits` is its admission, and one that `keeps` ignores dryRun."""

    def __init__(self, *, discovery: bool = True, admission: bool = True) -> None:
        self.revision = 697
        self.discovery = discovery
        self.forbids: Forbids = lambda identity, plural, namespace: False
        self.bars: Bars = lambda identity, verb, plural, namespace: False
        self.admits: Admits = lambda operation, subresource, item: None
        self.keeps = False
        self.violations: list[str] = []
        self._expired = 0
        self._offers = True
        self._tables: dict[tuple[str, str], Table] = {}
        self._ready: dict[str, tuple[int, Callable[[int], bytes]]] = {}
        self._writing = threading.Lock()
        for plural, kind in (("namespaces", "Namespace"), ("nodes", "Node")):
            self.serve("v1", plural, kind, namespaced=False)
        core = ("pods Pod", "serviceaccounts ServiceAccount", "secrets Secret")
        for line in (*core, "replicationcontrollers ReplicationController"):
            self.serve("v1", *line.split())
        for line in ("deployments Deployment", "replicasets ReplicaSet", "statefulsets StatefulSet"):
            self.serve("apps/v1", *line.split())
        self.serve("apps/v1", "daemonsets", "DaemonSet")
        self.serve("batch/v1", "jobs", "Job")
        self.serve("batch/v1", "cronjobs", "CronJob")
        self.serve("v1", "services", "Service")
        self.serve("v1", "configmaps", "ConfigMap")
        self.serve("discovery.k8s.io/v1", "endpointslices", "EndpointSlice")
        if admission:
            self._serve_admission()

    def _serve_admission(self) -> None:
        for kind in (
            *("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"),
            *("ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicyBinding"),
        ):
            self.serve("admissionregistration.k8s.io/v1", f"{kind.lower()}s", kind, namespaced=False)
        for kind in ("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"):
            plural = f"{kind.lower().removesuffix('y')}ies"
            self.serve("admissionregistration.k8s.io/v1", plural, kind, namespaced=False)

    def serve(self, api_version: str, plural: str, kind: str, *, namespaced: bool = True) -> None:
        group, _, version = api_version.rpartition("/")
        self._tables[api_version, plural] = Table(group, version, plural, kind, namespaced)

    def add(self, api_version: str, plural: str, objects: Iterable[Object]) -> None:
        table = self._tables[api_version, plural]
        table.items = sorted([*table.items, *objects], key=_key)

    def ready(self, path: str, count: int, page: Callable[[int], bytes]) -> None:
        """A list whose pages are bytes already: page n is asked for with the token str(n)."""
        self._ready[path] = (count, page)

    def expire(self, *, offers: bool) -> None:
        """Tokens handed out so far are answered with 410; `offers`: with a token that goes on at a later moment."""
        self._expired, self._offers = self.revision, offers
        self.revision += 100

    def __call__(self, request: Request) -> Response:
        if request.identity == "nobody":
            return _status(401, "Unauthorized", "Unauthorized")
        if request.path == "/version":
            return _json({"major": "1", "minor": "36", "gitVersion": "v1.36.2"})
        if request.path in self._ready:
            return Response(200, self._ready[request.path][1](int(request.query.get("continue", "0"))))
        parts = request.path.strip("/").split("/")
        head, rest = (parts[1:2], parts[2:]) if parts[0] == "api" else (parts[1:3], parts[3:])
        api_version = "/".join(head)
        if not rest:
            return self._discover(request, api_version)
        namespace = ""
        if len(rest) > 2 and rest[0] == "namespaces":
            namespace, rest = rest[1], rest[2:]
        table = self._tables.get((api_version, rest[0]))
        plural = table.qualified if table else f"{rest[0]}.{api_version.rpartition('/')[0]}".rstrip(".")
        if self.forbids(request.identity, rest[0], namespace):
            return _forbidden(request, plural, "get" if len(rest) > 1 else "list", namespace)
        verb = {"POST": "create", "PATCH": "patch"}.get(request.method, "get" if len(rest) > 1 else "list")
        if self.bars(request.identity, verb, "/".join([rest[0], *rest[2:]]), namespace):
            return _forbidden(request, "/".join([plural, *rest[2:]]), verb, namespace)
        if table is None:
            return Response(404, b"404 page not found\n", {}, "text/plain; charset=utf-8")
        if request.method != "GET":
            with self._writing:
                return self._write(request, table, namespace, rest)
        if len(rest) > 1:
            return self._get(request, table, namespace, rest[1])
        return self._list(request, table, namespace)

    def _write(self, request: Request, table: Table, namespace: str, rest: Sequence[str]) -> Response:
        """A create or a patch: after admission it is kept unless it is a dry run, as the API server does it."""
        if request.query.get("dryRun") != "All":
            self.violations.append(f"{request.method} {request.target} is no dry run")
        sent = json.loads(request.body)
        if request.method == "POST":
            there = any(item["metadata"]["name"] == namespace for item in self._tables["v1", "namespaces"].items)
            if not there:
                return _status(404, "NotFound", f'namespaces "{namespace}" not found')
            old, made = None, {**sent, "metadata": {**sent["metadata"], "namespace": namespace, "uid": "made"}}
        else:
            old = next((item for item in table.items if _key(item) == (namespace, rest[1])), None)
            if old is None:
                return _status(404, "NotFound", f'{table.plural} "{rest[1]}" not found')
            made = _merged(old, sent)
        refusal = self.admits("UPDATE" if old else "CREATE", "/".join(rest[2:]), made)
        if refusal:
            return _status(*refusal)
        if self.keeps or request.query.get("dryRun") != "All":
            table.items = sorted([*(item for item in table.items if item is not old), made], key=_key)
        return _json({"kind": table.kind, "apiVersion": table.api_version, **made}, 200 if old else 201)

    def _get(self, request: Request, table: Table, namespace: str, name: str) -> Response:
        for item in table.items:
            if item["metadata"]["name"] == name and item["metadata"].get("namespace", "") == namespace:
                if "as=PartialObjectMetadata" in request.header("accept"):
                    return _json(_partial(item))
                return _json({"kind": table.kind, "apiVersion": table.api_version, **item})
        return _status(404, "NotFound", f'{table.plural} "{name}" not found')

    def _list(self, request: Request, table: Table, namespace: str) -> Response:
        selector, labels = request.query.get("fieldSelector", ""), request.query.get("labelSelector", "")
        scope = f"{table.api_version}/{table.plural}/{namespace}?{selector}&{labels}"
        items = [item for item in table.items if not namespace or item["metadata"].get("namespace") == namespace]
        items = [item for item in items if _selected(item, selector) and _labelled(item, labels)]
        metadata: Object = {"resourceVersion": str(self.revision)}
        token = request.query.get("continue", "")
        if token:
            said = json.loads(base64.urlsafe_b64decode(token))
            if said["scope"] != scope:
                self.violations.append(f"token of {said['scope']} used for {scope}")
            if 0 < said["rv"] <= self._expired:
                offered = _token(-1, said["start"], scope) if self._offers else ""
                return _status(410, "Expired", "The provided continue parameter is too old", offered)
            items = [item for item in items if _key(item) > tuple(said["start"])]
        limit = int(request.query.get("limit", "0"))
        if limit and len(items) > limit:
            if not selector:
                metadata["remainingItemCount"] = len(items) - limit
            items = items[:limit]
            metadata["continue"] = _token(self.revision, _key(items[-1]), scope)
        if "as=PartialObjectMetadataList" in request.header("accept"):
            return _json({**_HEAD, "metadata": metadata, "items": [_partial(item) for item in items]})
        if table.custom:
            whole = [{"apiVersion": table.api_version, "kind": table.kind, **item} for item in items]
            head = {"apiVersion": table.api_version}
            return _json({**head, "items": whole, "kind": f"{table.kind}List", "metadata": metadata})
        head = {"kind": f"{table.kind}List", "apiVersion": table.api_version}
        return _json({**head, "metadata": metadata, "items": items})

    def _discover(self, request: Request, api_version: str) -> Response:
        if not self.discovery:
            return _status(403, "Forbidden", f'forbidden: User "{request.identity}" cannot get path "{request.path}"')
        tables = [table for table in self._tables.values() if table.api_version == api_version]
        if not api_version and request.path == "/apis":
            groups: dict[str, dict[str, None]] = {}
            for table in self._tables.values():
                if table.group:
                    groups.setdefault(table.group, {})[table.version] = None
            listed = [_group(name, list(versions)) for name, versions in groups.items()]
            return _json({"kind": "APIGroupList", "apiVersion": "v1", "groups": listed})
        if not tables:
            return Response(404, b"404 page not found\n", {}, "text/plain; charset=utf-8")
        resources = [
            {"name": name, "kind": table.kind, "namespaced": table.namespaced, "verbs": ["get", "list"]}
            for table in tables
            for name in (table.plural, f"{table.plural}/status")
        ]
        return _json(
            {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": resources}
        )


_HEAD = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}


def _group(name: str, versions: Sequence[str]) -> Object:
    served = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": served, "preferredVersion": served[0]}


def _key(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _token(revision: int, start: Sequence[str], scope: str) -> str:
    said = json.dumps({"rv": revision, "start": list(start), "scope": scope})
    return base64.urlsafe_b64encode(said.encode()).decode()


def _selected(item: Object, selector: str) -> bool:
    field_name, _, value = selector.partition("=")
    found: Any = item
    for part in field_name.split(".") if selector else ():
        found = found.get(part, "")
    return not selector or found == value


def _labelled(item: Object, selector: str) -> bool:
    """Of label selectors only `key=value`, comma-separated."""
    found = item["metadata"].get("labels", {})
    return all(
        found.get(key) == value for key, _, value in (part.partition("=") for part in selector.split(",") if part)
    )


def _merged(old: Object, patch: Object) -> Object:
    """A strategic merge of the lists of a pod's spec, by name."""
    spec = dict(old["spec"])
    for field_name, items in patch["spec"].items():
        named = {item["name"]: item for item in spec.get(field_name, [])}
        for item in items:
            named[item["name"]] = {**named.get(item["name"], {}), **item}
        spec[field_name] = list(named.values())
    return {**old, "spec": spec}


def _partial(item: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}


def _json(value: Object, status: int = 200) -> Response:
    return Response(status, json.dumps(value, separators=(",", ":")).encode() + b"\n")


def _status(code: int, reason: str, message: str, token: str = "") -> Response:
    metadata = {"continue": token} if token else {}
    return _json(
        {"kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure"}
        | {"message": message, "reason": reason, "code": code},
        code,
    )


def _forbidden(request: Request, plural: str, verb: str, namespace: str) -> Response:
    name, _, group = plural.partition(".")
    plural = plural.partition("/")[0]
    scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    who = f'User "system:serviceaccount:platform:{request.identity}" cannot {verb} resource "{name}"'
    return _status(403, "Forbidden", f'{plural} is forbidden: {who} in API group "{group}" {scope}')
