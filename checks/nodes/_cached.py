"""What findings about cached images say of the nodes that hold them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from auditor import CachedImage, Node

SHOWN = 20


def evidence(nodes: Iterable[Node]) -> dict[str, Any]:
    """The nodes' names, the first 20 of them, and how many there are."""
    names = sorted({node.name for node in nodes})
    return {"nodes": names[:SHOWN], "nodeCount": len(names)}


def on(nodes: Iterable[Node]) -> str:
    """`node worker-1`, or `7 nodes`."""
    names = sorted({node.name for node in nodes})
    return f"node {names[0]}" if len(names) == 1 else f"{len(names)} nodes"


def contents(cached: Iterable[CachedImage]) -> dict[str, Any]:
    """The tags and digests of a repository that nodes hold, and the bytes of all copies together."""
    held = tuple(cached)
    tags = sorted({tag for entry in held for tag in entry.tags})
    digests = sorted({digest for entry in held for digest in entry.digests})
    return {
        "tags": tags[:SHOWN],
        "digests": digests[:SHOWN],
        "bytes": sum(entry.image.size_bytes for entry in held),
    }


def megabytes(cached: Iterable[CachedImage]) -> str:
    """The bytes of all copies together, as people read them."""
    size = sum(entry.image.size_bytes for entry in cached)
    return f"{size / 1_000_000:,.0f} MB" if size >= 1_000_000 else f"{size:,} bytes"
