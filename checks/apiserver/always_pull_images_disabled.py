"""AlwaysPullImages off while kubelets hand out cached private images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from auditor import ApiServer, Fail, Manual, Nodes, Severity, check, cis, docs, kep
from checks.apiserver._servers import listed, without


@check(
    "AlwaysPullImages is off and kubelets do not verify who may use cached images",
    severity=Severity.MEDIUM,
    references=(
        cis("1.2.11"),
        docs("reference/access-authn-authz/admission-controllers/#alwayspullimages"),
        kep(2535, "sig-node", "ensure-secret-pulled-images"),
    ),
    remediation="""
        Bring all nodes to Kubernetes 1.35 or later, where the kubelet verifies access to cached images by default.
        Until then, on every control-plane node, in the manifest of the kube-apiserver:

            --enable-admission-plugins=NodeRestriction,AlwaysPullImages

        Every start of a container then asks the registry: it must be as available as the cluster has to be.
        """,
)
def always_pull_images_disabled(server: ApiServer, nodes: Nodes) -> Iterator[Fail | Manual]:
    """A kubelet that does not verify pull credentials for images that it already has gives a private image of one team
    to the pods of every other team on the node. AlwaysPullImages closes that by having every start of a container ask
    the registry with the pod's own credentials. Kubelets verify by default from 1.35 on, so that the plugin is then no
    longer needed for this; which policy a kubelet really has, the API does not show.
    """
    off = without(server.pods, "AlwaysPullImages")
    if not off:
        return
    old = [node for node in nodes.readable() if node.verifies_pulls is False]
    if old:
        yield Fail(
            f"AlwaysPullImages is off on {listed(off)}, and the kubelets of {len(old)} "
            f"{'node' if len(old) == 1 else 'nodes'} are older than 1.35: any pod there can use cached private images.",
            evidence={
                "apiservers": off,
                "nodes": [node.name for node in old][:20],
                "nodeCount": len(old),
                "kubelets": dict(sorted(Counter(node.kubelet_version for node in old).items())),
            },
        )
        return
    unknown = [node.name for node in nodes.all() if node.verifies_pulls is None]
    if unknown:
        yield Manual(
            f"AlwaysPullImages is off on {listed(off)}, and {len(unknown)} "
            f"{'node does' if len(unknown) == 1 else 'nodes do'} not tell the version of the kubelet.",
            evidence={"apiservers": off, "nodes": unknown[:20], "nodeCount": len(unknown)},
        )
