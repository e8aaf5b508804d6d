"""What one check has said, by subject and part: answers about one thing become one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from auditor.check import About, Fail, Manual
from auditor.quantity import quantity
from auditor.report import CoverageRow
from auditor.units import Unit

Key = tuple[About, str]
"""A subject, and the repository where one container has several."""


class Answer(Struct):
    """What is said about one part of one subject so far."""

    result: Fail | Manual
    cause: str | None
    unit: Unit | None
    images: list[str]
    evidence: dict[str, Any]


class Tally:
    """The answers of one check. `subjects` without an answer have passed."""

    def __init__(self) -> None:
        self.subjects: dict[Key, dict[str, Answer]] = {}
        self.skipped: dict[str, set[Key]] = {}

    def seen(self, key: Key) -> None:
        self.subjects.setdefault(key, {})

    def add(self, key: Key, result: Fail | Manual, unit: Unit | None, cause: str | None = None) -> None:
        """Notes an answer. The first about a part stays, a failure before a question; evidence unites."""
        parts = self.subjects.setdefault(key, {})
        known = parts.get(result.part)
        images = [unit.image] if unit and unit.image else []
        if known is None:
            parts[result.part] = Answer(result, cause, unit, images, dict(result.evidence))
            return
        if isinstance(result, Fail) and isinstance(known.result, Manual):
            known.result, known.cause, known.unit = result, cause, unit
            known.evidence = merge_evidence(result.evidence, known.evidence)
        else:
            known.evidence = merge_evidence(known.evidence, result.evidence)
        known.images += [image for image in images if image not in known.images]

    def skips(self, check: str) -> Iterator[CoverageRow]:
        """What the check gave no verdict on, for want of something to judge by."""
        for unread, keys in sorted(self.skipped.items()):
            count = len(keys - self.subjects.keys())
            if unread and count:
                detail = f"{check} gives no verdict on {quantity(count, 'subject')}"
                yield CoverageRow(unread, "excluded", (), 0, detail)


def merge_evidence(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Evidence of two answers that become one: numbers add up, lists unite in order, else the first one stays."""
    merged = dict(first)
    for key, value in second.items():
        mine = merged.get(key)
        match mine, value:
            case None, _:
                merged[key] = value
            case bool(), _:
                continue
            case int(), int():
                merged[key] = mine + value
            case ((list() | tuple()), (list() | tuple())):
                merged[key] = [*mine, *(item for item in value if item not in mine)]
            case dict(), dict():
                merged[key] = dict(sorted(merge_evidence(mine, value).items()))
    return merged
