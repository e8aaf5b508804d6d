"""Connaisseur's configuration: the rule that an image falls under, and what its validator makes of it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import yaml
from msgspec import Struct

from auditor.enforcement.fields import mappings, text
from auditor.enforcement.outcomes import Outcome
from auditor.image import DOCKER_HUB, Entry, MalformedReference, parse_entry

_LONGEST = 1 << 20
_DEEPEST = 30
_VERIFYING = ("cosign", "notaryv1", "notation")


class Rule(Struct, frozen=True):
    """`outcome` is what the rule's validator makes of an unsigned image."""

    pattern: str
    validator: str
    outcome: Outcome
    audit: bool = False


def read(config: str) -> tuple[Rule, ...] | None:
    """The rules of a config.yaml in order; None where it is not one that Connaisseur could start with.

    Source: connaisseur internal/config/config.go (a rule without a validator names `default`).
    """
    document = _load(config)
    if not isinstance(document, dict):
        return None
    rules, validators = mappings(document.get("policy")), mappings(document.get("validators"))
    if not rules or not validators or any(not text(rule.get("pattern")) for rule in rules):
        return None
    known = {text(validator.get("name")): validator for validator in reversed(validators)}
    return tuple(_rule(rule, known) for rule in rules)


def decide(image: str, rules: tuple[Rule, ...]) -> Outcome:
    """What becomes of a normalised image: that of the most specific rule, a denial where none matches."""
    best: Rule | None = None
    named = f"index.{image}" if image.startswith(f"{DOCKER_HUB}/") else image
    for rule in rules:
        pattern = _compiled(rule.pattern)
        if pattern is None:
            return Outcome.UNKNOWN
        if pattern.fullmatch(named) and (best is None or not _beats(best.pattern, rule.pattern, named)):
            best = rule
    return best.outcome if best else Outcome.DENIED


def entry(pattern: str) -> Entry | None:
    """The policy entry for what a pattern means to match, None where no entry covers it."""
    name = pattern
    for ending in ("/*:*", "/*", ":*", "@*"):
        if name.endswith(ending):
            name = name.removesuffix(ending)
            break
    try:
        return parse_entry(name.removeprefix("index.") if name.startswith("index.docker.io") else name)
    except MalformedReference:
        return None


def open_ended(pattern: str) -> bool:
    """Whether what begins like the pattern matches too: a `*` is understood at its end."""
    return not pattern.rstrip("*").endswith(("/", ":", "@")) and not pattern.endswith(":*") and "@" not in pattern


def _rule(rule: dict[str, Any], known: dict[str, dict[str, Any]]) -> Rule:
    name = text(rule.get("validator")) or "default"
    validator, options = known.get(name), rule.get("with")
    audit = isinstance(options, dict) and options.get("verificationLevel") == "audit"
    outcome = Outcome.UNKNOWN
    if validator is None:
        outcome = Outcome.DENIED  # an error of the validation, which denies
    elif validator.get("type") == "static":
        outcome = Outcome.LET_IN if validator.get("approve") is True else Outcome.DENIED
    elif validator.get("type") in _VERIFYING:
        outcome = Outcome.UNKNOWN if audit and validator.get("type") == "notation" else Outcome.VERIFIED
    return Rule(text(rule.get("pattern")), name, outcome, audit)


def _load(config: str) -> Any:
    try:
        if len(config) > _LONGEST or not _plain(config):
            return None
        return yaml.load(config, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _plain(config: str) -> bool:
    """Whether the document is no deeper than a configuration and has no aliases, which could grow without bound."""
    depth = 0
    for event in yaml.parse(config, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST or isinstance(event, yaml.AliasEvent):
            return False
    return True


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern with a `*` at both ends, as gobwas/glob matches it without separators; None for its other syntax."""
    stars = re.sub(r"\*+", "*", f"*{pattern}*")
    if set(stars) & set("[]{}\\!") or stars.count("*") > 12:
        return None
    return re.compile("".join({"*": ".*", "?": "."}.get(sign) or re.escape(sign) for sign in stars), re.DOTALL)


def _beats(pattern: str, other: str, image: str) -> bool:
    """Whether a pattern is more specific than another one that comes later: of equals, the later one counts.

    More segments first, then the longer common prefix with the image, then the longer segment, from the left.
    Source: connaisseur internal/policy/match.go.
    """
    mine, theirs = pattern.split("/"), other.split("/")
    if len(mine) != len(theirs):
        return len(mine) > len(theirs)
    segments = image.split("/")
    return (_prefixes(mine, segments), _lengths(mine)) > (_prefixes(theirs, segments), _lengths(theirs))


def _prefixes(pattern: list[str], image: list[str]) -> list[int]:
    found = []
    for mine, theirs in zip(pattern, image, strict=False):
        common = next((n for n, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), None)
        found.append(min(len(mine), len(theirs)) if common is None else common)
    return found


def _lengths(pattern: list[str]) -> list[int]:
    return [len(segment) for segment in pattern]
