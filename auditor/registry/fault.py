"""A question to a registry that got no usable answer; it becomes a value where the evidence is put together."""

from __future__ import annotations

from auditor.evidence import Kind, Unavailable
from auditor.sources.faults import Interrupted


class Unanswered(Interrupted):
    """`why` is for a person: it names hosts and statuses, never an address's query, a header or a body."""

    def __init__(self, kind: Kind, detail: str) -> None:
        super().__init__(detail)
        self.why = Unavailable(kind, detail)
