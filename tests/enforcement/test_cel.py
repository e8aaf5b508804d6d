from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.enforcement.cel import LONGEST, Expression, Fault, Scope

OBJECT = {
    "metadata": {"name": "web", "labels": {"team": "payments"}},
    "spec": {"containers": [{"name": "c", "image": "registry.example:5000/team/app:1.0"}]},
}
NAMES: dict[str, Any] = {
    "object": OBJECT,
    "oldObject": None,
    "request": {"operation": "CREATE", "userInfo": {"username": "somebody", "groups": ["a", "b"]}},
    "params": {"data": {"list": "registry.example:5000/,ghcr.io/"}},
}


def compiled(source: str, *, params: bool = True) -> Expression:
    expression = Scope(params=params).compile(source, "BOOL")
    assert isinstance(expression, Expression), expression
    return expression


def fault(source: str, *, params: bool = True) -> Fault:
    found = Scope(params=params).compile(source, "BOOL")
    assert isinstance(found, Fault), source
    return found


def evaluated(source: str) -> tuple[str, Any]:
    result = compiled(source).evaluate(NAMES, ("authorizer", "namespaceObject"))
    return result.state, result.value


@pytest.mark.parametrize(
    "source",
    [
        "object.spec.containers.all(c, c.image.startsWith('registry.example:5000/'))",
        "object.spec.containers.exists(c, c.image.contains('team') && c.image.endsWith(':1.0'))",
        "object.spec.containers.all(c, c.image.matches('^registry\\\\.example(:[0-9]+)?/'))",
        "!has(object.spec.initContainers) && has(object.metadata.labels.team)",
        "object.spec.?initContainers.orValue([]).size() == 0",
        "object.metadata.?labels[?'team'].orValue('') == 'payments'",
        "'team' in object.metadata.labels && object.metadata.labels['team'] == 'payments'",
        "params.data.list.split(',').exists(p, object.spec.containers[0].image.startsWith(p))",
        "object.spec.containers.map(c, c.image.split('/')[0]) == ['registry.example:5000']",
        "object.spec.containers.all(i, c, i == 0 && c.name == 'c')",
        "request.operation == 'CREATE' && 'a' in request.userInfo.groups",
        "oldObject == null",
        "['a', 'b'].join('-') == 'a-b' && 'a-b'.replace('-', '') == 'ab'",
        "'abc'.substring(1) == 'bc' && 'abc'.substring(0, 1) == 'a' && 'abc'.charAt(1) == 'b'",
        "'abcb'.indexOf('b') == 1 && 'abcb'.indexOf('b', 2) == 3 && 'abcb'.lastIndexOf('b') == 3",
        "' A '.trim().lowerAscii() == 'a' && 'a'.upperAscii() == 'A'",
        "'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'ab'.split('') == ['a', 'b']",
        "[1, 2, 2].indexOf(2) == 1 && [1, 2, 2].lastIndexOf(2) == 2 && [1, 2].sum() == 3 && [2, 1].max() == 2",
        "['a', 'b'].isSorted() && !['b', 'a'].isSorted()",
        "sets.contains(['a', 'b'], ['a']) && sets.intersects(['a'], ['a', 'c']) && sets.equivalent(['a'], ['a', 'a'])",
        "'registry.example/a:1'.find('^[^/]+') == 'registry.example' && 'x'.find('[0-9]+') == ''",
        "'a1b22'.findAll('[0-9]+') == ['1', '22'] && 'a1b22'.findAll('[0-9]+', 1) == ['1']",
        "'ab'.find('(a)(b)') == 'ab'",
        "'aaa'.replace('a', 'b', 2) == 'bba' && 'aa'.replace('', '-') == '-a-a-'",
        "'a,b'.split(',', 0) == [] && 'a,b'.split(',', 1) == ['a,b'] && 'abc'.split('', 2) == ['a', 'bc']",
        "'abc'.indexOf('') == 0 && 'abc'.lastIndexOf('') == 3 && 'abcb'.lastIndexOf('b', 2) == 1",
        "'abc'.indexOf('b', 5) == -1 && 'abc'.lastIndexOf('b', 5) == -1 && 'abc'.lastIndexOf('c', 3) == -1",
        "[1, 2].indexOf(3) == -1 && [true].indexOf(true) == 0 && !sets.intersects(['a'], ['b'])",
        "[[1], [2, [3]]].flatten() == [1, 2, [3]] && [1, 2].reverse() == [2, 1] && [2, 1].sort() == [1, 2]",
        "[2, 1].sortBy(n, -n) == [2, 1] && [1, 2, 3].slice(1, 2) == [2] && [1, 2].last().value() == 2",
        "[].sum() == 0 && [2, 1].min() == 1 && ['b', 'a'].max() == 'b'",
    ],
)
def test_what_is_true(source: str) -> None:
    assert evaluated(source) == ("value", True)


