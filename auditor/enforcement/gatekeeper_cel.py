"""ConstraintTemplates in CEL: Gatekeeper's K8sNativeValidation engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from auditor.enforcement.cel import Expression, Fault, Result, Scope
from auditor.enforcement.fields import mappings, text


class CelTemplate(Struct, frozen=True):
    """The compiled expressions of a template. `fields` are those that they read, `texts` their constant strings."""

    fails_open: bool
    conditions: tuple[Expression, ...]
    variables: tuple[tuple[str, Expression], ...]
    validations: tuple[Expression, ...]

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(
            field for one in self._all() for path in one.tree.paths if "params" not in path for field in path[1:]
        ) | frozenset(field for one in self._all() for field in one.tree.fields if field == "image")

    @property
    def texts(self) -> frozenset[str]:
        return frozenset(literal for one in self._all() for literal in one.tree.literals)

    def _all(self) -> Iterator[Expression]:
        yield from self.conditions
        yield from (expression for _, expression in self.variables)
        yield from self.validations

    def denies(self, review: Mapping[str, Any], parameters: Any) -> bool | None:
        """Whether the engine denies the review; None where that is not known.

        Source: gatekeeper pkg/drivers/k8scel: the parameters are variables.params, the object variables.anyObject;
        an error denies unless failurePolicy is Ignore.
        """
        bindings: dict[str, Any] = {
            "object": review.get("object"),
            "oldObject": review.get("oldObject"),
            "request": {key: value for key, value in review.items() if key not in ("object", "oldObject")},
            "namespaceObject": review.get("namespaceObject"),
            "variables.params": parameters,
            "variables.anyObject": review.get("object"),
        }
        unknown = ("authorizer", "authorizer.requestResource")
        found = [one.evaluate(bindings, unknown) for one in self.conditions]
        skipped = _all_hold(found)
        if not skipped:
            # A false condition skips it whatever the others say; an error skips it only when it fails open.
            return skipped if skipped is None else False
        for name, expression in self.variables:
            result = expression.evaluate(bindings, unknown)
            if result.state == "value":
                bindings[f"variables.{name}"] = result.value
            elif result.state == "unknown" or any(one.tree.names(f"variables.{name}") for one in self._all()):
                return None
        verdicts = [one.evaluate(bindings, unknown) for one in self.validations]
        if any(self._refuses(one) for one in verdicts):
            return True
        return None if any(one.state == "unknown" for one in verdicts) else False

    def _refuses(self, result: Result) -> bool:
        return result.value is not True if result.state == "value" else result.state == "error" and not self.fails_open


def _all_hold(found: list[Result]) -> bool | None:
    if any(one.state == "value" and one.value is not True for one in found):
        return False
    return None if any(one.state != "value" for one in found) else True


def cel_template(source: Mapping[str, Any]) -> CelTemplate | str:
    """The compiled template, or why it is not understood."""
    scope = Scope(params=True)
    variables: list[tuple[str, Expression]] = []
    given = [("params", "params"), ("anyObject", "object")]
    given += [(text(one.get("name")), text(one.get("expression"))) for one in mappings(source.get("variables"))]
    for name, expression in given:
        compiled = scope.compile(expression)
        if isinstance(compiled, Fault):
            return f"its CEL is not understood: {compiled.detail}"
        scope.declare(name, compiled)
        if len(variables) or name not in ("params", "anyObject"):
            variables.append((name, compiled))
    parts: list[tuple[Expression, ...]] = []
    for key in ("matchCondition", "validations"):
        found = []
        for one in mappings(source.get(key)):
            compiled = scope.compile(text(one.get("expression")), "BOOL")
            if isinstance(compiled, Fault):
                return f"its CEL is not understood: {compiled.detail}"
            found.append(compiled)
        parts.append(tuple(found))
    if not parts[1]:
        return "it has no validations"
    return CelTemplate(source.get("failurePolicy") == "Ignore", parts[0], tuple(variables), parts[1])
