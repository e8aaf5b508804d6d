"""Documents of kinds that nobody needs, until it is known whether a policy takes its parameters from them."""

from __future__ import annotations

from collections import Counter

from auditor import wire
from auditor.parameters import SECRET
from auditor.sources.documents import Document
from auditor.sources.kinds import group_of

MOST_BYTES = 64 << 20
MOST_DOCUMENTS = 100_000


class Aside:
    """Keeps at most `MOST_BYTES` of them; of those beyond, only the kind."""

    def __init__(self) -> None:
        self._kept: list[Document] = []
        self._bytes = 0
        self._dropped: Counter[tuple[str, str]] = Counter()
        self._kinds: set[tuple[str, str]] = set()

    def policy(self, item: wire.Object) -> None:
        """Notes which kind a ValidatingAdmissionPolicy takes its parameters from."""
        spec = item.spec if isinstance(item, wire.PolicyObject) else None
        stated = (spec or {}).get("paramKind")
        if isinstance(stated, dict):
            api_version, kind = stated.get("apiVersion"), stated.get("kind")
            if isinstance(api_version, str) and isinstance(kind, str) and (api_version, kind) != SECRET:
                self._kinds.add((api_version.rpartition("/")[0], kind))

    def put(self, document: Document) -> None:
        if self._bytes + len(document.json) <= MOST_BYTES and len(self._kept) < MOST_DOCUMENTS:
            self._bytes += len(document.json)
            self._kept.append(document)
        else:
            self._dropped[group_of(document), document.kind] += 1

    def parameters(self) -> tuple[list[Document], int]:
        """Those that policies take parameters from, and how many more of these kinds there were."""
        wanted = [document for document in self._kept if (group_of(document), document.kind) in self._kinds]
        return wanted, sum(count for kind, count in self._dropped.items() if kind in self._kinds)

    def rest(self) -> Counter[str]:
        """How many of the others there were, by kind. ConfigMaps are read for rules, too."""
        counts: Counter[str] = Counter()
        read = self._kinds | {("", "ConfigMap")}
        for document in self._kept:
            counts[document.kind] += (group_of(document), document.kind) not in read
        for (group, kind), count in self._dropped.items():
            counts[kind] += count * ((group, kind) != ("", "ConfigMap"))
        return +counts
