"""Check: runs-as-root."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import (
    About,
    Evidence,
    Fail,
    ImageUse,
    Manual,
    Severity,
    Skip,
    Subject,
    check,
    comparable_runs,
    docs,
    is_root,
)


@check(
    "Container may run as root",
    severity=Severity.MEDIUM,
    references=(
        docs("concepts/security/pod-security-standards/"),
        docs("tasks/configure-pod-container/security-context/"),
        docs("concepts/workloads/pods/user-namespaces/"),
    ),
    remediation="""
    Have the kubelet refuse user 0, and name a user where the image does not:

        securityContext:
          runAsNonRoot: true
          runAsUser: 10001

    For software that has to be root, give the pod a user namespace (`hostUsers: false`): root inside is nobody outside.
    """,
)
def runs_as_root(image: ImageUse, evidence: Evidence) -> Iterator[Fail | Manual | Skip]:
    """Root in a container is root on the node, less what namespaces, capabilities and seccomp take away: with a hole
    in any of them it is root without a less.

    runAsNonRoot makes the kubelet refuse to start user 0, whatever the image says. Where neither it nor runAsUser is
    set, the image decides who runs, and a new version of the image may decide otherwise; its configuration tells, where
    the registry was asked. Pods show what admission made
    of their template, so they count before it.
    """
    places = [
        (shape, container)
        for shape, container in image.places
        if shape.os != "windows" and shape.host_users and container.role != "volume"
    ]
    if not places:
        yield Skip()
        return
    lax = [(shape, container) for shape, container in places if container.run_as_non_root is not True]
    if any(container.run_as_user == 0 for _, container in lax):
        yield Fail(f"Container {image.container} ({image.normalised}) runs as user 0.", evidence={"runAsUser": 0})
        return
    admitted = any(shape.source == "pods" for shape, _ in places)
    if any(container.run_as_user is None and (shape.source == "pods" or not admitted) for shape, container in lax):
        users = _users(image, evidence)
        if users and any(map(is_root, users)):
            yield Fail(
                f"Container {image.container} runs as root: its pod names no user, and neither does {image.normalised}."
                if "" in users
                else f"Container {image.container} runs as the root that {image.normalised} names.",
                evidence={"imageUser": sorted(users)},
            )
            return
        if users:
            return
        yield Manual(
            "Neither runAsNonRoot nor runAsUser is set for some containers, so their images decide whether they run as "
            "root: see the evidence, and the USER of each image.",
            evidence={"containers": [image.container]},
            about=About(image.namespace, Subject(image.owner.kind, image.owner.name)),
        )


def _users(image: ImageUse, evidence: Evidence) -> set[str]:
    """The USER of each content that the container has, empty where not all of them are known."""
    if image.reference is None:
        return set()
    digests = {run.digest for run in comparable_runs(image)} or {image.reference.digest or ""}
    if digests == {""}:
        tag = evidence.tag(image.repository, image.reference.effective_tag or "")
        digests = {tag.digest if tag else ""}
    users: set[str] = set()
    for digest in digests:
        row = evidence.content(image.repository, digest)
        if row is None or not row.platforms or any(platform.unavailable for platform in row.platforms):
            return set()
        users |= {platform.user for platform in row.platforms}
    return users
