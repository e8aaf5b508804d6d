"""Connaisseur: a mutating webhook that denies images which its policy does not let in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from auditor.enforcement import outcomes
from auditor.enforcement.chain import Fact, Flaw, Goal, ImagePolicy, Link
from auditor.enforcement.configmaps import settings
from auditor.enforcement.connaisseur_rules import Rule, decide, entry, open_ended, read
from auditor.enforcement.fields import text
from auditor.enforcement.outcomes import Outcome
from auditor.enforcement.webhooks import RESOURCES as LAYER
from auditor.enforcement.webhooks import Hook, hooks, layer
from auditor.enforcement.world import World

MECHANISM = "Connaisseur"
RESOURCES = (*LAYER, "configmaps")
_CONFIG, _ENVIRONMENT = "connaisseur-app-config", "connaisseur-env"
_TRUE, _FALSE = {"1", "t", "T", "true", "TRUE", "True"}, {"0", "f", "F", "false", "FALSE", "False"}


def image_policies(world: World) -> Iterator[ImagePolicy]:
    """Without its webhook nothing asks Connaisseur, whatever its ConfigMap says.

    Digests are no goal of it: where it verifies, it writes the digest of a tag into the pod and lets it in.
    """
    chosen = [hook for hook in hooks(world) if _is_connaisseur(hook)]
    if not chosen:
        return
    below = layer(world, chosen, engine=MECHANISM)
    yield from below.policies
    namespace = next((hook.service[0] for hook in chosen if hook.service[0]), "connaisseur")
    rules, readable = _rules(world, namespace)
    denies, warned = _denies(world, namespace)
    common = (
        readable,
        denies,
        Link("init containers", "holds", "it looks at init containers", essential=False),
        Link("image volumes", "broken", "it does not look at image volumes", essential=False),
    )
    decided = _decision(rules)
    volumes = Fact(Flaw.PARTIAL, "Connaisseur does not look at the images of image volumes.", part="volumes")
    facts = (*warned, volumes, *(_facts(rules) if rules else ()))
    for goal in (Goal.REGISTRIES, Goal.SIGNATURES):
        links = {name: (outcomes.link(goal, world.policy, name, decided),) for name in below.by_namespace}
        yield ImagePolicy(
            MECHANISM,
            chosen[0].about,
            frozenset({goal}),
            by_namespace=below.chains(common, links),
            facts=facts if goal is Goal.REGISTRIES else (),
            allowed=_allowed(rules) if goal is Goal.REGISTRIES else None,
            origin=chosen[0].configuration.origin,
        )


def _is_connaisseur(hook: Hook) -> bool:
    return "connaisseur" in hook.configuration.name or hook.service[1].startswith("connaisseur")


def _rules(world: World, namespace: str) -> tuple[tuple[Rule, ...] | None, Link]:
    configured = settings(world, namespace, _CONFIG)
    where = f"ConfigMap {namespace}/{_CONFIG}"
    if configured.found is None:
        # Its pods cannot start without it, but what runs may have been started with one.
        why = "does not exist" if configured.known else "was not read"
        return None, Link("configuration", "unknown", f"{where} {why}")
    rules = read(text(configured.found.data.get("config.yaml")))
    if rules is None:
        return None, Link("configuration", "unknown", f"config.yaml in {where} is not understood")
    return rules, Link("configuration", "holds", f"{len(rules)} rules in {where}")


def _denies(world: World, namespace: str) -> tuple[Link, tuple[Fact, ...]]:
    """In detection mode it warns. Source: connaisseur internal/handler/mutate.go and internal/utils/feature.go."""
    found = settings(world, namespace, _ENVIRONMENT)
    if found.found is None and not found.known:
        where = f"ConfigMap {namespace}/{_ENVIRONMENT}"
        return Link("action", "unknown", f"whether it is in detection mode is not known: {where} was not read"), ()
    said = text(found.found.data.get("DETECTION_MODE")) if found.found else ""
    if said in _TRUE:
        message = "Connaisseur is in detection mode: it warns and lets everything in."
        return Link("action", "broken", "detection mode is on: it only warns"), (Fact(Flaw.NON_BLOCKING, message),)
    return Link("action", "holds", "it denies" if said in _FALSE else "it denies, which is the default"), ()


def _decision(rules: tuple[Rule, ...] | None) -> outcomes.Decide:
    @lru_cache(maxsize=65536)
    def of(image: str) -> Outcome:
        return Outcome.UNKNOWN if rules is None else decide(image, rules)

    return lambda image, _: of(image)


def _allowed(rules: tuple[Rule, ...] | None) -> tuple[str, ...] | None:
    letting_in = [rule for rule in rules or () if rule.outcome is not Outcome.DENIED]
    entries = [entry(rule.pattern) for rule in letting_in]
    if rules is None or None in entries:
        return None
    return tuple(sorted({str(found) for found in entries}))


def _facts(rules: tuple[Rule, ...]) -> Iterator[Fact]:
    for rule in rules:
        if rule.audit:
            message = f"Connaisseur's rule {rule.pattern} verifies at level audit, which only logs."
            yield Fact(Flaw.NON_BLOCKING, message, rule.outcome is Outcome.UNKNOWN, part=rule.pattern)
        if rule.outcome is Outcome.LET_IN and rule.pattern.strip("*") not in ("", ":") and open_ended(rule.pattern):
            message = (
                f"Connaisseur's rule {rule.pattern} lets in what begins like it: a * is understood at the end of each "
                "pattern."
            )
            yield Fact(Flaw.OPEN_ENDED, message, part=rule.pattern)
