"""Falco's filter language: what is a condition, and what is none."""

from __future__ import annotations

import pytest

from auditor.monitoring.filters import FilterError, parse_filter
from auditor.monitoring.trees import All, AnyOf, Comparison, Field, Macro, Not


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("container", Macro("container")),
        ("evt.type=execve", Comparison(Field("evt.type"), "=", ("execve",), single=True)),
        ("evt.dir = <", Comparison(Field("evt.dir"), "=", ("<",), single=True)),
        ("fd.num>=0", Comparison(Field("fd.num"), ">=", ("0",))),
        ("proc.name != 'a b'", Comparison(Field("proc.name"), "!=", ("a b",), (), frozenset({"a b"}), single=True)),
        ('proc.name = "a\\"b"', Comparison(Field("proc.name"), "=", ('a"b',), (), frozenset({'a"b'}), single=True)),
        ("proc.aname[2] exists", Comparison(Field("proc.aname", "2"), "exists")),
        ("jevt.value[/stage] in (stages)", Comparison(Field("jevt.value", "/stage"), "in", ("stages",))),
        ("proc.name in (a, 'b c',d)", Comparison(Field("proc.name"), "in", ("a", "b c", "d"), (), frozenset({"b c"}))),
        ("proc.name in ()", Comparison(Field("proc.name"), "in")),
        ("proc.name in shells", Comparison(Field("proc.name"), "in", ("shells",), single=True)),
        ("fd.name pmatch (/etc, /usr)", Comparison(Field("fd.name"), "pmatch", ("/etc", "/usr"))),
        ("ka.user.groups intersects (a)", Comparison(Field("ka.user.groups"), "intersects", ("a",))),
        ("proc.name startswith a", Comparison(Field("proc.name"), "startswith", ("a",), single=True)),
        ("proc.name endswith oneof (a, b)", Comparison(Field("proc.name"), "endswith oneof", ("a", "b"))),
        ("tolower(proc.name) = a", Comparison(Field("proc.name", changed=True), "=", ("a",), single=True)),
        ("proc.name = val(proc.pname)", Comparison(Field("proc.name"), "=", (), (Field("proc.pname"),))),
        ("len(proc.args) > 0x10", Comparison(Field("proc.args", changed=True), ">", ("0x10",))),
        ("val.name = a", Comparison(Field("val.name"), "=", ("a",), single=True)),
        (
            'join("-", (fd.name, toupper(proc.name))) contains a',
            Comparison(
                Field("fd.name", changed=True),
                "contains",
                ("a",),
                (Field("proc.name", changed=True),),
                single=True,
            ),
        ),
        ('join("-", ("a", 1)) exists', Comparison(Field("", changed=True), "exists")),
        (
            "proc.name regex '^a\\\\.b$'",
            Comparison(Field("proc.name"), "regex", ("^a\\.b$",), (), frozenset({"^a\\.b$"}), single=True),
        ),
        ('jevt.value["/a b"] = c', Comparison(Field("jevt.value", "/a b"), "=", ("c",), single=True)),
        ("not a", Not(Macro("a"))),
        ("not not a", Macro("a")),
        ("not(a or b)", Not(AnyOf((Macro("a"), Macro("b"))))),
        ("a and b or c", AnyOf((All((Macro("a"), Macro("b"))), Macro("c")))),
        ("a and(b or c)\n and d", All((Macro("a"), AnyOf((Macro("b"), Macro("c"))), Macro("d")))),
        ("android and order", All((Macro("android"), Macro("order")))),
    ],
)
def test_conditions(text: str, tree: object) -> None:
    assert parse_filter(text) == tree


@pytest.mark.parametrize(
    "text",
    ["", "and a", "a and", "a or", "(a", "a)", "a b", "evt.type", "evt.type =", "evt.type in (a", "evt.type in (a b)",
     "fd.num > x", "proc.aname[ exists", "tolower(a) = b", "evt.type ~ a", "proc.name = 'a",
     "proc.name =oneof (a)", "val(proc.name) = a", "join(',', (fd.name,)) = a", r"proc.name = '^a\.b'",
     r"""proc.name = "a\'b" """, r"proc.name = 'a\'"],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(text)


def test_nesting_is_bounded_and_length_is_not() -> None:
    with pytest.raises(FilterError, match="nested"):
        parse_filter("(" * 100_000 + "a" + ")" * 100_000)
    with pytest.raises(FilterError, match="nested"):
        parse_filter("tolower(" * 100_000)
    many = parse_filter(" or ".join(["proc.name = a"] * 20_000))
    assert isinstance(many, AnyOf)
    assert len(many.parts) == 20_000
