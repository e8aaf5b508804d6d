"""The connection that policy reports are written through: it can write these, and nothing else."""

from __future__ import annotations

from auditor import wire
from auditor.publish import Place, Published, Write
from auditor.publish_apis import APIS, MANAGER, NAME, ReportApi
from auditor.reporters.policyreport_parts import encoded
from auditor.sources.probing import is_namespace
from auditor.sources.transport import JSON, Answer, Connection

APPLY = "application/apply-patch+yaml"


class ReportConnection(Connection):
    """A connection that can also write: Auditor's reports in the known APIs, by name. There is no way to write else."""

    def apply(self, write: Write) -> Answer:
        """Server-side apply. What is not known to be Auditor's is not forced: another's fields give a conflict."""
        force = "true" if write.known else "false"
        url, headers = self._request(
            f"{_path(write.api, write.namespace, write.name)}?fieldManager={MANAGER}&force={force}", JSON
        )
        headers["Content-Type"] = APPLY
        return self._answer("PATCH", url, headers, encoded(write.body))

    def delete(self, report: Published) -> Answer:
        """Deletes the very object that was seen, by its uid."""
        url, headers = self._request(_path(report.api, report.namespace, report.name), JSON)
        headers["Content-Type"] = JSON
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": report.uid}}
        return self._answer("DELETE", url, headers, options)


def _path(api: ReportApi, namespace: Place, name: str) -> str:
    if api not in APIS or not NAME.fullmatch(name) or not (namespace is None or is_namespace(namespace)):
        raise ValueError("no report of Auditor's has such a name")
    return f"{resource_of(api, namespace).path(namespace or '')}/{name}"


def resource_of(api: ReportApi, namespace: Place) -> wire.Resource:
    """The list that reports for a namespace, or for what has none, are in."""
    plural, kind = api.plural_in(namespace), api.kind_in(namespace)
    return wire.Resource(plural, kind, wire.Partial, api.group, api.version, namespace is not None)
