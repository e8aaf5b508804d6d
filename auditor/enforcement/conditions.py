"""The match conditions of a webhook: do pods pass them, so that the webhook is called?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.enforcement.cel import Expression, Fault, Result, Scope
from auditor.enforcement.chain import Link, State
from auditor.enforcement.fields import mapping, text
from auditor.enforcement.samples import ANYBODY, CONTROLLER, Sample, User, bindings

_IMAGE = "registry.invalid/app:1"
_UNSEEN = frozenset({"authorizer", "authorizer.requestResource", "namespaceObject", "params"})
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
        """The essential link for the pod that anybody creates, and another where a controller's pods are left out.

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
        state, detail = self._state(namespace, ANYBODY)
        yield Link("match conditions", state, detail)
        if state == "holds" and self._state(namespace, CONTROLLER)[0] == "broken":
            left = "its matchConditions leave out pods that controllers create"
            yield Link("match conditions for controllers", "broken", left, essential=False)

    def _state(self, namespace: str, user: User) -> tuple[State, str]:
        bound = bindings(Sample((_IMAGE,), user=user), namespace, None)
        found = [one.evaluate(bound, _UNSEEN) for one in self._expressions]
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


def _failed(result: Result) -> bool:
    return result.state == "error" or result.value is not True
