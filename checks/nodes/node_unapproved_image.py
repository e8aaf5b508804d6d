"""Images on nodes that come from registries outside of the allowlist."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import CLUSTER, Fail, Manual, NodeRepository, Policy, Severity, check, cis, docs
from checks.nodes._cached import contents, evidence, on


@check(
    "Node caches an image from an unapproved registry",
    severity=Severity.MEDIUM,
    references=(
        cis("5.5.1"),
        docs("concepts/containers/images/#pre-pulled-images"),
        docs("reference/node/node-status/"),
    ),
    remediation="""
        Find out what brought the image there (a pod that is gone, a debug session, a node image, a pull by hand), then
        remove it on each node, and enforce the allowlist at admission so that it does not come back:

            crictl rmi docker.io/example/miner:1

        If the registry is trusted, add it to `registries.allowed` of the policy.
        """,
)
def node_unapproved_image(repository: NodeRepository, policy: Policy) -> Iterator[Fail | Manual]:
    """What is on a node has been pulled to it, or was put there by hand, even if no pod of today names it. An image
    from a registry that nobody approved is the trace of a workload that ran before the allowlist was enforced, or past
    it; and while it stays, a pod with pull policy IfNotPresent or Never can start it without asking any registry. Nodes
    list their largest images only, so that this finds images and never proves that there are none.
    """
    approved = policy.registries.approves_somewhere(repository.reference)
    nodes = [cached.node for cached in repository.cached]
    if approved is None:
        yield Manual(
            "The policy has no allowlist that would say whether the images on the nodes come from approved registries.",
            evidence={"registries": {repository.reference.registry or repository.name: 1}},
            about=CLUSTER,
        )
    elif not approved:
        yield Fail(
            f"{repository.name}, which no allowed registry covers, is cached on {on(nodes)}.",
            evidence={**evidence(nodes), **contents(repository.cached)},
        )
