"""The report as objects of openreports.io, the policy report API that dashboards read, in YAML for `kubectl apply`."""

from __future__ import annotations

from auditor.publish_apis import OPENREPORTS, ReportApi
from auditor.report import Report
from auditor.reporters import Options
from auditor.reporters.policyreport_objects import objects
from auditor.reporters.yaml_report import document


def render(report: Report, options: Options) -> str:
    """Reports and a ClusterReport of openreports.io/v1alpha1, a document each. The same report gives the same bytes."""
    return documents(report, OPENREPORTS)


def documents(report: Report, api: ReportApi) -> str:
    """The objects in an API's words, a document each."""
    return "---\n".join(map(document, objects(report, api)))
