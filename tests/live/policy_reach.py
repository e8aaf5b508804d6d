"""Where admission policies apply, as people write it, right and wrong: rules and selectors."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["pods"]}
EPHEMERAL = {**PODS, "resources": ["pods", "pods/ephemeralcontainers"]}
RULE_PARTS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    (
        "resources",
        (
            ["*"],
            ["*/*"],
            ["pods/*"],
            ["pods", "deployments"],
            ["deployments"],
            ["Pods"],
            ["pod"],
            ["pods/ephemeralcontainers"],
            ["*/ephemeralcontainers", "pods"],
            ["pods", "pods/*"],
            ["pods/status"],
            ["pods", "pods/resize", "pods/ephemeralcontainers"],
        ),
    ),
    ("operations", (["*"], ["CREATE"], ["UPDATE"], ["CREATE", "DELETE"], ["CONNECT"])),
    ("apiGroups", (["*"], ["core"], ["", "apps"], ["apps"])),
    ("apiVersions", (["*"], ["v1", "v2"], ["v2"], ["v1beta1"])),
    ("scope", ("*", "Namespaced", "Cluster")),
    ("resourceNames", (["web"], [], ["*"], ["app", "web"], [""], ["target"])),
)
REFUSED_PARTS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("resources", (["*", "*/*"], ["*", "pods"], ["pods/*", "pods/status"], [])),
    ("operations", (["*", "CREATE"], ["Create"], [])),
    ("apiGroups", (["*", ""], [])),
    ("apiVersions", (["*", "v1"], [])),
    ("scope", ("namespaced",)),
    ("resourceNames", (["a", "a"], ["a/b"])),
)
OTHER_RULES: tuple[Object, ...] = (
    {**PODS, "apiGroups": ["apps"], "resources": ["deployments"]},
    {**PODS, "resources": ["pods/ephemeralcontainers"], "operations": ["UPDATE"]},
    {**PODS, "resources": ["namespaces"], "scope": "Cluster"},
    {**PODS, "operations": ["DELETE"]},
    {**PODS, "resourceNames": ["web"]},
)
EXCLUDED: tuple[Object, ...] = (
    PODS,
    {**PODS, "operations": ["UPDATE"]},
    {**PODS, "resources": ["pods/ephemeralcontainers"]},
    {**PODS, "resources": ["pods/*"]},
    {**PODS, "resourceNames": ["web"]},
    {**PODS, "apiGroups": ["apps"], "resources": ["deployments"]},
    {**PODS, "scope": "Cluster"},
    {**PODS, "apiVersions": ["v2"]},
)
NAMESPACE_SELECTORS = (
    lambda slot: {"matchLabels": {"tier": "prod"}},
    lambda slot: {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["dev"]}]},
    lambda slot: {"matchExpressions": [{"key": "exempt", "operator": "DoesNotExist"}]},
    lambda slot: {"matchExpressions": [{"key": "tier", "operator": "Exists"}]},
    lambda slot: {"matchLabels": {"kubernetes.io/metadata.name": f"n{slot}-dev"}},
    lambda slot: {"matchLabels": {"name": f"n{slot}-prod"}},
    lambda slot: {"matchLabels": {"tier": "Prod"}},
)
REFUSED_SELECTORS = (
    lambda slot: {"matchExpressions": [{"key": "tier", "operator": "In", "values": []}]},
    lambda slot: {"matchExpressions": [{"key": "tier", "operator": "Exists", "values": ["x"]}]},
    lambda slot: {"matchExpressions": [{"key": "tier", "operator": "in", "values": ["prod"]}]},
    lambda slot: {"matchLabels": {"bad key!": "x"}},
)
OBJECT_SELECTORS: tuple[Object, ...] = (
    {},
    {"matchLabels": {"guard": "on"}},
    {"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]},
    {"matchExpressions": [{"key": "skip", "operator": "NotIn", "values": ["yes"]}]},
    {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
)
