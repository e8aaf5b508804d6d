"""Definitions of the custom kinds that Auditor reads and writes, and a server that serves all of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from auditor import wire
from auditor.publish_apis import APIS, ReportApi
from auditor.sources.kinds import own_group
from tests.live.conftest import Server, until

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CONSTRAINT = wire.Resource("repos", "Repos", wire.PolicyObject, wire.CONSTRAINTS, "v1beta1", namespaced=False)
ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
REFERENCE = {
    "type": "object",
    "properties": {k: {"type": "string"} for k in ("apiVersion", "kind", "namespace", "name")},
}
RESULT = {
    "type": "object",
    "required": ["policy"],
    "properties": {
        **{name: {"type": "string"} for name in ("source", "policy", "rule", "category", "message")},
        "severity": {"enum": ["critical", "high", "medium", "low", "info"], "type": "string"},
        "result": {"enum": ["pass", "fail", "warn", "error", "skip"], "type": "string"},
        "scored": {"type": "boolean"},
        "resources": {"type": "array", "items": REFERENCE},
        "timestamp": {
            "type": "object",
            "required": ["seconds", "nanos"],
            "properties": {"seconds": {"type": "integer", "format": "int64"}, "nanos": {"type": "integer"}},
        },
        "properties": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
REPORT = {
    "type": "object",
    "properties": {
        "source": {"type": "string"},
        "summary": {
            "type": "object",
            "properties": {name: {"type": "integer"} for name in ("pass", "fail", "warn", "error", "skip")},
        },
        "results": {"type": "array", "items": RESULT},
    },
}
"""What Auditor fills of a policy report, in the types of the published definitions."""


def definition(resource: wire.Resource, schema: dict[str, Any] | None = None, *more: str) -> dict[str, Any]:
    """Of a kind in its version and in `more`, the last of which is stored."""
    versions = [resource.version, *more]
    return {
        "metadata": {"name": f"{resource.plural}.{resource.group}"},
        "spec": {
            "group": resource.group,
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "names": {"plural": resource.plural, "singular": resource.kind.lower(), "kind": resource.kind},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": version == versions[-1],
                    "schema": {"openAPIV3Schema": schema or ANYTHING},
                }
                for version in versions
            ],
        },
    }


def custom() -> list[wire.Resource]:
    """The custom kinds that Auditor reads, and one constraint of Gatekeeper's."""
    listed = [r for r in wire.RESOURCES if own_group(r.group) and r.group != wire.CONSTRAINTS]
    return [*listed, CONSTRAINT]


def reports(api: ReportApi) -> list[wire.Resource]:
    """The kinds of a policy report API: those for namespaces, and the cluster's."""
    return [
        wire.Resource(api.plural_in(place), api.kind_in(place), wire.Partial, api.group, api.version, place is not None)
        for place in ("", None)
    ]


def serve(server: Server, definitions: Iterable[dict[str, Any]]) -> None:
    """Puts definitions on a server, and waits until all of them are served."""
    wanted = list(definitions)
    server.create(DEFINITIONS, *wanted)
    for spec in (item["spec"] for item in wanted):
        for version in spec["versions"]:
            path = f"/apis/{spec['group']}/{version['name']}"
            until(partial(_served, server, path, spec["names"]["plural"]), path)


def serve_reports(server: Server, *apis: ReportApi) -> None:
    serve(server, [definition(resource, REPORT) for api in apis or APIS for resource in reports(api)])


def _served(server: Server, path: str, plural: str) -> bool:
    try:
        return any(item["name"] == plural for item in server.call("GET", path)["resources"])
    except AssertionError:
        return False
