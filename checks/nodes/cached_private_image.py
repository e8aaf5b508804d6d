"""Private images on nodes whose kubelet lets every pod use them."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ControlPlane, Fail, Manual, NodeRepository, Policy, Severity, check, cis, docs, kep
from checks.nodes._cached import contents, evidence, on


@check(
    "Private image is cached where any pod can use it",
    severity=Severity.MEDIUM,
    references=(
        kep(2535, "sig-node", "ensure-secret-pulled-images"),
        docs("concepts/containers/images/#ensureimagepullcredentialverification"),
        docs("reference/access-authn-authz/admission-controllers/#alwayspullimages"),
        cis("1.2.11"),
    ),
    remediation="""
        Bring the nodes to Kubernetes 1.35 or later, where the kubelet verifies by default that a pod may pull a cached
        image. Until then, have every start of a container ask the registry, with a flag of each kube-apiserver:

            --enable-admission-plugins=NodeRestriction,AlwaysPullImages
        """,
)
def cached_private_image(
    repository: NodeRepository, policy: Policy, control_plane: ControlPlane
) -> Iterator[Fail | Manual]:
    """Pull credentials guard a registry, not a node. Once an image is on a node whose kubelet does not verify access to
    cached images, any pod that is scheduled there can run and read it, from any namespace and without credentials: it
    names the image and asks for pull policy IfNotPresent. Kubelets verify by default from 1.35 on; AlwaysPullImages
    has the registry decide each time. An administrator may have set the kubelet's policy otherwise, which the API does
    not show.
    """
    always = control_plane.always_pull_images
    if always or not policy.registries.is_private(repository.reference):
        return
    plugin = "is off" if always is False else "was not seen on"
    open_nodes = [cached.node for cached in repository.cached if cached.node.verifies_pulls is False]
    unknown = [cached.node for cached in repository.cached if cached.node.verifies_pulls is None]
    if open_nodes:
        yield Fail(
            f"The private {repository.name} is cached on {on(open_nodes)} with a kubelet older than 1.35, which lets "
            f"every pod there use it, and AlwaysPullImages {plugin}.",
            evidence={
                **evidence(open_nodes),
                "kubelets": sorted({node.kubelet_version for node in open_nodes}),
                "alwaysPullImages": "off" if always is False else "not seen",
                **contents(cached for cached in repository.cached if cached.node.verifies_pulls is False),
            },
        )
    elif unknown:
        yield Manual(
            f"The private {repository.name} is cached on {on(unknown)} of unknown kubelet version, and "
            f"AlwaysPullImages {plugin}.",
            evidence=evidence(unknown),
        )
