"""Files of Prometheus' rules: what is kept of each alert and recording rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from auditor.monitoring.facts import PrometheusRule
from auditor.monitoring.falco_files import MAX_TEXT
from auditor.monitoring.loose import mapping, sequence, text

_PULLS = re.compile(r"image.{0,40}?(?:pull|download)|pull.{0,40}?image", re.IGNORECASE | re.DOTALL)
_MOST_WORDS = 2000


def is_rule(entry: Any) -> bool:
    """Whether it is an alert or a recording rule."""
    return isinstance(entry, dict) and "expr" in entry and ("alert" in entry or "record" in entry)


def rules_of_file(found: dict[str, Any]) -> Iterator[PrometheusRule]:
    """The rules of all groups; also where Prometheus does not find them, see `misplaced`."""
    if found.get("kind") == "PrometheusRule":
        found = mapping(found.get("spec"))
    groups = found.get("groups")
    for group in [groups] if isinstance(groups, dict) else sequence(groups):
        yield from rules_of_group(group)


def misplaced(found: dict[str, Any]) -> str:
    """Why Prometheus refuses a file of rules for its shape; empty where it does not."""
    if found.get("kind") == "PrometheusRule":
        return "it is an object for the operator, and Prometheus takes what is below its `spec`: it refuses the file"
    if isinstance(found.get("groups"), dict):
        return "its groups are no list: Prometheus refuses the file"
    return ""


def rules_of_group(group: Any) -> Iterator[PrometheusRule]:
    """The rules of one group, of a file or of a PrometheusRule."""
    for rule in sequence(mapping(group).get("rules")):
        if not isinstance(rule, dict) or "expr" not in rule:
            continue
        name = text(rule.get("alert" if "alert" in rule else "record"))
        words = [name, *(text(value) for value in mapping(rule.get("annotations")).values())]
        yield PrometheusRule(
            text(mapping(group).get("name"))[:500],
            "alert" if "alert" in rule else "record",
            name[:500],
            text(rule.get("expr"))[:MAX_TEXT],
            any(_PULLS.search(word[:_MOST_WORDS]) for word in words),
        )
