"""What a NetworkPolicy for registries leaves open."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.monitoring.network import means_registries, openings

DNS = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
REGISTRY = [{"protocol": "TCP", "port": 5000}]
WEB = [{"protocol": "TCP", "port": 443}]


def block(cidr: str, *without: str) -> dict[str, Any]:
    return {"ipBlock": {"cidr": cidr, **({"except": list(without)} if without else {})}}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, ["everywhere"]),
        ({"to": None, "ports": WEB}, ["everywhere"]),
        ({"to": [{}], "ports": WEB}, ["everywhere"]),
        ({"ports": DNS}, []),
        ({"ports": [*DNS, *WEB]}, ["everywhere"]),
        ({"ports": [{"port": 53, "endPort": 6000}]}, ["everywhere"]),
        ({"to": [block("0.0.0.0/1"), block("128.0.0.0/1")]}, ["everywhere"]),
        ({"to": [block("0.0.0.0/1"), block("128.0.0.0/1", "203.0.113.0/24")]}, []),
        ({"to": [block("::/1"), block("8000::/1")]}, ["everywhere"]),
        ({"to": [block("10.0.0.0/8"), block("not one")]}, []),
        ({"to": [{"namespaceSelector": {}}], "ports": REGISTRY}, ["pods"]),
        ({"to": [{"namespaceSelector": {}}], "ports": WEB}, []),
        ({"to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "r"}}}], "ports": REGISTRY}, []),
        ({"to": [{"podSelector": {}}], "ports": REGISTRY}, []),
        ({"to": [{"namespaceSelector": {"matchLabels": {"name": "r"}}}]}, ["labels"]),
    ],
)
def test_openings(rule: dict[str, Any], expected: list[str]) -> None:
    assert [found.kind for found in openings({"egress": [rule]})] == expected


def test_what_a_registry_itself_may_reach_is_another_matter() -> None:
    rules = {"egress": [{"ports": REGISTRY}]}
    assert means_registries("egress", {}, rules)
    assert not means_registries("harbor", {}, {"podSelector": {"matchLabels": {"component": "registry"}}, **rules})