@pytest.mark.parametrize(
    "source",
    [
        "object.spec.initContainers.all(c, c.image == '')",
        "object.metadata.labels.owner == 'x'",
        "has(object.status.phase)",
        "object.spec.containers[3].image == ''",
        "oldObject.spec.containers.size() == 1",
        "object.metadata.name == 'web' ? object.nothing == 1 : true",
        "object.spec.containers.all(c, c.nothing == 'x')",
        "true && object.nothing == 1",
        "false || object.nothing == 1",
        "'abc'.substring(4) == ''",
        "'abc'.substring(2, 1) == ''",
        "'abc'.charAt(4) == ''",
        "'abc'.indexOf('b', -1) == 0",
        "'abc'.lastIndexOf('b', -1) == 0",
        "object.spec.containers.map(c, 1).filter(n, n > 1).min() == 1",
        "'a'.find(object.metadata.name + '[') == ''",
        "'a'.matches(object.metadata.name + '[')",
        "object.metadata.name.foo == 1",
    ],
)
def test_what_is_an_error(source: str) -> None:
    assert evaluated(source)[0] == "error"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("object.nothing == 1 && false", False),
        ("false && object.nothing == 1", False),
        ("object.nothing == 1 || true", True),
        ("object.spec.containers.exists(c, c.nothing == 1 || c.name == 'c')", True),
        ("object.spec.containers.all(c, c.nothing == 1 && c.name == 'x')", False),
        ("authorizer.group('').resource('pods').check('create').allowed() && false", False),
        ("namespaceObject.metadata.labels['a'] == 'b' || true", True),
        ("quantity('1Gi').isLessThan(quantity('2Gi')) || object.metadata.name == 'web'", True),
    ],
)
def test_errors_and_what_is_unknown_are_absorbed(source: str, expected: bool) -> None:
    assert evaluated(source) == ("value", expected)


@pytest.mark.parametrize(
    "source",
    [
        "authorizer.group('').resource('pods').check('create').allowed()",
        "namespaceObject.metadata.labels['a'] == 'b'",
        "quantity('1Gi').isLessThan(quantity('2Gi'))",
        "object.nothing == 1 && isURL('x')",
        "'%s'.format(['a']) == 'a'",
        "'b'.find('a*') == ''",
        "lists.range(1000000000).size() == 1",
        "[duration('1s')].sum() == duration('1s')",
        "['a', 'a'].distinct().size() == 1",
        "[object.metadata.name].map(n, n.split('')).size() == 1 && object.metadata.name.find('\\\\Qw') == ''",
    ],
)
def test_what_cannot_be_decided_here(source: str) -> None:
    assert evaluated(source)[0] == "unknown"


@pytest.mark.parametrize(
    "source",
    [
        "(",
        "",
        "pod.spec.containers.size() == 1",
        "object.metadata.name.nothing()",
        "1 + 'a' == 2",
        "object.spec.hostNetwork",
        "object.spec.containers.map(c, c.image)",
        "variables.images.size() == 0",
        "request.image == 'x'",
        "request.userInfo.name == 'x'",
        "namespaceObject.labels['a'] == 'b'",
        "'a'.matches('[')",
        "['a', 1].size() == 2",
        "[object.metadata.name, 'a'].size() == 2",
        "'a'.startsWith('a', 'b')",
        "image('nginx').registry() == 'index.docker.io'",
        "isImage('r.example/a')",
        "cel.bind(a, 1, a == 1)",
        "'ab'.reverse() == 'ba'",
    ],
)
def test_what_the_api_server_refuses(source: str) -> None:
    assert fault(source).refused


