"""What can go wrong in a way that a user can mend. Caught only in the command line, which adds the advice."""

from __future__ import annotations


class AuditorError(Exception):
    """Something to tell the user: what, where, and in `advice` what to do."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class SourceError(AuditorError):
    """The cluster or the files cannot be read at all."""


class PolicyError(AuditorError):
    """The policy file is wrong."""


class PackError(AuditorError):
    """A check or a pack of checks is wrong."""


class UsageError(AuditorError):
    """The command line asks for something that cannot be."""
