"""Check: stale-scan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from auditor import WITH_SCANS, Cluster, Fail, Image, Joined, Manual, Policy, Scans, Severity, Skip, check, moment
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

        trivy image --format json --output results/app.json registry.example/team/app@sha256:DIGEST

    Trivy Operator scans again when a report's time is over (`operator.scannerReportTTL` of its chart, 24h by default).
    `vulnerabilities.maxScanAgeDays` in the policy file says what counts as old.
    """,
)
def stale_scan(image: Image, scans: Scans, policy: Policy, cluster: Cluster) -> Iterator[Fail | Manual | Skip]:
    """New vulnerabilities become known every day in software that has not changed. A scan says what was known on its
    day; an image that was clean at its build months ago may have holes that everybody can look up.

    Judged is the newest result about the image, or the scanner's database where it says how old that is, at the time
    when the cluster was read. Images without a scan get no
    verdict here.
    """
    found = joined(image, scans)
    if found is None:
        yield Skip()
        return
    scan = min(found.scans, key=lambda scan: scan.at or "")
    scanned, built, now = moment(scan.at), _built(found), moment(cluster.collected_at)
    allowed = policy.vulnerabilities.max_scan_age_days
    if built and now and (days := (now - built).days) > allowed:
        yield Fail(
            f"What the scanner of {image.name} knew is of {built:%Y-%m-%d}, {days} days before the audit.",
            evidence={"days": days, "allowed": allowed, **told(image, found)},
        )
    elif scanned is None:
        yield Manual(
            f"The scan of {image.name} by {scan.label} does not say when it was, or names a time to come.",
            evidence=told(image, found),
        )
    elif now is None:
        yield Manual(
            f"{image.name} was scanned on {scanned:%Y-%m-%d}; when the cluster was read is not known.",
            evidence=told(image, found),
        )
    elif (days := (now - scanned).days) > allowed:
        yield Fail(
            f"{image.name} was last scanned on {scanned:%Y-%m-%d}, {days} days before the audit.",
            evidence={"days": days, "allowed": allowed, **told(image, found)},
        )


def _built(found: Joined) -> datetime | None:
    """The oldest database."""
    return min(filter(None, (moment(scan.database) for scan in found.scans)), default=None)
