"""Names of resources in what people read."""

from __future__ import annotations

from auditor import wire
from auditor.reporters.resources import named


def test_many_kinds_of_admission_control_are_a_number() -> None:
    names = list(wire.BY_NAME)
    told = named(names)
    base = [name for name in names if "." not in name and name not in ("services", "configmaps", "params")]
    assert told == [*base, f"{len(names) - len(base)} kinds of admission control"]


def test_a_few_are_named() -> None:
    few = ["clusterpolicies.kyverno.io", "pods", "services", "pods", "params"]
    assert named(few) == ["clusterpolicies.kyverno.io", "pods", "services", "params"]
    assert named([*few, "configmaps"]) == ["pods", "4 kinds of admission control"]
    assert named([]) == []
