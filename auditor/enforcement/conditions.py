"""Match conditions, of webhooks and policies: do pods pass them, so that the webhook is called?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from auditor.enforcement.cel import Expression, Fault, Result, Scope
from auditor.enforcement.chain import Link, State
from auditor.enforcement.fields import mapping, text
from auditor.enforcement.samples import ADMINISTRATOR, CONTROLLER, Sample, bindings

_IMAGE = "registry.invalid/app:1"
_UNSEEN = frozenset({"authorizer", "authorizer.requestResource", "params"})
_CHANGES = {
    "pods updated": Sample((_IMAGE,), before=(_IMAGE,)),
    "ephemeral containers": Sample((_IMAGE,), before=(_IMAGE,), ephemeral=(_IMAGE,)),
}
_NONE = (Link("match conditions", "holds", "there are none"),)


class Conditions:
    """The matchConditions of one webhook, compiled."""

    def __init__(self, found: Any, *, fails_open: bool) -> None:
        self._fails_open = fails_open
        self._expressions: list[Expression] = []
        self._fault = "" if found is None or isinstance(found, list) else "they are not of the API's shape"
        self._known: dict[str, tuple[Link, ...]] = {}
        scope = Scope(params=False)
        for one in found if isinstance(found, list) else ():
            compiled = scope.compile(text(mapping(one).get("expression")), "BOOL")
            if isinstance(compiled, Fault):
                self._fault = compiled.detail
            else:
                self._expressions.append(compiled)
        self._by_namespace = any("namespace" in one.tree.fields for one in self._expressions)

    def links(self, namespace: str) -> tuple[Link, ...]:
        """The essential link for the pod that anybody creates, and others where a controller's or an administrator's
        pods are left out, or changes of pods.

        A false condition skips the webhook, also beside an error; an error alone is a matter of the failurePolicy (k8s
        apiserver pkg/admission/plugin/webhook/matchconditions/matcher.go).
        """
        if not self._expressions and not self._fault:
            return _NONE
        key = namespace if self._by_namespace else ""
        if key not in self._known:
            self._known[key] = tuple(self._links(namespace))
        return self._known[key]

    def _links(self, namespace: str) -> Iterator[Link]:
        state, detail = self._state(namespace, Sample((_IMAGE,)))
        yield Link("match conditions", state, detail)
        if state != "holds":
            return
        for who, user in (("controllers", CONTROLLER), ("administrators", ADMINISTRATOR)):
            if self._state(namespace, Sample((_IMAGE,), user=user))[0] == "broken":
                left = f"its matchConditions leave out pods that {who} create"
                yield Link(f"match conditions for {who}", "broken", left, essential=False)
        for place, sample in _CHANGES.items():
            state, detail = self._state(namespace, sample)
            if state != "holds":
                yield Link(place, state, detail, essential=False)

    def _state(self, namespace: str, sample: Sample) -> tuple[State, str]:
        bound = bindings(sample, namespace, None)
        found = [decided(one, bound, _UNSEEN) for one in self._expressions]
        if any(one.state == "value" and one.value is False for one in found):
            return "broken", "its matchConditions leave the pod out"
        doubt = self._fault or next((one.detail for one in found if one.state == "unknown"), "")
        if doubt:
            return "unknown", f"its matchConditions cannot be decided: {doubt}"
        if any(_failed(one) for one in found):
            return (
                ("broken", "a matchCondition fails and skips it") if self._fails_open else ("holds", "they fail closed")
            )
        return "holds", "pods pass its matchConditions"


def decided(expression: Expression, bound: Mapping[str, Any], unknown: Collection[str]) -> Result:
    """What a match condition of a webhook or a policy comes to. They are not given the Namespace: `namespaceObject` is
    there and has no fields (k8s apiserver pkg/admission/plugin/webhook/matchconditions/matcher.go; tried on 1.36)."""
    known = {name: value for name, value in bound.items() if name != "namespaceObject"}
    if ("namespaceObject",) in expression.tree.paths:
        # It is null too, which no value here is.
        return expression.evaluate(known, {*unknown, "namespaceObject"})
    return expression.evaluate(
        {**known, "namespaceObject": {}}, [name for name in unknown if name != "namespaceObject"]
    )


def _failed(result: Result) -> bool:
    return result.state == "error" or result.value is not True
