"""Where the rules of Kyverno's ClusterPolicy and Policy apply, whether they block there, and what carries them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.enforcement.chain import Fact, Flaw, Link
from auditor.enforcement.fields import mapping, mappings, text, texts
from auditor.enforcement.kyverno_drafts import ready
from auditor.enforcement.kyverno_match import Request, expanded, matched, opts_out
from auditor.enforcement.kyverno_patterns import glob
from auditor.enforcement.namespaces import Namespaces
from auditor.model import PolicyObject

Applies = tuple[bool | None, bool | None, bool | None]
"""Whether a rule is for new pods, for the update that adds ephemeral containers, and whether it blocks."""


class Reach:
    """A policy and its rules of one kind, with what decides where they apply."""

    def __init__(self, found: PolicyObject, rules: list[dict[str, Any]], known: Namespaces) -> None:
        self.object = found
        self.spec = found.spec
        self.raw = rules
        self.known = known

    def applies(self, namespace: str) -> tuple[Applies, ...]:
        return tuple(self._applies(rule, namespace) for rule in self.raw)

    def _applies(self, rule: Mapping[str, Any], namespace: str) -> Applies:
        if self.object.namespace and self.object.namespace != namespace:
            return False, False, False
        create = matched(rule, Request(namespace), self.known)
        update = matched(rule, Request(namespace, "UPDATE", "ephemeralcontainers"), self.known)
        return create, update, self._blocks(rule, namespace)

    def _blocks(self, rule: Mapping[str, Any], namespace: str) -> bool | None:
        """The rule's own overrides, its own action, the policy's overrides, the policy's action, which is Audit where
        nothing is said. Source: kyverno pkg/engine/api/engineresponse.go."""
        validate = mapping(rule.get("validate"))
        own = [text(one.get("failureAction")) for one in mappings(rule.get("verifyImages"))]
        levels: list[bool | str | None] = [
            self._overridden(validate.get("failureActionOverrides"), namespace),
            _action(text(validate.get("failureAction"))),
            _action(next((one for one in own if one.lower() == "enforce"), next(filter(None, own), ""))),
            self._overridden(self.spec.get("validationFailureActionOverrides"), namespace),
            _action(text(self.spec.get("validationFailureAction"))),
        ]
        return next((level for level in levels if not isinstance(level, str)), False)

    def _overridden(self, overrides: Any, namespace: str) -> bool | str | None:
        """Whether the first override for a namespace blocks; a text where there is none."""
        for override in mappings(overrides):
            blocks = _action(text(override.get("action")))
            names, selector = override.get("namespaces"), override.get("namespaceSelector")
            named = names is None or any(glob(pattern, namespace) for pattern in texts(names))
            if isinstance(blocks, str) or not named:
                continue
            selected = self.known.selected(expanded(selector, self.known.labels(namespace)), namespace)
            if selected is None:
                return None
            if selected:
                return blocks
        return ""

    @property
    def links(self) -> tuple[tuple[Link, ...], tuple[Fact, ...]]:
        """The links that hold everywhere."""
        link, facts = ready(self.object)
        if self.spec.get("admission") is False:
            return (
                link,
                Link("admission", "broken", "the policy is not for admission: spec.admission is false"),
            ), facts
        return (link,), facts

    def webhooks(self, base: str) -> tuple[str, ...]:
        """The names of its webhook: policies with match conditions have one of their own, and
        --forceFailurePolicyIgnore moves all to those that ignore failures."""
        ways = ("ignore",) if self.fails_open else ("fail", "ignore")
        own = ""
        if mapping(self.spec.get("webhookConfiguration")).get("matchConditions"):
            own = f"-finegrained-*{self.object.name}"
        return tuple(f"{base}-{way}{own}" for way in ways)

    @property
    def fails_open(self) -> bool:
        own = mapping(self.spec.get("webhookConfiguration")).get("failurePolicy") or self.spec.get("failurePolicy")
        return bool(own == "Ignore")

    @property
    def self_service(self) -> tuple[Fact, ...]:
        named = [text(rule.get("name")) for rule in self.raw if opts_out(rule)]
        return tuple(
            Fact(
                Flaw.SELF_SERVICE,
                f"rule {name} excludes pods by a name, label or annotation of their author.",
                part=name,
            )
            for name in named
        )


def _action(name: str) -> bool | str:
    return {"enforce": True, "audit": False}.get(name.lower(), "")
