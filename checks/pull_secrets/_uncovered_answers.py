"""What is said of an image without a credential: the cluster shows only a part of where credentials come from."""

from __future__ import annotations

from collections.abc import Iterable

from auditor import About, Fail, ImageUse, Manual, Nodes, PullSecret, Reference
from checks.pull_secrets._clouds import cloud_registry
from checks.pull_secrets._covered import Uncovered

_SECRETS_SHOWN = 20


def no_credential(image: ImageUse, lacking: Iterable[Uncovered], *, injected: bool) -> Fail | Manual:
    """`injected`: the pods that run do have a credential, which neither template nor service account explains."""
    reasons = list(dict.fromkeys(each.reason for each in lacking))
    names = sorted({name for each in lacking for name in each.names if name})
    evidence = {"repository": image.repository, "pullSecrets": names}
    if injected:
        return Manual(
            f"The pods that run {image.repository} carry a credential for it, but new ones may not: {reasons[0]}. "
            "Either admission adds it to each pod, or the service account has changed since.",
            evidence=evidence,
        )
    return Fail(
        f"No in-cluster credential for {image.repository}: {'; '.join(reasons)}. Credentials of the nodes and of their "
        "kubelets' plugins are not visible here.",
        evidence=evidence,
    )


def static_pods(image: ImageUse, reference: Reference) -> Manual:
    """Static pods cannot use pull secrets at all (k8s plugin/pkg/admission/serviceaccount/admission.go)."""
    return _of_namespace(
        image,
        f"Static pods of namespace {image.namespace} use private images of {reference.registry}: they can only be "
        "pulled with credentials of the node itself, which are not visible here.",
        f"{reference.registry} (static pods)",
    )


def cloud_nodes(image: ImageUse, reference: Reference, nodes: Nodes | None) -> Manual | None:
    """The answer for a cloud's registry while nodes of that cloud exist, or may exist."""
    cloud = cloud_registry(reference.registry)
    if cloud is None or (nodes is not None and all(node.provider_id != cloud[0] for node in nodes.all())):
        return None
    why = "Nodes were not read, so whether their" if nodes is None else "Nodes run in that cloud; whether their"
    return _of_namespace(
        image,
        f"No in-cluster credential for private images of {reference.registry} in namespace {image.namespace}. {why} "
        f"kubelets get credentials for {cloud[1]} from a plugin is not visible here.",
        f"{reference.registry} (cloud)",
    )


def undeclared(image: ImageUse, reference: Reference, holders: tuple[PullSecret, ...]) -> Manual:
    """The registry is not declared private, and yet somebody in the cluster has credentials for it."""
    return _of_namespace(
        image,
        f"Images of {reference.registry} are used in namespace {image.namespace} without a credential, while secrets "
        "in the cluster hold one for them. If they are private, declare the registry under registries.private.",
        reference.registry,
        [f"{secret.namespace}/{secret.name}" for secret in holders[:_SECRETS_SHOWN]],
    )


def _of_namespace(image: ImageUse, message: str, part: str, secrets: list[str] | None = None) -> Manual:
    evidence: dict[str, object] = {"repositories": [image.repository], "count": 1}
    if secrets:
        evidence["secrets"] = secrets
    return Manual(message, part, evidence, About.of_namespace(image.namespace))
