"""Rego: what the compiler refuses, and what a template's code says of a review."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.enforcement.rego.compiler import RegoError, Unsupported, compiled
from auditor.enforcement.rego.evaluator import Evaluation
from auditor.enforcement.rego.parser import parse

POD = {"object": {"spec": {"containers": [{"name": "a", "image": "x/y:1"}, {"name": "b", "image": "z"}]}}}


def value(body: str, *, given: Any = None, version: str = "v0") -> Any:
    """The value of the rule p in a module with this text."""
    module = parse(f"package t\n{body}", version=version)
    found = Evaluation([module], given).rule(("t",), "p")
    return sorted(found, key=str) if hasattr(found, "keys") and not isinstance(found, dict) else found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p = 1 { true }", 1),
        ("p = 1 { false }", None),
        ("default p = 2\np = 1 { false }", 2),
        ("p = x { x := 1 + 2 * 3 }", 7),
        ("p = x { [x, 2] = [1, 2] }", 1),
        ("p = x { y = x; y = 3 }", 3),
        ("p = x { x := [1, 2][_] + 0; x > 1 }", 2),
        ('p[x] { x := ["a", "b"][_] }', ["a", "b"]),
        ('p[k] = v { v := {"a": 1, "b": 2}[k] }', {"a": 1, "b": 2}),
        ("p = [y | y := [1, 2][_] * 2]", [2, 4]),
        ("p = {y | y := [1, 1][_]} { true }", [1]),
        ('p = {k: 1 | k := ["a"][_]}', {"a": 1}),
        ("p { not false }", True),
        ("p { not 1 == 2 }", True),
        ("p { not input.missing }", True),
        ('p { not input.missing == "a" }', True),
        ('p { not startswith(input.missing, "a") }', None),
        ('p { not startswith("b", "a") }', True),
        ("p { not count(input.missing) == 0 }", None),
        ('p { not f(input.missing) }\nf(x) { x == "a" }', None),
        ('p { not f("b") }\nf(x) { x == "a" }', True),
        ("p { 1 == 1.0 }", True),
        ("p { true == 1 }", None),
        ("p = f(2)\nf(a) = b { b := a + 1 }", 3),
        ("p = f(2)\nf(1) = 1\nf(2) = 5", 5),
        ("p = 1 { false } else = 2 { true }", 2),
        ("p { some i; [1, 2][i] == 2 }", True),
        ("p = x { q[x] }\nq[x] { x := 4 }", 4),
        ("p = count({1, 2} | {2, 3})", 3),
        ("p = {1, 2} - {2}", [1]),
        ("p = {1, 2} & {2}", [2]),
        ('p = sprintf("%v-%s-%d%%", [1, "a", 2])', "1-a-2%"),
        ('p = concat("/", split("a.b", "."))', "a/b"),
        ('p { startswith(1, "a") }', None),
        ('p { re_match("^a+$", "aaa") }', True),
        ('p { regex.match("(", "aaa") }', None),
        ('p { strings.any_prefix_match("ab", {"x", "a"}) }', True),
        ('p = object.get({"a": 1}, "b", 3)', 3),
        ('p = trim_suffix("a*", "*")', "a"),
        ("p { any([false, true]); all([true]) }", True),
        ("p = x { x := `a\\b` }", "a\\b"),
        ("import future.keywords\np := x if { some x in [1, 2]; x > 1 }", 2),
        ("import future.keywords.in\np { 1 in [1] }", True),
        ("import future.keywords.every\nimport future.keywords.if\np if every x in [1, 2] { x > 0 }", True),
        ("import rego.v1\np contains x if x := 3", [3]),
        ("import input.a.b as c\np = c", None),
        ("p = [x | x := q]\nq = 1 { false }", []),
    ],
)
def test_rules_have_the_values_that_opa_gives_them(text: str, expected: Any) -> None:
    assert value(text) == expected


VIOLATION = 'package t\nviolation[{"msg": msg}] {\n  %s\n  msg := "no"\n}\n'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('starts_with(input.review.name, "a")', "starts_with does not exist"),
        ('string.startswith("a", "a")', "string.startswith does not exist"),
        ("not startswith(input.review.name, input.parameters.names[_])", "var _ is unsafe"),
        ("not input.review.object.spec.containers[i].image", "var i is unsafe"),
        ("x == 1", "var x is unsafe"),
        ('startswith(undeclared, "a")', "var undeclared is unsafe"),
        ('"a" == allowed.list[0]', "var allowed is unsafe"),
        ("every c in input.x { c == 1 }", "every is used without importing it"),
        ("some c in input.x", "in is used without importing it"),
    ],
)
def test_what_the_compiler_refuses(body: str, reason: str) -> None:
    with pytest.raises(RegoError, match=reason):
        compiled(VIOLATION % body)


@pytest.mark.parametrize(
    "text",
    [
        "package t\ndeny[msg] { msg := 1 }",
        "violation[x] { x := 1 }",
        "package t\nviolation = 1 { true }",
        'package t\nviolation[{"msg": msg}] { true }',
        'package t\nimport rego.v1\nviolation[{"msg": "a"}] { true }',
        'package t\nimport rego.v1\nviolation contains {"msg": "a"} { true }',
        'package t\nimport datas.x\nviolation[{"msg": "a"}] { true }',
    ],
)
def test_modules_that_are_refused_as_a_whole(text: str) -> None:
    with pytest.raises(RegoError):
        compiled(text)


def test_a_library_must_live_below_lib_and_its_functions_are_found() -> None:
    main = 'package t\nimport data.lib.a.f\nviolation[{"msg": "m"}] { f(input.review.n) }'
    library = "package lib.a\nf(x) { x > 1 }"
    program = compiled(main, [library])
    assert program.violates({"n": 2}, {})
    assert not program.violates({"n": 1}, {})
    with pytest.raises(RegoError, match="f does not exist"):
        compiled(main)
    with pytest.raises(RegoError, match="start with lib"):
        compiled(main, [library.replace("lib.a", "a")])


def test_deprecated_functions_are_refused_in_the_new_version_alone() -> None:
    body = 'package t\nviolation contains {"msg": "m"} if any([true])'
    with pytest.raises(RegoError, match="deprecated"):
        compiled(body, version="v1")
    assert compiled(VIOLATION % "any([true])").violates({}, {})


@pytest.mark.parametrize(
    ("head", "violates"),
    [('{"msg": "m"}', True), ('{"message": "m"}', False), ('"m"', False), ('{"msg": "m", "details": {}}', True)],
)
def test_only_a_violation_with_a_message_counts(head: str, violates: bool) -> None:
    assert compiled(f"package t\nviolation[{head}] {{ true }}").violates({}, {}) is violates


def test_a_message_that_is_undefined_is_no_violation() -> None:
    text = 'package t\nviolation[{"msg": msg}] { msg := sprintf("%v", [input.parameters.repos]) }'
    assert not compiled(text).violates({}, {})
    assert compiled(text).violates({}, {"repos": []})


def test_what_a_program_reads() -> None:
    program = compiled(
        'package t\nviolation[{"msg": "m"}] {\n  c := input.review.object.spec.containers[_]\n'
        '  not startswith(c.image, "registry.example/")\n  input.parameters.strict\n}'
    )
    assert program.fields == {"review", "object", "spec", "containers", "image"}
    assert "registry.example/" in program.texts
    assert not program.data
    assert compiled(VIOLATION % "data.inventory.cluster").data


@pytest.mark.parametrize(
    "body",
    ["data.inventory.cluster.v1", 'http.send({"url": "x"})', "walk(input, [p, v])", "input.x with input as {}"],
)
def test_what_is_not_read_is_unsupported(body: str) -> None:
    with pytest.raises(Unsupported):
        compiled(VIOLATION % body).violates({"x": 1}, {})


@pytest.mark.parametrize(
    "text",
    [
        "p { q }\nq { p }",
        "p = x { x := [i | a := [1,1,1,1,1,1,1,1]; a[_]; a[_]; a[_]; a[_]; a[_]; a[_]; i := 1] }",
        "p = " + "(" * 3000 + "1" + ")" * 3000,
        "p = 1 { true }\np = 2 { true }",
    ],
)
def test_what_takes_too_long_or_contradicts_itself_is_unsupported(text: str) -> None:
    with pytest.raises(Unsupported):
        value(text)


@given(st.text(max_size=80))
def test_no_text_is_another_error(text: str) -> None:
    with suppress(RegoError, Unsupported):
        compiled(f"package t\n{text}")


@given(st.lists(st.sampled_from("p q x [ ] { } ( ) := = == not some _ . , ; | 1 \n if in every contains".split(" "))))
def test_no_order_of_tokens_is_another_error(words: list[str]) -> None:
    with suppress(RegoError, Unsupported):
        compiled(f"package t\n{' '.join(words)}").violates(POD, {})
