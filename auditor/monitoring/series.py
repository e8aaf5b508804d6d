"""What is wrong with the series that a rule about image pulls asks for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from auditor.monitoring.label_values import WAITING_FOR_IMAGE, never_had, speaks_of_pulls, unknown_reasons
from auditor.monitoring.metrics import (
    claims_pulls,
    counts_operations,
    exports_pulls,
    is_gone,
    is_no_operation,
    is_usual,
    may_be_renamed,
    near,
)
from auditor.monitoring.promql import Matcher, Selector, may_fire_without, selectors

_PULL = "pull_image"


def asks_for_pulls(expression: str) -> bool:
    """Whether an expression names a metric, or a state of a container, that is about image pulls."""
    return any(claims_pulls(found.metric) or speaks_of_pulls(found) for found in selectors(expression))


def dead_series(expression: str, recorded: Collection[str], empty: Collection[str] = ()) -> Iterator[str]:
    """Why series of it cannot be there. `recorded` are names that rules make, `empty` those of which all rules are
    dead themselves."""
    for found in selectors(expression):
        if found.metric in empty:
            yield f"{found.metric} is only recorded from series that are never there"
        elif found.metric in recorded:
            continue
        elif counts_operations(found.metric):
            yield from _of_operations(found)
        elif reason := never_had(found):
            yield reason
        elif not claims_pulls(found.metric) or may_be_renamed(found.metric):
            continue
        elif not exports_pulls(found.metric):
            yield f"nothing exports {found.metric}: no kubelet, containerd or CRI-O, and no rule records it"
        elif labels := [matcher.label for matcher in found.matchers if _of_image(matcher.label) and matcher.asks]:
            yield f"{found.metric} has no label {labels[0]}: no exporter of pulls says which image it was"


def empty_records(recorders: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Of the names that rules record, by their expressions, those that no rule can give a series."""
    empty: set[str] = set()
    while True:
        more = {
            name
            for name, expressions in recorders.items()
            if name not in empty and all(_is_empty(expression, recorders, empty) for expression in expressions)
        }
        if not more:
            return frozenset(empty)
        empty |= more


def _is_empty(expression: str, recorded: Collection[str], empty: Collection[str]) -> bool:
    return not may_fire_without(expression) and any(dead_series(expression, recorded, empty))


def may_be_recorded(expression: str) -> bool:
    """Whether a metric that claims pulls is called as recording rules call theirs: `level:metric:operation`."""
    return any(claims_pulls(found.metric) and ":" in found.metric for found in selectors(expression))


def unknown_series(expression: str, recorded: Collection[str]) -> Iterator[str]:
    """Metrics, and reasons for waiting, of which nothing is known here."""
    for found in selectors(expression):
        if not _is_known(found, recorded):
            meant = near(found.metric)
            yield (found.metric or "a metric that is named by a pattern") + (f" ({meant} is)" if meant else "")
        for reason in unknown_reasons(found):
            yield f"{found.metric} for the reason {reason} (known are {', '.join(WAITING_FOR_IMAGE[:3])} and others)"


def _of_operations(found: Selector) -> Iterator[str]:
    if is_gone(found.metric):
        yield f"no kubelet exports {found.metric} since Kubernetes 1.24"
    elif not is_usual(found.metric):
        meant = near(found.metric)
        yield f"no kubelet of today exports {found.metric}" + (f"; it has {meant}" if meant else "")
    for matcher in found.matchers:
        if _of_image(matcher.label) and matcher.asks:
            yield f"{found.metric} has no label {matcher.label}: no exporter of pulls says which image it was"
        elif matcher.label == "operation" and matcher.asks:
            yield f"{found.metric} has no label operation: it is called operation_type"
        elif matcher.label == "operation_type" and _is_no_operation(matcher):
            yield f"{found.metric} has no operation_type {matcher.value}: that of pulls is {_PULL}"


def _is_no_operation(matcher: Matcher) -> bool:
    if matcher.operator == "=":
        return is_no_operation(matcher.value)
    if matcher.operator != "=~" or not re.fullmatch(r"[\w|.*+()-]{1,200}", matcher.value, re.ASCII):
        return False
    return is_no_operation(matcher.value) and not any(part in matcher.value for part in (_PULL, "*", "+", "."))


def _is_known(found: Selector, recorded: Collection[str]) -> bool:
    metric = found.metric
    if metric in recorded or exports_pulls(metric) or is_usual(metric):
        return True
    return claims_pulls(metric) and not may_be_renamed(metric)


def _of_image(label: str) -> bool:
    return label in ("image", "image_name", "repository", "registry", "image_repository", "image_tag")
