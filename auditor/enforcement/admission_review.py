"""What an admission policy says to one request: its match conditions, variables and validations, evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from auditor.enforcement.admission_objects import Definition, Validation
from auditor.enforcement.cel import Result
from auditor.enforcement.conditions import decided
from auditor.enforcement.samples import Sample, bindings

Outcome = Literal["denied", "otherwise", "unknown", "allowed"]
"""`otherwise`: denied, but by a validation that reads no image, so that a pod of another shape gets the image in."""

_LARGEST = 1 << 18
_UNSEEN = frozenset({"authorizer", "authorizer.requestResource"})
# What of a Namespace is held here.
_NAMESPACE_READ = frozenset({("metadata", "name"), ("metadata", "labels"), ("spec", "finalizers"), ("status", "phase")})


class Context(Struct, frozen=True):
    """Where a request is made. `labels` are the namespace's, None where they were not read; `params` the values of
    params, one evaluation each (None: a policy without), or None where they are not known."""

    namespace: str
    labels: Mapping[str, str] | None
    params: tuple[Mapping[str, Any] | None, ...] | None = (None,)


class Review(Struct, frozen=True):
    """The answer to one request. `everything`: by an error, or by what reads nothing of the pod, so that the images did
    not matter; `forced`: whatever the binding's actions are; `skipped`: the match conditions leave the request out."""

    outcome: Outcome
    everything: bool = False
    forced: bool = False
    skipped: bool = False
    detail: str = ""


def review(policy: Definition, sample: Sample, context: Context) -> Review:
    """Sources: k8s apiserver pkg/admission/plugin/policy/validating/{dispatcher,validator}.go and
    pkg/admission/plugin/webhook/matchconditions/matcher.go."""
    labels = context.labels if _namespace_suffices(policy) else None
    bound = bindings(sample, context.namespace, labels)
    unknown = set(_UNSEEN)
    if labels is None:
        unknown.add("namespaceObject")
    if context.params is None:
        return _review(policy, bound, frozenset({*unknown, "params"}))
    answers = [_review(policy, {**bound, "params": param}, frozenset(unknown)) for param in context.params]
    order: tuple[Outcome, ...] = ("denied", "unknown", "otherwise", "allowed")
    return min(answers, key=lambda answer: order.index(answer.outcome), default=Review("allowed"))


def _review(policy: Definition, bound: dict[str, Any], unknown: frozenset[str]) -> Review:
    conditions = [decided(condition.expression, bound, unknown) for condition in policy.conditions]
    if any(result.state == "value" and result.value is False for result in conditions):
        return Review("allowed", skipped=True, detail="its matchConditions leave the pod out")
    errors = [result for result in conditions if result.state == "error"]
    doubts = [result for result in conditions if result.state == "unknown"]
    if errors and not doubts:
        if policy.fails_open:
            return Review(
                "allowed", skipped=True, detail=f"a matchCondition fails ({errors[0].detail}), which lets it in"
            )
        return Review("denied", everything=True, detail=f"a matchCondition fails ({errors[0].detail})")
    answer = _validate(policy, bound, unknown)
    if doubts and answer.outcome != "allowed":
        return Review("unknown", detail=f"a matchCondition cannot be decided: {doubts[0].detail}")
    return answer


def _validate(policy: Definition, bound: dict[str, Any], unknown: frozenset[str]) -> Review:
    bound, unknown = _with_variables(policy, bound, unknown)
    for annotation in policy.annotations:
        # An audit annotation that fails denies by itself.
        if annotation.expression.evaluate(bound, unknown).state == "error" and not policy.fails_open:
            return Review("denied", everything=True, forced=True, detail="an auditAnnotation fails")
    denials: list[Review] = []
    doubt: Result | None = None
    for validation in policy.validations:
        result = validation.expression.evaluate(bound, unknown)
        if result.state == "unknown":
            doubt = result
        elif result.state == "error" and not policy.fails_open:
            denials.append(_denial(validation, error=result.detail))
        elif result.state == "value" and result.value is not True:
            denials.append(_denial(validation))
    if denials:
        best = min(denials, key=lambda denial: (denial.outcome != "denied", not denial.everything))
        if best.outcome == "denied" or doubt is None:
            return best
    if doubt is not None:
        return Review("unknown", detail=f"a validation cannot be decided: {doubt.detail}")
    return Review("allowed")


def _denial(validation: Validation, error: str = "") -> Review:
    detail = f"a validation fails ({error})" if error else "a validation is false"
    if validation.reads_nothing_of_the_pod:
        return Review("denied", everything=True, detail=detail)
    if validation.reads_images:
        return Review("denied", everything=bool(error), detail=detail)
    return Review("otherwise", detail=f"{detail}, which reads no image")


def _with_variables(
    policy: Definition, bound: dict[str, Any], unknown: frozenset[str]
) -> tuple[dict[str, Any], frozenset[str]]:
    """The names with the variables among them. One that fails is left out, so that using it fails too: the API server
    evaluates them only where they are used."""
    found, lacking = dict(bound), set(unknown)
    for name, expression in policy.variables:
        result = expression.evaluate(found, lacking)
        if result.state == "value" and _small(result.value):
            found[f"variables.{name}"] = result.value
        elif result.state != "error":
            lacking.add(f"variables.{name}")
    return found, frozenset(lacking)


def _namespace_suffices(policy: Definition) -> bool:
    """Whether the policy reads of the Namespace only what is held here."""
    conditions = {condition.expression for condition in policy.conditions}  # to these it is empty in any case
    paths = (path for one in policy.expressions if one not in conditions for path in one.tree.paths)
    return all(path[1:3] in _NAMESPACE_READ for path in paths if path[0] == "namespaceObject")


def _small(value: Any) -> bool:
    """Whether a variable may go on: variables that double each other would grow without bounds."""
    total = 0
    pending = [value]
    while pending:
        item = pending.pop()
        total += len(item) if isinstance(item, str | bytes) else 8
        if total > _LARGEST:
            return False
        if isinstance(item, Mapping):
            pending += [*item.keys(), *item.values()]
        elif isinstance(item, Sequence) and not isinstance(item, str | bytes):
            pending += item
    return True
