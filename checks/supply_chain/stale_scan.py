"""Check: stale-scan."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import WITH_SCANS, Cluster, Fail, Image, Manual, Policy, Scans, Severity, Skip, check, moment
from checks.supply_chain._scanned import joined, told


@check(
    "Image's last scan is too old",
    severity=Severity.LOW,
    opt_in=WITH_SCANS,
    references=(
        "https://aquasecurity.github.io/trivy-operator/latest/docs/crds/vulnerability-report/",
        "https://trivy.dev/latest/docs/configuration/db/",
    ),
    remediation="""
    Scan on a schedule, not at the build alone: the image stays the same, and what is known of it does not.

        trivy image --format json --output results/app.json registry.example/team/app@sha256:<digest>

    Trivy Operator scans again when a report's time is over (`operator.scannerReportTTL` of its chart, 24h by default).
    `vulnerabilities.maxScanAgeDays` in the policy file says what counts as old.
    """,
)
def stale_scan(image: Image, scans: Scans, policy: Policy, cluster: Cluster) -> Iterator[Fail | Manual | Skip]:
    """New vulnerabilities become known every day in software that has not changed. A scan says what was known on its
    day; an image that was clean at its build months ago may have holes that everybody can look up.

    Judged is the newest result about the image, at the time when the cluster was read. Images without a scan get no
    verdict here.
    """
    found = joined(image, scans)
    if found is None:
        yield Skip()
        return
    scan, now = found.scan, moment(cluster.collected_at)
    scanned = moment(scan.at)
    if scanned is None:
        yield Manual(f"The scan of {image.name} by {scan.label} does not say when it was.", evidence=told(image, found))
    elif now is None:
        yield Manual(
            f"{image.name} was scanned on {scanned:%Y-%m-%d}; when the cluster was read is not known.",
            evidence=told(image, found),
        )
    elif (days := (now - scanned).days) > (allowed := policy.vulnerabilities.max_scan_age_days):
        yield Fail(
            f"{image.name} was last scanned on {scanned:%Y-%m-%d}, {days} days before the audit.",
            evidence={"days": days, "allowed": allowed, **told(image, found)},
        )
