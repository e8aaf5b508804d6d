"""Which namespaces an audit is of, and what its report says of those that it leaves out."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from msgspec import Struct

from auditor.model import Snapshot
from auditor.report import CoverageRow


class Scope(Struct, frozen=True):
    """The namespaces to judge: all or those named, less the excluded (globs). What is in none is always judged."""

    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def holds(self, namespace: str | None) -> bool:
        if namespace is None:
            return True
        if self.only and namespace not in self.only:
            return False
        return not (self.exclude and any(fnmatch.fnmatchcase(namespace, pattern) for pattern in self.exclude))


def coverage_of(snapshot: Snapshot, scope: Scope) -> tuple[CoverageRow, ...]:
    """What was read, and what the user left out."""
    rows = [CoverageRow(row.resource, row.state, row.namespaces, row.count, row.detail) for row in snapshot.coverage]
    known = {namespace.name for namespace in snapshot.namespaces} | {owner.namespace for owner in snapshot.owners}
    if scope.only:
        others = tuple(sorted(known - set(scope.only)))
        rows.append(CoverageRow("*", "excluded", others, 0, f"only {', '.join(scope.only)} asked for"))
    if scope.exclude:
        left_out: set[str] = set()
        for pattern in scope.exclude:
            left_out |= {name for name in known if fnmatch.fnmatchcase(name, pattern)} or {pattern}
        rows.append(CoverageRow("*", "excluded", tuple(sorted(left_out)), 0, "excluded from the audit"))
    return tuple(rows)


def unknown_namespaces(snapshot: Snapshot, scope: Scope) -> Iterator[str]:
    """A mistyped name would look like a namespace without a fault."""
    known = {namespace.name for namespace in snapshot.namespaces} | {owner.namespace for owner in snapshot.owners}
    known |= {secret.namespace for secret in snapshot.secrets}
    known |= {account.namespace for account in snapshot.service_accounts}
    for name in scope.only:
        if name not in known:
            yield f"Nothing was seen of a namespace {name}."
