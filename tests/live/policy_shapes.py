"""Admission policies as people write them, rightly and wrongly, made from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.live.policy_expressions import (
    ANNOTATIONS,
    AROUND,
    BESIDE,
    BY_PARAMS,
    CONDITIONS,
    DATA,
    JUDGED,
    MESSAGES,
    NOT_COMPILED,
    PARAM_KINDS,
    PLACES,
    SHAPES,
    VARIABLES,
    WHOLE,
)
from tests.live.policy_reach import (
    EPHEMERAL,
    EXCLUDED,
    NAMESPACE_SELECTORS,
    OBJECT_SELECTORS,
    OTHER_RULES,
    PODS,
    REFUSED_PARTS,
    REFUSED_SELECTORS,
    RULE_PARTS,
)

Object = dict[str, Any]
T = TypeVar("T")

ALLOWED = "registry.example"
TIERS = ("prod", "dev")
SELECTED = "fits"
"""The label of ConfigMaps that a paramRef's selector picks."""


@dataclass
class Case:
    """A policy with what belongs to it. Namespaces of the slot are `n<slot>-<tier>`, labelled slot and tier."""

    slot: int
    policy: Object
    bindings: list[Object]
    configmaps: list[Object] = field(default_factory=list)

    @property
    def objects(self) -> list[Object]:
        return [self.policy, *self.bindings, *self.configmaps]


def case(seed: str, slot: int) -> Case:
    return _Maker(random.Random(f"{seed}/{slot}"), slot).made()