@pytest.mark.parametrize(
    "source",
    ["[optional.of(1)].unwrapOpt() == [1]", "['a'].exists_one(i, v, v == 'a')", "has(variables.a)"],
)
def test_what_the_api_server_takes_and_the_runtime_lacks_is_not_refused(source: str) -> None:
    assert not fault(source).refused


def test_params_are_known_where_there_is_a_param_kind() -> None:
    assert isinstance(Scope(params=True).compile("params.data.a == 'b'", "BOOL"), Expression)
    assert fault("params.data.a == 'b'", params=False).refused


def test_variables_have_the_type_of_their_expression() -> None:
    scope = Scope(params=False)
    images = scope.compile("object.spec.containers.map(c, c.image)")
    assert isinstance(images, Expression)
    scope.declare("images", images)
    value = images.evaluate(NAMES).value
    first = scope.compile("variables.images.all(i, i.startsWith('registry'))", "BOOL")
    assert isinstance(first, Expression)
    assert first.evaluate({"variables.images": value}).value is True
    assert first.evaluate({}, ("variables.images",)).state == "unknown"
    assert isinstance(scope.compile("variables.images == 'x'", "BOOL"), Fault)


def test_the_tree_says_what_an_expression_reads() -> None:
    tree = compiled("object.metadata.labels['team'] == 'a' && object.spec.containers.all(c, c['image'] == 'x')").tree
    assert ("object", "metadata", "labels", "team") in tree.paths
    assert ("object", "spec", "containers") in tree.paths
    assert {"image", "team"} <= tree.fields
    assert {"a", "x"} <= tree.literals
    assert tree.names("object")
    assert not tree.names("request")


LONG_LIST = str([str(number) for number in range(200)])
BOMBS = [
    "[0,1,2,3,4,5,6,7,8,9].all(a," * 6 + "true" + ")" * 6,
    "object.spec.containers.all(c, " + "'a'" + ".replace('a', 'aaaaaaaaaaaaaaaa')" * 12 + " != '')",
    "[0,1,2,3,4,5,6,7,8,9].all(a, [0,1,2,3,4,5,6,7,8,9].all(b, sets.contains(LIST, LIST)))".replace("LIST", LONG_LIST),
]


@pytest.mark.parametrize("source", BOMBS)
def test_bombs_end_undecided_and_soon(source: str) -> None:
    started = time.process_time()
    assert evaluated(source)[0] == "unknown"
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "source",
    [
        "object" + ".a" * 5000 + " == 1",
        "+".join(["1"] * 5000) + " == 1",
        "(" * 5000 + "true" + ")" * 5000,
        "[" * 5000 + "]" * 5000 + " == []",
        "object" + "[0]" * 4000 + " == 1",
        "true || " * LONGEST + "true",
        "'\ud800' == ''",
    ],
)
def test_what_is_too_deep_or_too_long_is_not_understood(source: str) -> None:
    assert not fault(source).refused


def test_values_do_not_show_in_errors() -> None:
    result = compiled("int(params.data.list) == 1").evaluate(NAMES)
    assert (result.state, "ghcr" in result.detail) == ("error", False)


@given(st.text(max_size=60))
def test_any_text_compiles_or_does_not(source: str) -> None:
    found = Scope(params=True).compile(source, "BOOL")
    if isinstance(found, Expression):
        assert found.evaluate(NAMES).state in ("value", "error", "unknown")


PIECES = "object .spec .containers .all(c, c .image == 'a' ) ( && ! has( [0] 1".split()


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_pieces_compile_or_do_not(source: str) -> None:
    found = Scope(params=True).compile(source)
    if isinstance(found, Expression):
        assert found.evaluate(NAMES).state in ("value", "error", "unknown")
