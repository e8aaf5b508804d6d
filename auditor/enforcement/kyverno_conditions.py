"""Kyverno's conditions: preconditions of rules, and what a rule denies."""

from __future__ import annotations

import json
from typing import Any

from auditor.enforcement.fields import mapping
from auditor.enforcement.kyverno_patterns import Unreadable, glob, text_of
from auditor.enforcement.kyverno_values import substitute


def hold(found: Any, context: dict[str, Any]) -> bool:
    """Whether conditions hold: any of `any` (where there are some) and all of `all`. A plain list must hold in full.

    Raises Absent where a variable has no value, Unreadable for what is not read here. Source: kyverno
    pkg/engine/variables/evaluate.go and pkg/engine/variables/operator.
    """
    if found is None:
        return True
    if isinstance(found, list):
        if any(isinstance(one, dict) and {"any", "all"} & one.keys() for one in found):
            return all(hold(one, context) for one in found)
        return all(_one(one, context) for one in found)
    if not isinstance(found, dict) or not {"any", "all"}.issuperset(found):
        raise Unreadable("conditions of another shape")
    either, every = found.get("any") or [], found.get("all") or []
    if not isinstance(either, list) or not isinstance(every, list):
        raise Unreadable("conditions of another shape")
    return (not either or any(_one(one, context) for one in either)) and all(_one(one, context) for one in every)


def _one(condition: Any, context: dict[str, Any]) -> bool:
    operator = mapping(condition).get("operator")
    if not isinstance(operator, str):
        raise Unreadable("a condition without an operator")
    key = substitute(mapping(condition).get("key"), context)
    value = substitute(mapping(condition).get("value"), context)
    name = operator.lower()
    if name in ("equal", "equals"):
        return _equal(key, value)
    if name in ("notequal", "notequals"):
        return not _equal(key, value)
    if name not in _SETS:
        raise Unreadable(f"the operator {operator[:40]} is not read")
    return _in(key, value, *_SETS[name])


# Whether every key counts or any, and whether it is to be in or out.
_SETS = {
    "anyin": (False, True),
    "allin": (True, True),
    "in": (True, True),
    "anynotin": (False, False),
    "allnotin": (True, False),
    "notin": (True, False),
}


def _equal(key: Any, value: Any) -> bool:
    if isinstance(key, str) and isinstance(value, str):
        if _measure(key) and _measure(value) and key != value:
            raise Unreadable("a condition compares quantities")
        return glob(value, key)
    if isinstance(key, (dict, list)) or isinstance(value, (dict, list)):
        return bool(key == value)
    return text_of(key) is not None and text_of(key) == text_of(value)


def _measure(text: str) -> bool:
    return text[:1].isdecimal() or text[:1] in "+-"


def _in(key: Any, value: Any, every: bool, inside: bool) -> bool:
    keys = [text_of(item) for item in key] if isinstance(key, list) else [text_of(key)]
    values = _values(value)
    if None in keys:
        raise Unreadable("a condition about something else than texts")
    found = [any(glob(one, text) or glob(text, one) for one in values) == inside for text in keys if text is not None]
    return all(found) if every else any(found)


def _values(value: Any) -> list[str]:
    if isinstance(value, str):
        try:
            value = json.loads(value) if value[:1] == "[" else [value]
        except ValueError:
            value = [value]
    told = [text_of(item) for item in value] if isinstance(value, list) else [None]
    if None in told:
        raise Unreadable("a condition about something else than texts")
    return [text for text in told if text is not None]
