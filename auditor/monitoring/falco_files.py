"""Files of Falco's rules, entry by entry: what is kept of each, and why Falco cannot read it.

What Falco refuses is in its userspace/engine/rule_loader_reader.cpp and rule_loader_collector.cpp.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from auditor.monitoring.facts import FalcoException, FalcoItem, FalcoKind
from auditor.monitoring.loose import mapping, sequence, text

MAX_TEXT = 64 << 10
"""Characters of one condition, output or expression."""

_PARTS = {
    "rule": frozenset("condition output desc priority source enabled append override exceptions".split()),
    "macro": frozenset({"condition", "append", "override"}),
    "list": frozenset({"items", "append", "override"}),
}
_NEEDED = {"rule": ("condition", "output", "desc", "priority"), "macro": ("condition",), "list": ("items",)}
_APPENDED = {
    "rule": frozenset("condition output desc tags exceptions".split()),
    "macro": frozenset({"condition"}),
    "list": frozenset({"items"}),
}
_REPLACED = {
    **_APPENDED,
    "rule": _APPENDED["rule"]
    | frozenset("priority capture capture_duration enabled warn_evttypes skip-if-unknown-filter".split()),
}
_SCALARS = ("condition", "output", "desc", "priority")
_TEXTUAL = frozenset("= == != contains icontains bcontains glob iglob startswith bstartswith endswith regex".split())
_LISTED = frozenset({"in", "intersects", "pmatch"})
_OPERATORS = _TEXTUAL | _LISTED | {"<", "<=", ">", ">=", "exists"}
_MODIFIERS = frozenset({"oneof", "anyof", "allof"})
_SWITCHES = ("enabled", "capture", "warn_evttypes", "skip-if-unknown-filter", "append")
_VERSION = re.compile(r"[0-9]+|[0-9]+\.[0-9]+\.[0-9]+\S*", re.ASCII)
_TRUE, _FALSE = (True, "true", "yes", "on", "y"), (False, "false", "no", "off", "n")
_MOST_VALUES = 5000


def is_entry(entry: Any) -> bool:
    """Whether it has, beside its name, what only Falco's entries have."""
    return isinstance(entry, dict) and any(kind in entry and parts & entry.keys() for kind, parts in _PARTS.items())


def entries(found: list[Any]) -> Iterator[FalcoItem]:
    """Of a list, those that Falco knows."""
    for entry in found:
        if isinstance(entry, dict):
            yield from _required(entry) if "required_engine_version" in entry else _plugins(entry) or _item(entry)


def mapped_entries(found: dict[str, Any]) -> Iterator[FalcoItem]:
    """Rules where Falco takes none: a single one without its dash, or a list below a key."""
    yield from entries([entry for entry in (found, *sequence(found.get("rules"))) if is_entry(entry)])


def _required(entry: dict[str, Any]) -> Iterator[FalcoItem]:
    version = text(entry["required_engine_version"])[:50]
    fault = "" if _VERSION.fullmatch(version) else "it is no version such as 0.57.0"
    yield FalcoItem("engine", version if not fault else "required_engine_version", fault=fault)


def _plugins(entry: dict[str, Any]) -> tuple[FalcoItem, ...]:
    return tuple(
        FalcoItem("plugin", text(plugin.get("name"))[:200], items=alternatives)
        for plugin in sequence(entry.get("required_plugin_versions"))
        if isinstance(plugin, dict)
        for alternatives in [
            tuple(text(mapping(other).get("name"))[:200] for other in sequence(plugin.get("alternatives"))[:20])
        ]
    )


def _item(entry: dict[str, Any]) -> tuple[FalcoItem, ...]:
    kind: FalcoKind | None = next((kind for kind in ("list", "macro", "rule") if kind in entry), None)
    if kind is None:
        return ()
    changes = {key: how for key, how in mapping(entry.get("override")).items() if how in ("append", "replace")}
    appends = entry.get("append") in _TRUE
    if appends:
        changes |= {"condition": "append", "items": "append", "exceptions": "append"}
    missing = tuple(key for key in _NEEDED[kind] if key not in entry)
    if kind == "rule" and "enabled" in entry and not set(_SCALARS) & entry.keys():
        changes.setdefault("enabled", "replace")  # switches an earlier rule on or off
    found = FalcoItem(
        kind,
        text(entry[kind])[:500],
        text(entry.get("condition"))[:MAX_TEXT],
        text(entry.get("output"))[:MAX_TEXT],
        text(entry.get("source"))[:200],
        text(entry.get("priority"))[:50],
        tuple(text(part)[:500] for part in sequence(entry.get("items"))),
        tuple(_exceptions(entry.get("exceptions"))),
        changes,
        () if changes else missing,
        entry.get("skip-if-unknown-filter") in _TRUE,
        entry.get("warn_evttypes") not in _FALSE,
        entry.get("enabled") not in _FALSE,
        _unreadable(kind, entry, appends=appends),
    )
    return (found,)


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool) or text(value).lower() in (*_TRUE, *_FALSE)


