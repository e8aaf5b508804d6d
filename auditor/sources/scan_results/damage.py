"""A document that gives no scan result; it becomes a warning and a gap in coverage, never an image without faults."""

from __future__ import annotations


class Unusable(ValueError):
    """Why, for a person: never what it holds."""
