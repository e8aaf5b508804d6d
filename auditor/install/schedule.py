"""Cron schedules as Kubernetes reads them.

Its grammar is that of robfig/cron v3 `ParseStandard` (k8s pkg/apis/batch/validation), which is narrower than what
libraries for cron accept: five fields, Sunday is 0 alone, no L, W or #, no seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

MACROS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAYS = "sun mon tue wed thu fri sat".split()
_LONGEST = dict(zip(range(1, 13), (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), strict=True))
_RANGE = re.compile(r"(?P<low>[*?]|\w+)(-(?P<high>\w+))?(/(?P<step>[0-9]+))?", re.ASCII)


class _Field(Struct, frozen=True):
    title: str
    low: int
    high: int
    names: Mapping[str, int] = {}


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    _Field("day of the week", 0, 6, {name: number for number, name in enumerate(_DAYS)}),
)


def problem(schedule: str) -> str | None:
    """What is wrong with a schedule, None if Kubernetes takes it and its time comes."""
    if schedule.startswith("@"):
        return None if schedule in MACROS else f"there is no {schedule}; there is {', '.join(MACROS)}"
    parts = schedule.split()
    if len(parts) != len(_FIELDS):
        return f"it has {len(parts)} fields, and needs five: minute, hour, day of the month, month, day of the week"
    found = []
    for field, part in zip(_FIELDS, parts, strict=True):
        values: set[int] = set()
        for item in part.split(","):
            read = _values(field, item)
            if isinstance(read, str):
                return f"{field.title} {part}: {read}"
            values |= read
        found.append(values)
    days, months = found[2:4]
    any_weekday = parts[4][0] in "*?"
    if any_weekday and not any(day <= _LONGEST[month] for month in months for day in days):
        return "that day never comes"
    return None


def _values(field: _Field, item: str) -> set[int] | str:
    match = _RANGE.fullmatch(item)
    if match is None:
        return f"{item or 'an empty entry'} is no value, range or step"
    step = int(match["step"] or 1)
    if match["low"] in ("*", "?"):
        if match["high"]:
            return f"{item} is no range"
        low, high = field.low, field.high
    else:
        first, last = _number(field, match["low"]), _number(field, match["high"] or match["low"])
        if first is None or last is None or not field.low <= first <= last <= field.high:
            return f"{item} is not within {field.low} to {field.high}"
        low, high = first, field.high if match["step"] and not match["high"] else last
    return set(range(low, high + 1, step)) if step else f"{item} has a step of 0"


def _number(field: _Field, text: str) -> int | None:
    return int(text) if text.isdecimal() else field.names.get(text.lower())
