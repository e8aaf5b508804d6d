"""Rego's grammar, of the first version and of the one with `if` and `contains`."""

from __future__ import annotations

from auditor.enforcement.rego.rules import RuleParser
from auditor.enforcement.rego.syntax import Definition, Module, RegoError, Unsupported
from auditor.enforcement.rego.tokens import tokens

_FUTURE = ("future", "keywords")
KEYWORDS = frozenset({"if", "in", "contains", "every"})


def parse(text: str, *, version: str = "v0") -> Module:
    """A module; RegoError where Rego's own parser refuses it for sure, Unsupported where it is not understood.

    Source: the grammar in the OPA documentation (policy-reference), and OPA's v1 rules: `if` before every body and
    `contains` in every partial set (ast/parser.go).
    """
    try:
        return _module(text, version)
    except RecursionError:
        raise Unsupported("the module is nested too deeply") from None


def _module(text: str, version: str) -> Module:
    parser = RuleParser(tokens(text))
    parser.strict = version == "v1"
    if parser.strict:
        parser.keywords = KEYWORDS
    if not parser.word("package"):
        raise RegoError("the module does not start with a package")
    package = tuple(parser.dotted())
    imports: dict[str, tuple[str, ...]] = {}
    rules: dict[str, list[Definition]] = {}
    while parser.peek().kind != "end":
        if parser.word("import"):
            _import(parser, imports)
            continue
        for definition in parser.rule():
            rules.setdefault(definition.name, []).append(definition)
    return Module(package, imports, {name: tuple(found) for name, found in rules.items()})


def _import(parser: RuleParser, imports: dict[str, tuple[str, ...]]) -> None:
    path = tuple(parser.dotted())
    alias = parser.name() if parser.word("as") else path[-1]
    if path == ("rego", "v1"):
        parser.strict = True
        parser.keywords = KEYWORDS
    elif path[:2] == _FUTURE:
        named = KEYWORDS if len(path) == 2 else frozenset(path[2:])
        # `every` brings `in` with it.
        parser.keywords = parser.keywords | named | (frozenset({"in"}) if "every" in named else frozenset())
    elif path[0] in ("data", "input"):
        imports[alias] = path
    else:
        raise RegoError(f"import {'.'.join(path)}: imports start with data, input, future or rego")
