"""The clusters of two reports side by side: by their uids, else by their names."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.cluster_parts import Part, shares, single
from auditor.report import Report


class Pair(Struct, frozen=True):
    """One cluster's reports, findings called as in the report that they are from. None where a report does not have
    the cluster, or could not audit it."""

    name: str
    old: Report | None
    new: Report | None


def pairs(old: Report, new: Report) -> Iterator[Pair]:
    """Each cluster of both reports once, those of the new one first."""
    left = [part for part in shares(old) if part.cluster.error is None]
    for part in shares(new):
        known = next((other for other in left if _same(part, other)), None)
        if known is not None:
            left.remove(known)
        yield Pair(
            part.cluster.name,
            single(known) if known else None,
            single(part) if part.cluster.error is None else None,
        )
    for part in left:
        yield Pair(part.cluster.name, single(part), None)


def _same(one: Part, other: Part) -> bool:
    mine, others = one.cluster, other.cluster
    return mine.uid == others.uid if mine.uid and others.uid else mine.name == others.name
