"""Check: old-image."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from auditor import WITH_REGISTRY, Cluster, Evidence, Fail, Image, Manual, Platform, Policy, Severity, check
from checks.supply_chain._asked import platforms

# Reproducible builds state a fixed date, of which these are the usual ones: the epoch's, Debian's, zip's, Go's zero.
_REAL = datetime(2013, 1, 1, tzinfo=UTC)
"""No container image is older than the first release of Docker."""


@check(
    "Image was built long ago",
    severity=Severity.LOW,
    opt_in=WITH_REGISTRY,
    references=(
        "https://github.com/opencontainers/image-spec/blob/main/config.md",
        "https://reproducible-builds.org/docs/source-date-epoch/",
    ),
    remediation="""
    Rebuild the image on a current base, and have that done on a schedule, whether its own code changed or not:

        docker build --pull --no-cache -t registry.example/team/app:1.8.1 .

    If it is somebody else's, move to a release that is still maintained. `images.maxAgeDays` in the policy file says
    what counts as long.
    """,
)
def old_image(image: Image, evidence: Evidence, policy: Policy, cluster: Cluster) -> Iterator[Fail | Manual]:
    """An image holds its base as it was on the day of the build, and gets no patch after it. Old images are those that
    nobody rebuilds, in which known holes stay open, whether a scanner knows them or not.

    The day is the configuration's, or, where a reproducible build left it out, that of its label or its history. It is
    what the builder states.
    """
    now = _moment(cluster.collected_at or "")
    for name, platform in platforms(image, evidence):
        shown: dict[str, Any] = {"where": list(image.where[:20])}
        built = _built(platform)
        if built is None:
            yield Manual(f"{name} does not say when it was built.", evidence=shown)
            continue
        shown = {"created": built.strftime("%Y-%m-%dT%H:%M:%SZ"), **shown}
        if now is None:
            yield Manual(
                f"{name} was built on {built:%Y-%m-%d}; when the cluster was read is not known.", evidence=shown
            )
        elif (days := (now - built).days) > policy.images.max_age_days:
            yield Fail(
                f"{name} was built on {built:%Y-%m-%d}, {days} days before the audit.",
                evidence={**shown, "days": [days], "allowed": [policy.images.max_age_days]},
            )


def _built(platform: Platform) -> datetime | None:
    """When it was built, as far as something says so that is no placeholder."""
    stated = (platform.created, platform.labels.get("org.opencontainers.image.created"))
    steps = (step.created for step in platform.history)
    named = next((day for day in map(_moment, filter(None, stated)) if day and day >= _REAL), None)
    return named or max((day for day in map(_moment, filter(None, steps)) if day and day >= _REAL), default=None)


def _moment(text: str) -> datetime | None:
    """RFC 3339, as Python reads it; None where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
