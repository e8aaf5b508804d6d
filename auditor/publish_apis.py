"""The APIs that policy reports are published in: what they call things, and which of their objects are Auditor's."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

MANAGER = "auditor"
"""The field manager of what is applied, and the value of MANAGED_BY."""

MANAGED_BY = "app.kubernetes.io/managed-by"
PART = "auditor.dev/part"
"""The label that says which part of a namespace's results a report holds."""

CHECKS = "auditor.dev/checks"
"""The annotation that names the checks that were run for a report, separated by commas."""

NAME = re.compile(r"auditor(-[01]+)?")
"""The names that Auditor gives its reports: see `auditor.reporters.policyreport_parts`."""


class ReportApi(Struct, frozen=True):
    """One version of a policy report API. `names_source`: a report says whose it is, besides each of its results."""

    group: str
    version: str
    kind: str
    names_source: bool

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}"

    def kind_in(self, namespace: str | None) -> str:
        """The kind of report for a namespace, or for what has none."""
        return self.kind if namespace is not None else f"Cluster{self.kind}"

    def plural_in(self, namespace: str | None) -> str:
        return f"{self.kind_in(namespace).lower()}s"


OPENREPORTS = ReportApi("openreports.io", "v1alpha1", "Report", names_source=True)
WGPOLICY = ReportApi("wgpolicyk8s.io", "v1alpha2", "PolicyReport", names_source=False)

APIS = (OPENREPORTS, WGPOLICY)
"""The preferred one first: openreports.io succeeds wgpolicyk8s.io."""


def is_own(name: str, labels: Mapping[str, str | None]) -> bool:
    """Whether a report is Auditor's, to be replaced or deleted: by its labels and by the shape of its name."""
    return labels.get(MANAGED_BY) == MANAGER and PART in labels and NAME.fullmatch(name) is not None
