"""A question to a registry that got no usable answer; it becomes a value where the evidence is put together."""

from __future__ import annotations

from auditor.evidence import Kind, Unavailable
from auditor.sources.faults import Interrupted


class Unanswered(Interrupted):
    """`why` is for a person: it names hosts and statuses, never an address's query, a header or a body."""

    def __init__(self, kind: Kind, detail: str) -> None:
        super().__init__(detail)
        self.why = Unavailable(kind, detail)


class LoginRefused(Unanswered):
    """The server takes no such user and password, whatever is asked for: 401 to them, and not merely no right."""

    def __init__(self, detail: str) -> None:
        super().__init__("denied", detail)
