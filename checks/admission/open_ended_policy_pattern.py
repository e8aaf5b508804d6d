"""Allowlists in policies that let in neighbours of what they mean."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Enforcement, Fail, Flaw, ImagePolicy, Manual, Severity, Skip, check, docs
from checks.admission._facts import told


@check(
    "Allowed registry in a policy is open at its end",
    severity=Severity.MEDIUM,
    references=(
        docs("concepts/containers/images/#image-names"),
        "https://open-policy-agent.github.io/gatekeeper-library/website/validation/allowedrepos/",
        "https://kyverno.io/policies/best-practices/restrict-image-registries/restrict-image-registries/",
    ),
    remediation="""
        Close each prefix with a slash, so that it ends with a whole segment:

            repos: ["gcr.io/corp/"]     # not gcr.io/corp
            image: "gcr.io/corp/*"      # not gcr.io/corp*

        Name a registry with its slash too: docker.io without one also begins docker.io.evil.example.
        """,
)
def open_ended_policy_pattern(policy: ImagePolicy, enforcement: Enforcement) -> Iterator[Fail | Manual | Skip]:
    """Most engines compare an allowed name with the text of the image. A prefix that ends in the middle of a name also
    fits names that somebody else can register: gcr.io/corp fits gcr.io/corp-evil/app, and docker.io fits
    docker.io.evil.example/app.
    """
    yield from told(policy, Flaw.OPEN_ENDED, enforcement)
