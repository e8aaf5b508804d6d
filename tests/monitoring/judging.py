"""Rules of Falco as text, and what is found wrong with them."""

from __future__ import annotations

from auditor import wire
from auditor.configmaps import rules_in
from auditor.monitoring.beside import Beside
from auditor.monitoring.engine import Engine
from auditor.monitoring.facts import FalcoItem
from auditor.monitoring.falco import RuleSet


def items(text: str) -> tuple[FalcoItem, ...]:
    found = rules_in(wire.ConfigMap(wire.Metadata(name="rules", namespace="falco"), {"rules.yaml": text}))
    assert found is not None
    return tuple(item for key in found.keys for item in key.falco)


def rule(condition: str, more: str = "", name: str = "R") -> str:
    return f"- rule: {name}\n  desc: d\n  condition: {condition}\n  output: x\n  priority: ERROR\n{more}"


def faults(
    *texts: str, engine: Engine | None = None, beside: dict[str, str] | None = None
) -> list[tuple[str, str, str]]:
    """Of files in their order, as (name, kind, reason)."""
    others = Beside({name: items(text) for name, text in (beside or {}).items()})
    found = RuleSet([items(text) for text in texts], engine, others, "own").faults()
    return [(name, fault.kind, fault.reason) for name, fault in found]


def kinds(*texts: str, engine: Engine | None = None, beside: dict[str, str] | None = None) -> list[str]:
    return [kind for _, kind, _ in faults(*texts, engine=engine, beside=beside)]
