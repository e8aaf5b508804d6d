"""What was not read. Asking for what may only be unseen raises, so that no check can take it for absent."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from auditor.evidence import ImageEvidence
from auditor.model import REGISTRY, Coverage, Snapshot


class Unread(Exception):
    """A check needs data that was not read. The engine answers manual for the whole scope that is missing."""

    def __init__(self, resource: str, namespace: str | None, state: str, detail: str = "") -> None:
        super().__init__(f"{resource} were not read: {state}")
        self.resource = resource
        self.namespace = namespace
        self.state = state
        self.detail = detail


class Gaps:
    """The coverage of a snapshot, by resource and namespace. `scope`: only these namespaces are to be judged, if any.

    A gap has state `unasked` where a scan was limited to other namespaces: the user's choice, and nothing that failed.
    """

    def __init__(self, snapshot: Snapshot, scope: Collection[str] = ()) -> None:
        self.scope = tuple(scope)
        self._only = snapshot.cluster.only
        self._rows: dict[str, list[Coverage]] = {}
        for row in snapshot.coverage:
            self._rows.setdefault(row.resource, []).append(row)

    def gap(self, resource: str, namespace: str | None = None, *, everywhere: bool = False) -> Unread | None:
        """Why it is not known that everything of a resource was read (in a namespace, else all over), or None.

        Without `everywhere`, reading the namespaces that were asked for is enough.
        """
        if namespace is not None:
            return self._gap_in(resource, namespace)
        rows = self._rows.get(resource, [])
        overall = [row for row in rows if not row.namespaces]
        if overall and all(_complete(row) for row in overall):
            return None
        if self.scope and not everywhere and not overall:
            return next(filter(None, (self._gap_in(resource, name) for name in self.scope)), None)
        worst = min(overall or rows, key=_badness, default=None)
        if worst is None or _complete(worst):
            return Unread(resource, None, *self._unasked(bool(rows)))
        return Unread(resource, None, worst.state, worst.detail)

    def _unasked(self, elsewhere: bool) -> tuple[str, str]:
        """State and detail of what no list was asked for; `elsewhere`: it was, in other namespaces."""
        if elsewhere and self._only:
            return "unasked", f"only namespaces {', '.join(self._only)} were asked for"
        return "excluded", "not asked for"

    def _gap_in(self, resource: str, namespace: str) -> Unread | None:
        rows = self._rows.get(resource, [])
        own = [row for row in rows if namespace in row.namespaces]
        rows = own or [row for row in rows if not row.namespaces]
        if not rows:
            elsewhere = bool(self._rows.get(resource))
            state, detail = self._unasked(elsewhere and namespace not in self.scope)
            return Unread(resource, namespace if elsewhere and state == "excluded" else None, state, detail)
        worst = min(rows, key=_badness)
        if _complete(worst):
            return None
        return Unread(resource, namespace if own else None, worst.state, worst.detail)

    def require(self, resource: str, namespace: str | None = None, *, everywhere: bool = False) -> None:
        """Raises Unread unless everything of the resource was read."""
        gap = self.gap(resource, namespace, everywhere=everywhere)
        if gap:
            raise gap

    def unseen(self, resources: Iterable[str]) -> list[Unread]:
        """The lists that should have given subjects and did not; those nobody collected only if none was collected."""
        gaps: list[Unread] = []
        uncollected: list[Unread] = []
        some = False
        resources = tuple(resources)
        for namespace in self.scope:  # asked for now, but not when it was read
            rows = [row for resource in resources for row in self._rows.get(resource, ()) if row.state != "absent"]
            if rows and all(row.namespaces and namespace not in row.namespaces for row in rows):
                gaps.append(Unread(rows[0].resource, namespace, "excluded", "not asked for when this was read"))
        for resource in resources:
            rows = self._rows.get(resource, [Coverage(resource, "excluded", detail="not asked for")])
            for row in rows:
                if row.state == "read":
                    some = True
                elif row.state == "excluded":
                    uncollected.append(Unread(resource, None, row.state, row.detail))
                elif row.state != "absent":
                    names = row.namespaces or (None,)
                    gaps += [Unread(resource, name, row.state, row.detail) for name in names]
        return gaps if some or gaps else uncollected


def with_evidence(snapshot: Snapshot, rows: tuple[ImageEvidence, ...]) -> Snapshot:
    """The snapshot with the rows, and with a word in its coverage that registries were asked."""
    coverage = (
        *(row for row in snapshot.coverage if row.resource != REGISTRY),
        Coverage(REGISTRY, "read", (), len(rows)),
    )
    return msgspec.structs.replace(snapshot, images=rows, coverage=coverage)


def _complete(row: Coverage) -> bool:
    return (row.state == "read" and row.complete) or row.state == "absent"


def _badness(row: Coverage) -> int:
    """Lowest for the row that says most clearly why something is missing."""
    order = {"failed": 0, "forbidden": 1, "excluded": 2, "read": 3 if not row.complete else 5, "absent": 4}
    return order[row.state]
