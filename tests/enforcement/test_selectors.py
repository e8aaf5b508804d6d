from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.enforcement.selectors import matches

LABELS = {"tier": "prod", "team": "payments"}


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, **({"values": list(values)} if values else {})}]}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (None, True),
        ({}, True),
        ({"matchLabels": {}, "matchExpressions": []}, True),
        ({"matchLabels": None, "matchExpressions": None}, True),
        ({"matchLabels": {"tier": "prod"}}, True),
        ({"matchLabels": {"tier": "dev"}}, False),
        ({"matchLabels": {"zone": "a"}}, False),
        ({"matchLabels": {"tier": "prod", "team": "other"}}, False),
        (expression("tier", "In", "dev", "prod"), True),
        (expression("tier", "In", "dev"), False),
        (expression("zone", "In", "a"), False),
        (expression("tier", "NotIn", "prod"), False),
        (expression("zone", "NotIn", "a"), True),
        (expression("tier", "Exists"), True),
        (expression("zone", "Exists"), False),
        (expression("tier", "DoesNotExist"), False),
        (expression("zone", "DoesNotExist"), True),
        ({"matchLabels": {"tier": "prod"}, **expression("team", "NotIn", "payments")}, False),
    ],
)
def test_what_the_api_server_selects(selector: Any, expected: bool) -> None:
    assert matches(selector, LABELS) is expected


@pytest.mark.parametrize(
    "selector",
    [
        "tier=prod",
        [],
        {"matchlabels": {"tier": "prod"}},
        {"matchLabels": ["tier"]},
        {"matchLabels": {"tier": 1}},
        {"matchExpressions": {"key": "tier"}},
        {"matchExpressions": ["tier"]},
        expression("tier", "in", "prod"),
        expression("tier", "In"),
        expression("tier", "Exists", "prod"),
        {"matchExpressions": [{"key": "", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "tier", "operator": ["In"], "values": ["prod"]}]},
        {"matchExpressions": [{"key": "tier", "operator": "In", "values": "prod"}]},
        {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["prod"], "more": 1}]},
        {"matchLabels": {"zone": "a"}, "matchExpressions": [None]},
    ],
)
def test_what_is_malformed_is_not_decided(selector: Any) -> None:
    assert matches(selector, LABELS) is None


NAMES = st.sampled_from(["a", "b", "c"])


@given(labels=st.dictionaries(NAMES, NAMES), key=NAMES, values=st.lists(NAMES, min_size=1))
def test_the_operators_are_opposites(labels: dict[str, str], key: str, values: list[str]) -> None:
    assert matches(expression(key, "In", *values), labels) is not matches(expression(key, "NotIn", *values), labels)
    assert matches(expression(key, "Exists"), labels) is not matches(expression(key, "DoesNotExist"), labels)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["matchLabels", "matchExpressions", "key", "operator", "values", "x"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(ANY)
def test_any_shape_gets_an_answer(selector: Any) -> None:
    assert matches(selector, LABELS) in (True, False, None)
