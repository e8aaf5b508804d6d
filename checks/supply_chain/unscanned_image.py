"""Check: unscanned-image."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import WITH_SCANS, Fail, Image, Manual, Scans, Severity, Skip, check
from checks.supply_chain._scanned import at_rest, joined, told


@check(
    "Image was not scanned for vulnerabilities",
    severity=Severity.MEDIUM,
    opt_in=WITH_SCANS,
    references=(
        "https://aquasecurity.github.io/trivy-operator/latest/docs/crds/vulnerability-report/",
        "https://trivy.dev/latest/docs/target/container_image/",
    ),
    remediation="""
    Scan what runs, by its digest, and give the result to the audit:

        trivy image --format json --output results/app.json registry.example/team/app@sha256:DIGEST
        auditor scan --scan-results results/

    In a cluster with Trivy Operator, see why there is no report: `kubectl -n trivy-system logs deploy/trivy-operator`
    tells of images that it could not pull; namespaces may be excluded in its settings.
    """,
)
def unscanned_image(image: Image, scans: Scans) -> Iterator[Fail | Manual | Skip]:
    """No result of a scan is about what this image holds, so nobody knows what is wrong with it. The usual reasons: the
    scanner may not pull it, its namespace is left out, or the tag moved on after the scan and other content runs.

    A scan is about an image if it is of its container, of its digest or of its image ID; by the tag alone only where
    nobody says what content was scanned, or what runs. Where several digests of an image run, as on several platforms,
    each needs a scan, of itself or of its index. Where a result could not be used, nobody knows whether that was the
    newest. Images of workloads at rest, and such as are mounted as volumes alone, get no verdict.
    """
    if at_rest(image):
        yield Skip()
        return
    found = joined(image, scans)
    where = {"where": list(image.where[:20])}
    if found and found.unscanned:
        scans.require()
        doubt = "" if found.certain else "; whether it is, only the registry can tell (`--registry`)"
        yield (Fail if found.certain else Manual)(
            f"{found.scan.label} did not scan all that runs of {image.name}: no result is about "
            f"{', '.join(found.unscanned)}{doubt}.",
            evidence={**told(image, found), "scanned": list(found.scan.digests)},
        )
    if found:
        scans.require_given()
        return
    others = scans.others(image)
    if not others:
        yield Fail(f"No scan is about {image.name}.", evidence=where)
        return
    scan = next((other.scan for other in others if not other.certain), others[0].scan)
    scanned = next(iter((*scan.digests, scan.image_id)))
    evident = {"scanned": scanned, "runs": list(image.digests), "scanner": scan.label, "result": scan.origin, **where}
    if all(other.certain for other in others):
        yield Fail(f"What runs of {image.name} was not scanned: {scan.label} scanned {scanned}.", evidence=evident)
    else:
        yield Manual(
            f"{scan.label} scanned {scanned}; whether that is what runs of {image.name} only the registry can tell "
            "(`--registry` asks it).",
            evidence=evident,
        )
