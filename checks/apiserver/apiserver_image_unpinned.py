"""Control-plane images that are not the ones of the release."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import (
    ApiServer,
    ControlPlanePod,
    Fail,
    MalformedReference,
    Policy,
    Reference,
    Severity,
    check,
    docs,
    parse,
)
from checks.apiserver._release import only, release, same
from checks.apiserver._servers import listed


@check(
    "Control-plane image is not that of the server's release",
    severity=Severity.LOW,
    references=(
        "https://kubernetes.io/releases/download/",
        docs("tasks/administer-cluster/verify-signed-artifacts/"),
        "https://kubernetes.io/releases/version-skew-policy/",
    ),
    remediation="""
        Run the images of the release from registry.k8s.io, and verify them once they are on the node:

            kubeadm config images list --kubernetes-version v1.36.2
            cosign verify registry.k8s.io/kube-apiserver:v1.36.2 \\
              --certificate-identity krel-trust@k8s-releng-prod.iam.gserviceaccount.com \\
              --certificate-oidc-issuer https://accounts.google.com

        If they come from a mirror or a vendor that you trust, add its registry to `registries.allowed` of the policy.
        """,
)
def apiserver_image_unpinned(server: ApiServer, policy: Policy) -> Iterator[Fail]:
    """The control plane decides about everything else, and its static pods pass no admission: what their images are is
    decided by files on the nodes. An image from elsewhere than the project's registry, or of another version than the
    one that the server states, was put there by somebody: for a mirror, a vendor's build, an upgrade that stopped
    halfway, or something worse.
    """
    images = [(pod, reference) for pod in server.components if (reference := _parsed(pod))]
    outside = [(pod, ref) for pod, ref in images if not _approved(ref, policy)]
    if outside:
        yield Fail(
            f"{_told(outside)} {'comes' if len(outside) == 1 else 'come'} neither from registry.k8s.io nor from an "
            "allowed registry.",
            part="registry",
            evidence={"images": {pod.name: str(ref) for pod, ref in outside}},
        )
    stated = release(server.version) or only(release(ref.tag or "") for pod, ref in images if pod in server.pods)
    if stated is None:
        return
    other = [(pod, ref) for pod, ref in images if not _of(ref, stated)]
    if other:
        version = "v" + ".".join(map(str, stated))
        yield Fail(
            f"{_told(other)} {'is' if len(other) == 1 else 'are'} not of the server's version {version}.",
            part="version",
            evidence={"version": version, "images": {pod.name: str(ref) for pod, ref in other}},
        )


def _parsed(pod: ControlPlanePod) -> Reference | None:
    try:
        return parse(pod.image)
    except MalformedReference:
        return None


def _approved(reference: Reference, policy: Policy) -> bool:
    return reference.registry == "registry.k8s.io" or bool(policy.registries.approves(reference, "kube-system"))


def _of(reference: Reference, version: tuple[int, ...]) -> bool:
    """Whether the tag names the version. A digest without a version beside it leaves that open."""
    named = release(reference.effective_tag or "")
    return same(named, version) if named else reference.pinned


def _told(images: list[tuple[ControlPlanePod, Reference]]) -> str:
    return listed([f"{reference} of {pod.name}" for pod, reference in images])
