"""Check: image-user-root."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import WITH_REGISTRY, Evidence, Fail, Image, Severity, Skip, check, docs, is_root
from checks.supply_chain._asked import platforms


@check(
    "Image runs as root unless told otherwise",
    severity=Severity.MEDIUM,
    opt_in=WITH_REGISTRY,
    references=(
        docs("tasks/configure-pod-container/security-context/"),
        "https://docs.docker.com/build/building/best-practices/#user",
        "https://github.com/opencontainers/image-spec/blob/main/config.md",
    ),
    remediation="""
    End the Dockerfile with a user that is not root, by number, so that the kubelet can prove it for runAsNonRoot:

        RUN adduser --system --uid 10001 app
        USER 10001

    Until the image is rebuilt, have the pod say it: `securityContext: {runAsNonRoot: true, runAsUser: 10001}`.
    """,
)
def image_user_root(image: Image, evidence: Evidence) -> Iterator[Fail | Skip]:
    """An image whose configuration names no user, or root, runs as root wherever a pod does not forbid it. Each new
    workload has to remember to; an image that names another user is safe by default.

    A name instead of a number passes, though the kubelet cannot tell by it that the user is not root. Windows has no
    such user. Judged is what runs or is pinned, and what a tag that is followed names now.
    """
    judged = False
    for name, platform in platforms(image, evidence):
        if platform.platform.startswith("windows"):
            continue
        judged = True
        if is_root(platform.user):
            yield Fail(
                f"{name} runs as user {platform.user}."
                if platform.user
                else f"{name} sets no USER, so it runs as root.",
                evidence={
                    "user": platform.user,
                    "platforms": [platform.platform] if platform.platform else [],
                    "where": list(image.where[:20]),
                },
            )
    if not judged:
        yield Skip()
