"""The report as objects of wgpolicyk8s.io/v1alpha2, the policy report API before openreports.io, in YAML."""

from __future__ import annotations

from auditor.publish_apis import WGPOLICY
from auditor.report import Report
from auditor.reporters import Options
from auditor.reporters.policyreport import documents


def render(report: Report, options: Options) -> str:
    """PolicyReports and a ClusterPolicyReport, a document each. The same report gives the same bytes."""
    return documents(report, WGPOLICY)
