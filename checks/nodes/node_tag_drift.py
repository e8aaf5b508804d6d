"""Tags that stand for different images on different nodes."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Fail, Manual, NodeTag, Severity, check, docs
from checks.nodes._variants import told, variants


@check(
    "One tag stands for different images on nodes of one platform",
    severity=Severity.MEDIUM,
    references=(
        docs("concepts/containers/images/#image-pull-policy"),
        docs("concepts/containers/images/#image-names"),
        docs("reference/node/node-status/"),
    ),
    remediation="""
        Name the image by its digest, so that every node runs the same one:

            image: registry.example/app:1.4@sha256:…

        `crane digest registry.example/app:1.4` tells the digest that the tag has today. Then remove the stale copies on
        the nodes: `crictl rmi registry.example/app:1.4`.
        """,
)
def node_tag_drift(tag: NodeTag) -> Iterator[Fail | Manual]:
    """A tag is a name that its owner can move. Here it has been moved between two pulls: with pull policy IfNotPresent,
    which version (or whose code) a replica runs depends on the node that it lands on. Only nodes of one operating
    system and architecture are compared, and only where a digest stands beside the tag on both.
    """
    platforms = {}
    for platform in sorted({cached.node.platform for cached in tag.cached if cached.node.platform}):
        found = variants(cached for cached in tag.cached if cached.node.platform == platform)
        if len(found) > 1:
            platforms[platform] = found
    if platforms:
        count = max(len(found) for found in platforms.values())
        yield Fail(
            f"{tag.name} stands for {count} different images on nodes of {' and of '.join(platforms)}.",
            evidence={"platforms": {platform: told(found) for platform, found in platforms.items()}},
        )
        return
    found = variants(tag.cached)
    if len(found) > 1 and not all(cached.node.platform for cached in tag.cached):
        yield Manual(
            f"{tag.name} stands for {len(found)} different images on nodes of which not all tell their platform.",
            evidence={"images": told(found)},
        )
