"""Label selectors, as the API server reads those of webhooks, admission policies and constraints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_PARTS = {"matchLabels", "matchExpressions"}
_OPERATORS: dict[str, Callable[[str | None, list[str]], bool]] = {
    "In": lambda value, values: value is not None and value in values,
    "NotIn": lambda value, values: value is None or value not in values,
    "Exists": lambda value, _: value is not None,
    "DoesNotExist": lambda value, _: value is None,
}


def matches(selector: Any, labels: Mapping[str, str]) -> bool | None:
    """Whether a LabelSelector (plain JSON) selects these labels; None where it is malformed or not understood.

    A missing or empty selector selects everything: that is the API's default for the selectors of webhooks and of
    admission policies. Source: k8s apimachinery pkg/apis/meta/v1/helpers.go (LabelSelectorAsSelector) and
    pkg/labels/selector.go (NotIn and DoesNotExist hold where the key is missing).
    """
    if selector is None:
        return True
    if not isinstance(selector, dict) or not _PARTS.issuperset(selector):
        return None
    verdicts = [_label(labels, key, value) for key, value in _mapping(selector.get("matchLabels"))]
    verdicts += [_expression(labels, expression) for expression in _sequence(selector.get("matchExpressions"))]
    return None if None in verdicts else all(verdicts)


def _label(labels: Mapping[str, str], key: Any, value: Any) -> bool | None:
    if not isinstance(key, str) or not isinstance(value, str):
        return None
    return labels.get(key) == value


def _expression(labels: Mapping[str, str], expression: Any) -> bool | None:
    if not isinstance(expression, dict) or not {"key", "operator", "values"}.issuperset(expression):
        return None
    key, operator, values = expression.get("key"), expression.get("operator"), expression.get("values")
    values = [] if values is None else values
    if not isinstance(key, str) or not key or not isinstance(operator, str) or operator not in _OPERATORS:
        return None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        return None
    # The API refuses In and NotIn without values, and the other two with some.
    if bool(values) != (operator in ("In", "NotIn")):
        return None
    return _OPERATORS[operator](labels.get(key), values)


def _mapping(part: Any) -> list[tuple[Any, Any]]:
    if part is None:
        return []
    return list(part.items()) if isinstance(part, dict) else [(None, None)]


def _sequence(part: Any) -> list[Any]:
    if part is None:
        return []
    return part if isinstance(part, list) else [None]
