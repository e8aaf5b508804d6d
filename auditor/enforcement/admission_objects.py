"""ValidatingAdmissionPolicies and their bindings as objects: read with care, compiled, and refused as the API does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from auditor.enforcement.admission_refusals import of_binding, of_policy
from auditor.enforcement.cel import Expression, Fault, Scope
from auditor.model import PolicyObject


class Validation(Struct, frozen=True):
    """A validation: its expression, and all that it reads, through variables too."""

    expression: Expression
    fields: frozenset[str]
    roots: frozenset[str]
    literals: frozenset[str]

    @property
    def reads_images(self) -> bool:
        return bool(self.fields & {"image", "reference"})

    @property
    def reads_nothing_of_the_pod(self) -> bool:
        return not self.roots & {"object", "oldObject", "namespaceObject"}


class Definition(Struct, frozen=True):
    """A policy. `fault` is why it could not be compiled; then there are no expressions."""

    object: PolicyObject
    constraints: dict[str, Any]
    fails_open: bool
    param_kind: Mapping[str, Any] | None = None
    conditions: tuple[Validation, ...] = ()
    variables: tuple[tuple[str, Expression], ...] = ()
    validations: tuple[Validation, ...] = ()
    annotations: tuple[Validation, ...] = ()
    fault: Fault | None = None

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (
            *(condition.expression for condition in self.conditions),
            *(expression for _, expression in self.variables),
            *(validation.expression for validation in (*self.validations, *self.annotations)),
        )

    @property
    def source(self) -> str:
        """All text of its expressions, for what can only be guessed."""
        return "\n".join(_sources(self.object.spec))


class Binding(Struct, frozen=True):
    """A binding of one policy. `fault` is why the API server would not store it."""

    object: PolicyObject
    actions: frozenset[str]
    resources: dict[str, Any]
    param_ref: dict[str, Any] | None = None
    fault: Fault | None = None

    @property
    def name(self) -> str:
        return self.object.name


def definition(found: PolicyObject) -> Definition:
    """A policy, compiled. What its API server stored compiled there, so what does not compile here is not understood;
    of a manifest it says that the API server will refuse it."""
    spec = found.spec
    constraints = mapping(spec.get("matchConstraints")) or {}
    fails_open = spec.get("failurePolicy") == "Ignore"
    kind = mapping(spec.get("paramKind"))
    refused = "" if stored(found) else next(of_policy(spec), "")
    compiled = Fault(refused, refused=True) if refused else _compile(spec, kind is not None)
    if not isinstance(compiled, Fault):
        return Definition(found, constraints, fails_open, kind, *compiled)
    fault = Fault(compiled.detail, refused=False) if stored(found) else compiled
    return Definition(found, constraints, fails_open, kind, fault=fault)


def binding(found: PolicyObject) -> Binding:
    spec = found.spec
    actions = frozenset(filter(None, (text(action) for action in sequence(spec.get("validationActions")))))
    refused = "" if stored(found) else next(of_binding(spec), "")
    resources = mapping(spec.get("matchResources")) or {}
    fault = Fault(refused, refused=True) if refused else None
    return Binding(found, actions, resources, mapping(spec.get("paramRef")), fault)


def stored(found: PolicyObject) -> bool:
    """Whether an API server has stored the object: its generation is the server's to set."""
    return found.generation is not None or bool(found.status)


def warnings(found: PolicyObject) -> bool:
    """Whether the type checker of the API server has something to say about the expressions."""
    checking = mapping(found.status.get("typeChecking")) or {}
    return bool(sequence(checking.get("expressionWarnings")))


def mapping(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


Validations = tuple[Validation, ...]
Compiled = tuple[Validations, tuple[tuple[str, Expression], ...], Validations, Validations]


def _compile(spec: dict[str, Any], params: bool) -> Compiled | Fault:
    scope = Scope(params=params)
    variables: dict[str, Expression] = {}
    # Match conditions know no variables: they are evaluated before the rest.
    conditions = _all(spec.get("matchConditions"), scope, variables)
    if isinstance(conditions, Fault):
        return conditions
    for entry in sequence(spec.get("variables")):
        name = text((mapping(entry) or {}).get("name"))
        compiled = scope.compile(text((mapping(entry) or {}).get("expression")))
        if isinstance(compiled, Fault):
            return compiled
        scope.declare(name, compiled)
        variables[f"variables.{name}"] = compiled
    validations = _all(spec.get("validations"), scope, variables)
    if isinstance(validations, Fault):
        return validations
    annotations = _all(spec.get("auditAnnotations"), scope, variables, "valueExpression", "")
    if isinstance(annotations, Fault):
        return annotations
    if any(one.expression.result not in ("STRING", "NULL") for one in annotations):
        return Fault("an auditAnnotation is neither text nor null", refused=True)
    for entry in sequence(spec.get("validations")):
        message = text((mapping(entry) or {}).get("messageExpression"))
        wrong = scope.compile(message, "STRING") if message else None
        if isinstance(wrong, Fault):
            return wrong
    named = tuple((name.partition(".")[2], found) for name, found in variables.items())
    return conditions, named, validations, annotations


def _all(
    entries: Any, scope: Scope, variables: Mapping[str, Expression], key: str = "expression", result: str = "BOOL"
) -> Validations | Fault:
    found: list[Validation] = []
    for entry in sequence(entries):
        compiled = scope.compile(text((mapping(entry) or {}).get(key)), result)
        if isinstance(compiled, Fault):
            return compiled
        trees = [expression.tree for expression in (compiled, *_used(compiled, variables))]
        found.append(
            Validation(
                compiled,
                frozenset(field for tree in trees for field in tree.fields),
                frozenset(path[0] for tree in trees for path in tree.paths),
                frozenset(literal for tree in trees for literal in tree.literals),
            )
        )
    return tuple(found)


def _used(expression: Expression, variables: Mapping[str, Expression]) -> Iterator[Expression]:
    pending, seen = [expression], set[str]()
    while pending:
        for name in {path[0] for path in pending.pop().tree.paths} & variables.keys() - seen:
            seen.add(name)
            pending.append(variables[name])
            yield variables[name]


def _sources(spec: dict[str, Any]) -> Iterator[str]:
    for part in ("matchConditions", "variables", "validations"):
        for entry in sequence(spec.get(part)):
            yield text((mapping(entry) or {}).get("expression"))
