"""Names of resources in what people read."""

from __future__ import annotations

from auditor import wire
from auditor.reporters.resources import named


def test_many_kinds_of_admission_control_are_a_number() -> None:
    names = list(wire.BY_NAME)
    told = named(names)
    admission = {resource.name for resource in (*wire.ADMISSION, *wire.FOUND)}
    base = [name for name in names if name not in admission]
    assert {"pods", "networkpolicies.networking.k8s.io", "all configmaps"} <= set(base)
    assert told == [*base, f"{len(admission)} kinds of admission control"]


def test_a_few_are_named() -> None:
    few = ["clusterpolicies.kyverno.io", "pods", "services", "pods", "params"]
    assert named(few) == ["clusterpolicies.kyverno.io", "pods", "services", "params"]
    assert named([*few, "configmaps"]) == ["pods", "4 kinds of admission control"]
    assert named([]) == []
