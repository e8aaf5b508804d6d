"""Which different images stand behind one tag."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from auditor import CachedImage, Node
from checks.nodes._cached import SHOWN, evidence

Variant = tuple[frozenset[str], tuple[Node, ...]]
"""Digests of one image, and the nodes where it has the tag."""


def variants(cached: Iterable[CachedImage]) -> list[Variant]:
    """The different images among entries of one tag and platform, those on most nodes first.

    Digests in one entry of a node's list are names of one image: sets that overlap anywhere, by way of a third set too,
    are the same image. An entry without a digest (imported from an archive) says nothing.
    """
    found: list[Variant] = []
    for entry in cached:
        if not entry.digests:
            continue
        digests = frozenset(entry.digests)
        nodes: tuple[Node, ...] = (entry.node,)
        apart: list[Variant] = []
        for variant in found:
            if variant[0] & digests:
                digests, nodes = digests | variant[0], variant[1] + nodes
            else:
                apart.append(variant)
        found = [*apart, (digests, nodes)]
    return sorted(found, key=lambda variant: (-len(variant[1]), sorted(variant[0])))


def told(found: Iterable[Variant]) -> list[dict[str, Any]]:
    return [{"digests": sorted(digests), **evidence(nodes)} for digests, nodes in list(found)[:SHOWN]]
