"""What an audit hands out: each thing is tried, whatever becomes of the others, and told together where it fails."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence

from auditor.errors import AuditorError, DeliveryError
from auditor.exits import Exit

Delivery = Callable[[], object]


def attempted(deliveries: Iterable[Delivery]) -> list[AuditorError]:
    """Makes each delivery, in order; what went wrong."""
    failures = []
    for deliver in deliveries:
        try:
            deliver()
        except AuditorError as error:  # a gateway that is down makes no published report stale
            failures.append(error)
    return failures


def settled(code: Exit, failures: Sequence[AuditorError]) -> Exit:
    """The exit code of an audit, if all that it hands out has arrived. Otherwise raises what went wrong."""
    if not failures:
        return code
    if code is not Exit.OK:
        print(f"note: the audit itself ends with exit code {code:d}, but not all of it was delivered", file=sys.stderr)
    raise failures[0] if len(failures) == 1 else DeliveryError(failures)