def _exceptions(found: Any) -> Iterator[FalcoException]:
    left = _MOST_VALUES
    for entry in sequence(found)[:200]:
        values = sequence(mapping(entry).get("values"))
        values, left = values[:left], left - len(values[:left])
        yield FalcoException(
            text(mapping(entry).get("name"))[:200],
            _one_or_more(mapping(entry).get("fields")),
            _one_or_more(mapping(entry).get("comps")),
            tuple(_value(value) for value in values),
        )


def _one_or_more(found: Any) -> str | tuple[str, ...] | None:
    if isinstance(found, list):
        return tuple(text(part)[:200] for part in found[:50])
    return None if found is None else text(found)[:200]


def _value(found: Any) -> str | tuple[str | tuple[str, ...], ...]:
    if not isinstance(found, list):
        return text(found)[:500]
    return tuple(
        tuple(text(value)[:500] for value in part[:_MOST_VALUES]) if isinstance(part, list) else text(part)[:500]
        for part in found[:50]
    )


def _unreadable(kind: str, entry: dict[str, Any], *, appends: bool) -> str:
    """Why Falco cannot read an entry; no part of it is told."""
    override = mapping(entry.get("override"))
    if any(len(text(entry.get(key))) > MAX_TEXT for key in ("condition", "output")):
        return "a part of it is longer than any that Falco's users write"
    if override and appends:
        return "it has both `append` and `override`, of which Falco takes one"
    for key, how in override.items():
        if how not in ("append", "replace"):
            return "its override says something else than append or replace"
        if key not in (_APPENDED if how == "append" else _REPLACED)[kind]:
            return "its override names a key that cannot be changed in that way"
        if key not in entry:
            return "its override names a key that it does not have"
    if override and kind == "rule" and (beside := sorted((_REPLACED["rule"] & entry.keys()) - override.keys())):
        return f"it has {', '.join(beside)}, of which its override says nothing"
    if "items" in entry and kind == "list" and not isinstance(entry["items"], list):
        return "its items are no list"
    empty = [key for key in _SCALARS if key in entry and key in _REPLACED[kind] and not text(entry[key])]
    if empty:
        return f"its {empty[0]} is empty"
    if kind == "rule" and not isinstance(entry.get("tags", []), list):
        return "its tags are no list"
    if any(isinstance(entry.get(key), list | dict) for key in _SCALARS):
        return "its condition, output, desc or priority is a list or a mapping, and not a text"
    wrong = [key for key in _SWITCHES if kind == "rule" and key in entry and not _is_switch(entry[key])]
    if wrong:
        return f"its {wrong[0]} is neither true nor false"
    if kind == "rule" and not re.fullmatch(r"\+?[0-9]+", text(entry.get("capture_duration", 0)), re.ASCII):
        return "its capture_duration is no number"
    if appends and kind == "rule" and not {"condition", "exceptions"} & entry.keys():
        return "it appends neither a condition nor exceptions"
    found = entry.get("exceptions")
    if kind == "rule" and found is not None and not isinstance(found, list):
        return "its exceptions are no list"
    adds = appends or override.get("exceptions") == "append"
    told = (_wrong_exception(exception, adds=adds) for exception in sequence(found) if kind == "rule")
    return next((reason for reason in told if reason), "")


def _wrong_exception(found: Any, *, adds: bool) -> str:
    """Why Falco refuses an exception; one that adds values to an earlier one has no fields."""
    exception = mapping(found)
    fields, comparisons, values = exception.get("fields"), exception.get("comps"), exception.get("values")
    if not exception.get("name"):
        return "one of its exceptions has no name"
    if fields is None:
        return "" if adds else "one of its exceptions has no fields"
    if values is not None and not isinstance(values, list):
        return "the values of one of its exceptions are no list"
    if not isinstance(fields, list):
        if comparisons is not None and (isinstance(comparisons, list) or not _takes_list(text(comparisons))):
            return "one of its exceptions has a single field, which in, pmatch or intersects compares, and no other"
        if any(isinstance(value, list) for value in sequence(values)):
            return "one of its exceptions has a single field, and lists as its values"
        return ""
    told = comparisons if isinstance(comparisons, list) else ["="] * len(fields) if comparisons is None else []
    if not all(_is_operator(text(operator)) for operator in told):
        return "one of its exceptions compares with an operator that there is not"
    if len(told) != len(fields):
        return "one of its exceptions has another number of operators than of fields"
    if any(not isinstance(value, list) or len(value) != len(fields) for value in sequence(values)):
        return "one of its exceptions has another number of values than of fields"
    return ""


def _takes_list(operator: str) -> bool:
    return operator.strip() in _LISTED or _is_modified(operator)


def _is_operator(operator: str) -> bool:
    return operator.strip() in _OPERATORS or _is_modified(operator)


def _is_modified(operator: str) -> bool:
    word, _, modifier = operator.strip().partition(" ")
    return word in _TEXTUAL and modifier.strip() in _MODIFIERS
