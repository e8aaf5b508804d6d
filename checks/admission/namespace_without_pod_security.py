"""Namespaces in which Pod Security admission enforces nothing."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import (
    ControlPlane,
    Fail,
    Namespace,
    NamespaceLabels,
    Severity,
    Unread,
    admission_plugins,
    check,
    cis,
    docs,
)

_ENFORCE = "pod-security.kubernetes.io/enforce"


@check(
    "Namespace enforces no Pod Security Standard",
    severity=Severity.MEDIUM,
    references=(
        cis("5.2.1"),
        docs("concepts/security/pod-security-admission/"),
        docs("concepts/security/pod-security-standards/"),
    ),
    remediation="""
        Try first what a level would refuse, then set it:

            kubectl label --dry-run=server --overwrite namespace NAMESPACE pod-security.kubernetes.io/enforce=restricted
            kubectl label --overwrite namespace NAMESPACE pod-security.kubernetes.io/enforce=restricted
        """,
)
def namespace_without_pod_security(
    namespace: Namespace, labels: NamespaceLabels, control_plane: ControlPlane | None
) -> Iterator[Fail]:
    """This is about pods, not about images: Pod Security says nothing about where an image comes from. It belongs here
    because the two make up for each other. What an image can do is bounded by what its pod may do, and without an
    enforced level any image may run privileged, on the host's network, or with the host's files. A default for the
    whole cluster may be set in a file of the API server, which the API does not show.
    """
    level = labels.of(namespace.name).get(_ENFORCE)
    off = _off(control_plane)
    if level is None:
        says = "enforces no Pod Security level"
    elif level == "privileged":
        says = "enforces level privileged, which forbids nothing"
    elif off:
        says = f"is labelled {level}, and the admission plugin PodSecurity that reads the label is off on {off[0]}"
    else:
        return
    yield Fail(
        f"Namespace {namespace.name} {says}. This is about what pods may do, not about images.",
        evidence={"label": _ENFORCE, "value": level, "pluginOff": off},
    )


def _off(control_plane: ControlPlane | None) -> list[str]:
    """The API servers that are seen to run without the plugin."""
    try:
        servers = control_plane.apiservers if control_plane else ()
    except Unread:
        servers = ()
    return sorted(server.name for server in servers if not admission_plugins(server.flags).enabled("PodSecurity"))
