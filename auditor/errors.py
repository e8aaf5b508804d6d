"""What can go wrong in a way that a user can mend. Caught only in the command line, which adds the advice."""

from __future__ import annotations

from collections.abc import Sequence


class AuditorError(Exception):
    """Something to tell the user: what, where, and in `advice` what to do."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice

    @property
    def causes(self) -> tuple[AuditorError, ...]:
        """What to tell, one by one."""
        return (self,)


class SourceError(AuditorError):
    """The cluster or the files cannot be read at all."""


class PolicyError(AuditorError):
    """The policy file is wrong: each fault is a line of its own."""


class PackError(AuditorError):
    """A check or a pack of checks is wrong."""


class UsageError(AuditorError):
    """The command line asks for something that cannot be."""


class DeliveryError(AuditorError):
    """Several of the things that an audit hands out could not be delivered."""

    def __init__(self, causes: Sequence[AuditorError]) -> None:
        super().__init__("; ".join(map(str, causes)))
        self._causes = tuple(causes)

    @property
    def causes(self) -> tuple[AuditorError, ...]:
        return self._causes
