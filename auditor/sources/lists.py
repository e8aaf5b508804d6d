"""One resource's list into the inventory, with a note of what became of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

from msgspec import Struct

from auditor import wire
from auditor.inventory import Inventory
from auditor.listed import Listing
from auditor.model import State
from auditor.sources.discovery import Discovery
from auditor.sources.encodings import Encoding, accepted
from auditor.sources.faults import Fault
from auditor.sources.listing import MIXED, Refused, Restart, Walk, decode, pages
from auditor.sources.progress import Progress
from auditor.sources.reader import Reader

NOT_SERVED = "the cluster does not serve it"
_RESTARTS = 3


class Outcome(Struct, frozen=True):
    """What became of one list: everywhere, or in one namespace. `fault` is what broke it off."""

    resource: wire.Resource
    namespace: str
    state: State
    count: int = 0
    fault: Fault | None = None


class Lists(Struct, frozen=True):
    """What all lists of a scan have in common. `seen` is shown every page's items before they are folded."""

    reader: Reader
    discovery: Discovery
    inventory: Inventory
    progress: Progress
    page_size: int
    seen: Callable[[wire.Resource, Sequence[wire.Object]], None]
    encoding: Encoding = "auto"

    def read(self, resource: wire.Resource, namespace: str = "", note: str = "") -> Outcome:
        """Reads a list to its end, or as far as it goes. `note` is put into coverage."""
        if "." in resource.group:
            resource, served = self.discovery.choose(resource)
            if served is False:
                return self._unserved(resource, namespace)
        for _ in range(_RESTARTS + 1):
            begun = time.monotonic()
            listing = self.inventory.begin(resource)
            remarks = [note] if note else []
            came: Counter[str] = Counter()
            try:
                misfits = self._fill(listing, namespace, remarks, came)
            except Restart:
                self.progress.advance(resource.name, -listing.count)
                continue
            except Refused as refused:
                return self._refused(listing, namespace, refused, remarks)
            except Fault as fault:
                return self._broken(listing, namespace, fault, remarks)
            self.inventory.end(listing, namespace=namespace, detail="; ".join(remarks), complete=not misfits)
            self._tell(listing, namespace, came, time.monotonic() - begun)
            return Outcome(resource, namespace, "read", listing.count)
        expired = Fault("server", f"the list expired before its end ({_RESTARTS + 1} tries)")
        return self._broken(listing, namespace, expired, remarks)

    def _fill(self, listing: Listing, namespace: str, remarks: list[str], came: Counter[str]) -> int:
        """All selectors' pages, counted by encoding; how many objects were left out as misfits."""
        resource = listing.resource
        misfits, why = 0, ""
        for selector in resource.selectors:
            walk = self._walk(resource, namespace, selector)
            try:
                for page in pages(walk):
                    came["protobuf" if page.protobuf else "JSON"] += 1
                    items, left_out, reason = decode(resource.type, page, walk)
                    misfits, why = misfits + left_out, why or reason
                    self.seen(resource, items)
                    listing.add(items)
                    self.progress.advance(resource.name, len(items))
            finally:
                if walk.mixed and MIXED not in remarks:
                    remarks.append(MIXED)
        if misfits:
            remarks.append(f"{misfits} objects left out that do not fit their kind, the first: {why}")
        return misfits

    def _tell(self, listing: Listing, namespace: str, came: Counter[str], seconds: float) -> None:
        place = f" of {namespace}" if namespace else ""
        pages = " and ".join(f"{count} in {encoding}" for encoding, count in sorted(came.items()))
        self.progress.tell(
            f"{listing.resource.name}{place}: {listing.count:,} objects, pages: {pages}; {seconds:.2f} s"
        )

    def _walk(self, resource: wire.Resource, namespace: str, selector: str) -> Walk:
        accept, instead = accepted(resource, self.encoding)
        return Walk(
            self.reader,
            resource.path(namespace),
            selector=selector,
            limit=resource.page_size or self.page_size,
            accept=accept,
            instead=instead,
        )

    def _refused(self, listing: Listing, namespace: str, refused: Refused, remarks: Sequence[str]) -> Outcome:
        resource = listing.resource
        if not listing.count:
            served = self.discovery.served(resource)
            # An identity without rights is told 403 for what is not served, too. And a 404 for what discovery names
            # comes from somebody else on the way: that nothing is there must not be believed of it.
            if (refused.status == 404 and not served) or (refused.status == 403 and served is False):
                return self._nothing(resource, namespace, "absent", NOT_SERVED)
            if refused.status == 403:
                return self._nothing(resource, namespace, "forbidden", refused.reason)
        reason = f"it answered {refused.status}" + (f": {refused.reason}" if refused.reason else "")
        return self._broken(listing, namespace, Fault("answer", reason), remarks)

    def _broken(self, listing: Listing, namespace: str, fault: Fault, remarks: Sequence[str]) -> Outcome:
        """What was read until then counts; that there is nothing else does not."""
        detail = "; ".join([*remarks, fault.reason])
        if not listing.count:
            return self._nothing(listing.resource, namespace, "failed", detail, fault)
        detail += f"; broke off after {listing.count:,} objects"
        self.inventory.end(listing, state="failed", namespace=namespace, detail=detail, complete=False)
        return Outcome(listing.resource, namespace, "failed", listing.count, fault)

    def _unserved(self, resource: wire.Resource, namespace: str) -> Outcome:
        versions = ", ".join(self.discovery.unknown_versions(resource))
        if not versions:
            return self._nothing(resource, namespace, "absent", NOT_SERVED)
        reason = f"it is served only in {versions}, which this version of Auditor does not know"
        return self._nothing(resource, namespace, "failed", reason)

    def _nothing(
        self, resource: wire.Resource, namespace: str, state: State, detail: str, fault: Fault | None = None
    ) -> Outcome:
        self.inventory.cover(resource.coverage, state, namespace=namespace, detail=detail)
        return Outcome(resource, namespace, state, 0, fault)
