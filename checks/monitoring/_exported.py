"""What is wrong with the series that a rule about image pulls asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from auditor import (
    Selector,
    claims_pulls,
    counts_operations,
    exports_pulls,
    is_gone,
    is_no_operation,
    is_usual,
    selectors,
)


def asks_for_pulls(expression: str) -> bool:
    """Whether an expression names a metric that says it is about image pulls."""
    return any(claims_pulls(found.metric) for found in selectors(expression))


def dead(expression: str, recorded: Collection[str]) -> Iterator[str]:
    """Why series of it cannot be there."""
    for found in selectors(expression):
        if found.metric in recorded:
            continue
        if counts_operations(found.metric):
            yield from _of_operations(found)
            continue
        if not claims_pulls(found.metric):
            continue
        if not exports_pulls(found.metric):
            yield f"nothing exports {found.metric}: no kubelet, containerd or CRI-O, and no rule records it"
        elif labels := [matcher.label for matcher in found.matchers if _of_image(matcher.label) and matcher.asks]:
            yield f"{found.metric} has no label {labels[0]}: no exporter of pulls says which image it was"


def _of_operations(found: Selector) -> Iterator[str]:
    if is_gone(found.metric):
        yield f"no kubelet exports {found.metric} since Kubernetes 1.24"
    for matcher in found.matchers:
        if _of_image(matcher.label) and matcher.asks:
            yield f"{found.metric} has no label {matcher.label}: no exporter of pulls says which image it was"
        elif matcher.label == "operation_type" and matcher.operator == "=" and is_no_operation(matcher.value):
            yield f"{found.metric} has no operation_type {matcher.value}: that of pulls is pull_image"


def may_be_recorded(expression: str) -> bool:
    """Whether a metric that claims pulls is called as recording rules call theirs: `level:metric:operation`."""
    return any(claims_pulls(found.metric) and ":" in found.metric for found in selectors(expression))


def unknown(expression: str, recorded: Collection[str]) -> Iterator[str]:
    """Metrics of which nothing is known here."""
    for found in selectors(expression):
        if not _is_known(found, recorded):
            yield found.metric or "a metric that is named by a pattern"


def _is_known(found: Selector, recorded: Collection[str]) -> bool:
    metric = found.metric
    return metric in recorded or exports_pulls(metric) or is_usual(metric) or claims_pulls(metric)


def _of_image(label: str) -> bool:
    return label in ("image", "image_name", "repository", "registry", "image_repository", "image_tag")
