"""Check: retired-registry."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Fail, ImageUse, Severity, check
from checks.workloads._retired import retired


@check(
    "Image comes from a retired or frozen registry",
    severity=Severity.MEDIUM,
    references=(
        "https://kubernetes.io/blog/2023/02/06/k8s-gcr-io-freeze-announcement/",
        "https://github.com/bitnami/containers/issues/83267",
    ),
    remediation="""
    Move to the place that the finding names, or copy the image into a registry of your own until you can:

        crane copy k8s.gcr.io/IMAGE:TAG registry.corp.example/mirror/IMAGE:TAG

    The source in the evidence tells what its owner announced.
    """,
)
def retired_registry(image: ImageUse) -> Iterator[Fail]:
    """Nothing new is published in a frozen registry: its images keep every hole that is found after the freeze.

    Later such places are switched off, so that pods no longer start on new nodes, and names that were given up can be
    taken by somebody else, who then publishes to everyone who still asks for them.
    """
    row = retired(image.reference) if image.reference else None
    if row:
        yield Fail(
            f"{image.normalised}: {row.name} {row.what} (since {row.since}); use {row.instead}.",
            evidence={"retired": row.name, "since": row.since, "instead": row.instead, "source": row.source},
        )