class _Maker:
    def __init__(self, chance: random.Random, slot: int) -> None:
        self.chance = chance
        self.slot = slot
        self.name = f"case-{slot}"
        self.params = chance.random() < 0.2
        self.by_policy = chance.random() < 0.5
        self.careful = chance.random() < 0.85

    def one(self, *options: T) -> T:
        return self.chance.choice(options)

    def rarely(self, probability: float = 0.15) -> bool:
        return self.chance.random() < probability

    def some(self, options: Sequence[T], most: int) -> list[T]:
        return self.chance.sample(list(options), self.chance.randint(1, most))

    def made(self) -> Case:
        policy = {"kind": "ValidatingAdmissionPolicy", "metadata": {"name": self.name}, "spec": self._policy()}
        bindings = [self._binding(number) for number in range(self.one(0, *[1] * 14, *[2] * 4, 3))]
        found = Case(self.slot, policy, bindings)
        if self.params:
            found.configmaps = self._configmaps()
        return found

    # Where a policy applies

    def _policy(self) -> Object:
        kind = self.one(*PARAM_KINDS) if self.params else None
        # What cannot be set up denies wherever the policy alone reaches.
        self.by_policy |= kind is not None and kind["kind"] != "ConfigMap"
        spec: Object = {"matchConstraints": self._constraints()}
        if not self.rarely(0.2):
            spec["failurePolicy"] = self.one("Fail", "Fail", "Ignore")
        if kind:
            spec["paramKind"] = kind
        if self.rarely(0.25):
            spec["matchConditions"] = [
                {"name": f"c{number}", "expression": expression}
                for number, expression in enumerate(self.some(CONDITIONS, 2))
            ]
        expression = self._expression()
        if self.rarely(0.25):
            spec["variables"], expression = self._variables(expression)
        validations: list[Object] = [{"expression": expression}]
        if self.rarely(0.2):
            validations.append({"expression": self._expression() if self.rarely(0.5) else self.one(*BESIDE)})
            self.chance.shuffle(validations)
        if self.rarely(0.2):
            validations[0]["messageExpression"] = self.one(*MESSAGES)
        if self.rarely(0.1):
            validations[0]["message"] = "no"
            validations[0]["reason"] = self.one(*["Forbidden", "Invalid", "RequestEntityTooLarge"] * 5, "Unauthorized")
        spec["validations"] = validations
        if self.rarely(0.08):
            spec["auditAnnotations"] = [{"key": "a", "valueExpression": self.one(*ANNOTATIONS)}]
        return spec

    def _constraints(self) -> Object:
        found: Object = {"resourceRules": self._rules()}
        if self.rarely(0.12):
            found["excludeResourceRules"] = [self.one(*EXCLUDED)]
        if self.rarely():
            found["matchPolicy"] = self.one("Exact", "Equivalent")
        self._selectors(found, own=self.by_policy)
        return found

    def _rules(self) -> list[Object]:
        rule = dict(self.one(EPHEMERAL, EPHEMERAL, PODS))
        if self.rarely(0.4):
            key, values = self.one(*(RULE_PARTS if self.careful else REFUSED_PARTS))
            rule[key] = self.one(*values)
        rules = [rule]
        if self.rarely():
            rules.insert(self.one(0, 1), self.one(*OTHER_RULES))
        return rules

    def _selectors(self, found: Object, *, own: bool) -> None:
        expressions: list[Object] = []
        labels: dict[str, str] = {}
        if own:
            expressions.append({"key": "slot", "operator": "In", "values": [str(self.slot)]})
        if self.rarely(0.25):
            part = self.one(*(NAMESPACE_SELECTORS if self.careful else REFUSED_SELECTORS))(self.slot)
            expressions += part.get("matchExpressions", [])
            labels |= part.get("matchLabels", {})
        selector: Object = {}
        if expressions:
            selector["matchExpressions"] = expressions
        if labels:
            selector["matchLabels"] = labels
        if selector or self.rarely(0.1):
            found["namespaceSelector"] = selector
        if self.rarely(0.12):
            found["objectSelector"] = self.one(*OBJECT_SELECTORS)

    def _binding(self, number: int) -> Object:
        spec: Object = {"policyName": self.name if not self.rarely(0.05) else "nobody"}
        spec["validationActions"] = self.one(
            *[["Deny"]] * 12, ["Deny", "Audit"], ["Audit"], ["Warn"], ["Warn", "Audit"], ["Deny", "Warn"]
        )
        match: Object = {}
        self._selectors(match, own=not self.by_policy)
        if self.rarely(0.1):
            match["resourceRules"] = self._rules()
        if self.rarely(0.06):
            match["excludeResourceRules"] = [self.one(*EXCLUDED)]
        if match or self.rarely(0.1):
            spec["matchResources"] = match
        if (self.params and not self.rarely(0.08)) or (not self.params and self.rarely(0.03)):
            spec["paramRef"] = self._param_ref()
        name = f"{self.name}-{number}"
        return {"kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name}, "spec": spec}

    # Params

    def _param_ref(self) -> Object:
        found: Object = {"parameterNotFoundAction": self.one("Deny", "Deny", "Allow")}
        if self.rarely(0.7):
            found["name"] = self.one(*[self.name] * 8, "missing")
        if "name" not in found or self.rarely(0.03):
            found["selector"] = self.one(
                {"matchLabels": {SELECTED: self.name}},
                {"matchExpressions": [{"key": SELECTED, "operator": "In", "values": [self.name]}]},
                {"matchLabels": {SELECTED: "nothing"}},
            )
        if self.rarely(0.6):
            found["namespace"] = f"n{self.slot}-prod"
        return found

    def _configmaps(self) -> list[Object]:
        found = []
        for tier in TIERS if self.rarely(0.6) else TIERS[:1]:
            names = [self.name, f"{self.name}-more"] if self.rarely(0.3) else [self.name]
            for name in names:
                data = dict(self.one(*DATA))
                labels = {SELECTED: self.name} if not self.rarely(0.1) else {}
                metadata = {"name": name, "namespace": f"n{self.slot}-{tier}", "labels": labels}
                found.append({"kind": "ConfigMap", "metadata": metadata, "data": data})
        return found

    # What it says of images

    def _expression(self) -> str:
        if self.rarely(0.08):
            return self.one(*WHOLE)
        parts = [self._images(self.one(*PLACES))]
        if self.rarely(0.3):
            parts.append(self._images(self.one(*PLACES)))
        if self.rarely(0.2):
            parts.append(self._volumes())
        joined = self.one(" && ", " && ", " && ", " || ").join(parts)
        if self.rarely(0.25):
            joined = self.one(*AROUND).replace("IT", f"({joined})")
        return joined

    def _images(self, place: str) -> str:
        shape = self.one(*[*SHAPES[:1] * 8, *SHAPES])
        return shape.replace("PLACE", place).replace("JUDGED", self._judged("c.image"))

    def _volumes(self) -> str:
        shape = self.one(
            "object.spec.?volumes.orValue([]).all(v, !has(v.image) || JUDGED)",
            "(!has(object.spec.volumes) || object.spec.volumes.all(v, has(v.image) ? JUDGED : true))",
            "object.spec.volumes.all(v, JUDGED)",
            "object.spec.volumes.filter(v, 'image' in v).all(v, JUDGED)",
        )
        return shape.replace("JUDGED", self._judged("v.image.reference"))

    def _judged(self, image: str) -> str:
        known: tuple[str, ...] = BY_PARAMS if self.params and not self.rarely(0.3) else JUDGED
        judged = self.one(*[*known[:2] * 4, *known])
        if self.rarely(0.12):
            judged = f"({judged} {self.one('&&', '||')} {self.one(*JUDGED)})"
        if not self.careful and self.rarely():
            judged = self.one(*NOT_COMPILED)
        return judged.replace("IMAGE", image)

    def _variables(self, expression: str) -> tuple[list[Object], str]:
        variables: list[Object] = []
        for name, source, used in self.some(VARIABLES, 2):
            variables.append({"name": name, "expression": source})
            expression = expression.replace(*used) if used else expression
        if self.rarely(0.3):
            variables.append({"name": "whole", "expression": expression})
            expression = self.one("variables.whole", "variables.whole == true", "!(!variables.whole)")
        if self.rarely(0.06):
            variables.append(dict(variables[0]))
        if self.rarely(0.05):
            variables.reverse()
        return variables, expression
