"""Image policies with a way around them: an update, a debug container, an init container."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Enforcement, Fail, Flaw, ImagePolicy, Manual, Severity, Skip, check, docs
from checks.admission._facts import told


@check(
    "Image policy covers only some of the ways to run an image",
    severity=Severity.MEDIUM,
    references=(
        docs("reference/access-authn-authz/extensible-admission-controllers/#matching-requests-rules"),
        docs("concepts/workloads/pods/ephemeral-containers/"),
        docs("concepts/workloads/pods/init-containers/"),
    ),
    remediation="""
        Match both operations, and the subresource by its own name, which `pods` and `*` do not include:

            operations: [CREATE, UPDATE]
            resources: [pods, pods/ephemeralcontainers]

        In the policy, look at spec.containers, spec.initContainers, spec.ephemeralContainers and, where the cluster has
        image volumes, spec.volumes[].image.reference.
        """,
)
def partial_admission_rules(policy: ImagePolicy, enforcement: Enforcement) -> Iterator[Fail | Manual | Skip]:
    """The image of a running pod can be changed by an update, `kubectl debug` adds a container through the subresource
    pods/ephemeralcontainers, and init containers run with all the rights of the pod. A policy that sees only the
    creation of pods, or only spec.containers, is passed by one more command.
    """
    yield from told(policy, Flaw.PARTIAL, enforcement)
