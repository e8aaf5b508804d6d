"""The report as objects of openreports.io, the policy report API that dashboards read, in YAML."""

from __future__ import annotations

from auditor.publish_apis import OPENREPORTS, ReportApi
from auditor.report import Report
from auditor.reporters import Options
from auditor.reporters.policyreport_objects import objects
from auditor.reporters.yaml_report import document


def render(report: Report, options: Options) -> str:
    """Reports and a ClusterReport of openreports.io/v1alpha1, a document each. The same report gives the same bytes.

    For `kubectl apply --server-side`: without it kubectl keeps a copy of an object in its annotations, which take
    256 KiB (k8s apimachinery, TotalAnnotationSizeLimitB), and a report is up to 1 MiB.
    """
    return documents(report, OPENREPORTS)


def documents(report: Report, api: ReportApi) -> str:
    """The objects in an API's words, a document each."""
    return "---\n".join(map(document, objects(report, api)))
