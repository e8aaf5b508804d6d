"""Check: vulnerable-image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from auditor import (
    WITH_SCANS,
    Fail,
    Image,
    Joined,
    Manual,
    Scans,
    Severity,
    Skip,
    VulnerabilityRules,
    Weighed,
    check,
    severity_counts,
)
from checks.supply_chain._scanned import HOW, joined, told

_FIRST = 5  # told in evidence


@check(
    "Image has known vulnerabilities",
    severity=Severity.HIGH,
    opt_in=WITH_SCANS,
    references=(
        "https://aquasecurity.github.io/trivy-operator/latest/docs/crds/vulnerability-report/",
        "https://www.cisa.gov/known-exploited-vulnerabilities-catalog",
        "https://www.first.org/epss/",
    ),
    remediation="""
    Begin with what is known to be exploited, then with what has a fix. Rebuild on a current base, and scan before you
    ship:

        docker build --pull --no-cache -t registry.example/team/app:1.8.1 .
        trivy image --ignore-unfixed --severity CRITICAL,HIGH registry.example/team/app:1.8.1

    What has no fix: take the package out, or waive the finding until a day, with the reason why it cannot be reached.
    `vulnerabilities` in the policy file says what counts: threshold, onlyFixable, graceDays, kev, epss.
    """,
)
def vulnerable_image(image: Image, scans: Scans, rules: VulnerabilityRules) -> Iterator[Fail | Manual | Skip]:
    """A scanner knows of holes in what this image holds, at or above the severity that the policy sets. Counted is what
    the newest scan of the running content found; a scan of other content under the same tag is none of it.

    The finding is as severe as the worst that counts. What is known to be exploited, by the catalogue that the policy
    names or by the scanner, is critical and has no days of grace. A person has to look where all that is left has no
    severity yet, where the scanner was told to leave out what might count, and where nothing counts because nobody
    looks after the operating system any more. Images without a scan, or whose other platforms run without one and
    nothing counts in the first, get no verdict here: unscanned-image tells of them.
    """
    found = joined(image, scans)
    if found is None:
        yield Skip()
        return
    weight = rules.weigh(found)
    suppressed = _suppressed(found)
    evident: dict[str, Any] = {
        "vulnerabilities": severity_counts(weight.every),
        "counted": severity_counts(weight.counted),
        "fixable": sum(each.fixable for each in weight.counted),
        "exploited": sum(each.exploited for each in weight.counted),
        **({"inGrace": len(weight.spared)} if weight.spared else {}),
        **suppressed,
        "first": [_told(each) for each in (weight.counted or weight.unknown)[:_FIRST]],
        **told(image, found),
    }
    when = f", {found.scan.at[:10]}" if found.scan.at else ""
    source = f"({found.scan.label}{when}, {HOW[found.how]})"
    if weight.worst:
        numbers = ", ".join(f"{number} {level}" for level, number in evident["counted"].items())
        plural = "y" if len(weight.counted) == 1 else "ies"
        known = f"; {evident['exploited']} known to be exploited" if evident["exploited"] else ""
        first = weight.counted[0].vulnerability
        yield Fail(
            f"{image.name} has {numbers} vulnerabilit{plural}, {evident['fixable']} with a fix{known}; first "
            f"{first.id} in {first.package} {first.installed} {source}.",
            severity=weight.worst,
            evidence=evident,
        )
    elif weight.unknown:
        many = len(weight.unknown)
        yield Manual(
            f"{image.name} has {many} vulnerabilit{'y' if many == 1 else 'ies'} of unknown severity and none that "
            f"counts {source}.",
            evidence=evident,
        )
    elif weight.suppressed:
        many = sum(each.count for each in weight.suppressed)
        yield Manual(
            f"{image.name} has no vulnerability that counts, but the scanner left out {many} that might {source}.",
            evidence=evident,
        )
    elif any(scan.end_of_life for scan in found.scans):
        system = found.scan.system or "operating system"
        yield Manual(
            f"{image.name} has no vulnerability that counts, but its {system} is at its end of life, and nobody looks "
            f"for more {source}.",
            evidence=evident,
        )
    elif found.unscanned:
        yield Skip()
    scans.require_given()


def _suppressed(found: Joined) -> dict[str, Any]:
    """How many the scanner was told to leave out, by its word for why."""
    counts: Counter[str] = Counter()
    for scan in found.scans:
        for each in scan.suppressed:
            counts[each.status] += each.count
    return {"suppressed": counts.total(), "suppressedBy": dict(sorted(counts.items()))} if counts else {}


def _told(each: Weighed) -> dict[str, Any]:
    found = each.vulnerability
    return {
        "id": found.id,
        "package": found.package,
        "installed": found.installed,
        "fixed": found.fixed,
        "severity": found.severity,
        **({"published": found.published} if found.published else {}),
        **({"exploited": True} if each.exploited else {}),
        **({"epss": each.score} if each.score is not None else {}),
    }
