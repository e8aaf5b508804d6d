"""Images on nodes that no pod of the node uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor import CachedImage, Fail, Manual, NodeRepository, PodsOnNodes, Severity, check, docs
from checks.nodes._cached import contents, evidence, megabytes, on

# The sandbox holds a pod's namespaces: every pod runs it and none names it.
_SANDBOX = re.compile(r"(.*/)?((mirrored-)?pause(-(amd64|arm|arm64|ppc64le|s390x|riscv64|windows))?|(ose|origin)-pod)")
_NAMES_LISTED = 5


@check(
    "Node caches an image that no pod uses",
    severity=Severity.LOW,
    references=(
        docs("concepts/architecture/garbage-collection/#containers-images"),
        docs("reference/node/node-status/"),
    ),
    remediation="""
        Let the kubelet remove images that have been idle for a while, in its configuration file on each node:

            apiVersion: kubelet.config.k8s.io/v1beta1
            kind: KubeletConfiguration
            imageMaximumGCAge: 168h

        Or remove them now, on the node: `crictl rmi --prune`.
        """,
)
def unused_node_image(repository: NodeRepository, pods: PodsOnNodes) -> Iterator[Fail | Manual]:
    """An image that nothing runs is software that nobody patches and everybody can start: a pod with pull policy
    IfNotPresent or Never takes it from the node, old version and all. It also takes the disk whose shortage makes the
    kubelet evict pods. The kubelet lists five names of an image at most, so an image with that many may be in use by a
    name that is not shown.
    """
    if _SANDBOX.fullmatch(repository.reference.repository):
        return
    unused = [cached for cached in repository.cached if not pods.use(cached.image)]
    proven = [cached for cached in unused if len(cached.image.names) < _NAMES_LISTED]
    nodes = [cached.node for cached in proven or unused]
    if proven:
        yield Fail(
            f"{_images(repository.name, proven)} cached on {on(nodes)} without a pod there that uses "
            f"{'it' if len(proven) == 1 else 'them'}, {megabytes(proven)} in all.",
            evidence={**evidence(nodes), **contents(proven)},
        )
    elif unused:
        yield Manual(
            f"No pod uses {repository.name} on {on(nodes)} by the names shown, but the node may leave names out.",
            evidence={**evidence(nodes), **contents(unused)},
        )


def _images(name: str, cached: list[CachedImage]) -> str:
    """Other images of the repository may well be in use."""
    return f"An image of {name} is" if len(cached) == 1 else f"{len(cached)} copies of images of {name} are"
