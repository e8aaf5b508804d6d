"""Nodes that list only the largest of their images."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Cluster, Manual, Nodes, Severity, check, docs
from checks.nodes._cached import evidence, on

_DEFAULT_CAP = 50


@check(
    "Nodes list only the largest of their images",
    severity=Severity.LOW,
    references=(
        docs("reference/config-api/kubelet-config.v1beta1/"),
        "https://github.com/kubernetes/kubernetes/issues/93488",
    ),
    remediation="""
        Look at the whole list on the nodes named, with `crictl images --digests`, or have the kubelet report all of it
        (status objects grow with it; the kubelet reads this when it starts):

            apiVersion: kubelet.config.k8s.io/v1beta1
            kind: KubeletConfiguration
            nodeStatusMaxImages: -1
        """,
)
def truncated_node_inventory(cluster: Cluster, nodes: Nodes) -> Iterator[Manual]:
    """A kubelet reports the 50 largest of its images unless it is told otherwise. A node that reports exactly 50 most
    likely holds more, and those left out are the small ones: static binaries, distroless images, a miner. What the
    other checks of node images find on such a node is there; what they do not find may still be.
    """
    full = [node for node in nodes.readable() if len(node.images) == _DEFAULT_CAP]
    if full:
        yield Manual(
            f"Exactly {_DEFAULT_CAP} images, the kubelet's default cap, are listed on {on(full)}: smaller ones there "
            "are not to be seen, so absence proves nothing.",
            evidence=evidence(full),
        )
    else:
        nodes.all()  # that there is no such node is only known if all were read
