"""What makes OPA's compiler refuse a template's modules, and what the modules read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct, field, structs

from auditor.enforcement.rego.builtins import DEPRECATED, PLAIN, SPACES
from auditor.enforcement.rego.evaluator import Evaluation
from auditor.enforcement.rego.parser import parse
from auditor.enforcement.rego.safety import ordered, unsafe
from auditor.enforcement.rego.solver import Orders
from auditor.enforcement.rego.syntax import (
    Body,
    Call,
    Comprehension,
    Const,
    Definition,
    Every,
    Module,
    Ref,
    RegoError,
    Unsupported,
    Var,
)

_ENTRY = "violation"
Part = Call | Ref | Const


class Program(Struct, frozen=True):
    """A template's modules, the main one first, and what they read: `fields` are the constant keys of all references,
    `calls` the functions, `texts` the constant strings, `data` whether they read data beside their own libraries."""

    modules: tuple[Module, ...]
    fields: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    data: bool = False
    orders: Orders = field(default_factory=dict)

    def violates(self, review: Any, parameters: Any) -> bool:
        """Whether the review violates: a violation without a msg counts for nothing, as the engine asks for it."""
        given = {"review": review, "parameters": parameters}
        found = Evaluation(self.modules, given, self.orders).rule(self.modules[0].package, _ENTRY)
        return any(isinstance(item, dict) and "msg" in item for item in found or ())


def compiled(rego: str, libs: Iterable[str] = (), *, version: str = "v0") -> Program:
    """A template's modules; RegoError where the compiler is sure to refuse them, Unsupported where that is not known.

    Sources: frameworks constraint/pkg/client/drivers/rego/compilers.go (libraries live below data.lib, the rule is
    violation and takes one argument), OPA ast/compile.go (unsafe variables, undefined functions, deprecated built-ins).
    """
    modules = (parse(rego, version=version), *(parse(lib, version=version) for lib in libs))
    if _ENTRY not in modules[0].rules:
        raise RegoError("there is no rule named violation")
    if any(definition.kind != "set" for definition in modules[0].rules[_ENTRY]):
        raise RegoError("violation is not a partial set")
    if any(module.package[:1] != ("lib",) for module in modules[1:]):
        raise RegoError("a library's package does not start with lib")
    evaluation = Evaluation(modules, None)
    unknown = [problem for module in modules for problem in _unknown(module, version, evaluation)]
    program = Program(modules)
    for module in modules:
        try:
            program = _checked(module, program)
        except RegoError as error:
            raise RegoError("; ".join([*unknown, str(error)])) from None
    if unknown:
        raise RegoError("; ".join(unknown))
    return program


def _unknown(module: Module, version: str, evaluation: Evaluation) -> list[str]:
    """What is wrong with the functions that a module calls."""
    calls = {part.name for found in module.rules.values() for part in _anywhere(found) if isinstance(part, Call)}
    return [problem for name in sorted(calls) if (problem := _called(module, name, version, evaluation))]


def _anywhere(found: Any) -> Iterator[Any]:
    yield found
    parts = found if isinstance(found, tuple) else ()
    if isinstance(found, Struct):
        parts = tuple(getattr(found, part) for part in found.__struct_fields__)
    for part in parts:
        yield from _anywhere(part)


def _checked(module: Module, program: Program) -> Program:
    known = {*module.rules, *module.imports, "input", "data"}
    parts = [part for found in module.rules.values() for one in found for part in _definition(one, known)]
    calls = {part.name for part in parts if isinstance(part, Call)}
    fields = {key.value for part in parts if isinstance(part, Ref) for key in _keys(part) if isinstance(key, Const)}
    texts = {part.value for part in parts if isinstance(part, Const)}
    own = {one.package for one in program.modules}
    return structs.replace(
        program,
        fields=program.fields | {name for name in fields if isinstance(name, str)},
        calls=program.calls | calls,
        texts=program.texts | {text for text in texts if isinstance(text, str)},
        data=program.data or any(_foreign(part, module, own) for part in parts if isinstance(part, Ref)),
    )


def _keys(ref: Ref) -> tuple[Any, ...]:
    """The keys of a reference, less those below the parameters: they say nothing of what is read of a pod."""
    parameters = isinstance(ref.head, Var) and ref.head.name == "input" and ref.path[:1] == (Const("parameters"),)
    return () if parameters else ref.path


def _foreign(ref: Ref, module: Module, own: set[tuple[str, ...]]) -> bool:
    if not isinstance(ref.head, Var):
        return False
    where = module.imports.get(ref.head.name, (ref.head.name,))
    keys = (*where[1:], *(key.value if isinstance(key, Const) else None for key in ref.path))
    return where[0] == "data" and not any(keys[: len(package)] == package for package in own)


def _called(module: Module, name: str, version: str, evaluation: Evaluation) -> str:
    """Why a function cannot be called, empty if it can."""
    if not (name[0].isalpha() or name[0] == "_") or name == "in" or evaluation.find(module, name)[1]:
        return ""
    if name in DEPRECATED and version == "v1":
        return f"the function {name} is deprecated and refused in this version"
    space, dot, _ = name.partition(".")
    missing = (not dot and name not in PLAIN) or (dot and space not in SPACES)
    return f"the function {name} does not exist" if missing else ""


def _definition(one: Definition, known: Iterable[str]) -> Iterator[Part]:
    """The parts of a definition; the order of its bodies is tried on the way."""
    bound = frozenset(name for arg in one.args for name in _names(arg))
    names = frozenset(known) - bound
    body = ordered(one.body, bound, names)
    yield from _body(body, bound, names)
    have = bound | {name for statement in body for name in _names(statement)}
    for term in (*one.args, one.key, one.value):
        if term is not None:
            if name := unsafe(term, have | names):
                raise RegoError(f"var {name} is unsafe")
            yield from _parts(term, have, names)
    if one.otherwise is not None:
        yield from _definition(structs.replace(one.otherwise, args=one.args), known)


def _body(body: Body, bound: frozenset[str], names: frozenset[str]) -> Iterator[Part]:
    have = bound | {name for statement in body for name in _names(statement)}
    for statement in body:
        yield from _parts(statement, have, names)


def _parts(found: Any, have: frozenset[str], names: frozenset[str]) -> Iterator[Part]:
    """Calls, references and constants anywhere in a term or statement."""
    if isinstance(found, (Comprehension, Every)):
        own = {found.key, found.value} if isinstance(found, Every) else set[str]()
        inner = have | {name for name in own if isinstance(name, str)}
        body = ordered(found.body, inner, names)
        yield from _body(body, inner, names)
    if isinstance(found, (Call, Ref, Const)):
        yield found
    if isinstance(found, tuple):
        for part in found:
            yield from _parts(part, have, names)
    elif isinstance(found, Struct):
        for part in found.__struct_fields__:
            if part != "body":
                yield from _parts(getattr(found, part), have, names)


def _names(found: Any) -> Iterator[str]:
    if isinstance(found, Var):
        yield found.name
    elif isinstance(found, tuple):
        for part in found:
            yield from _names(part)
    elif isinstance(found, Struct) and not isinstance(found, Comprehension):
        for part in found.__struct_fields__:
            yield from _names(getattr(found, part))


__all__ = ["Program", "RegoError", "Unsupported", "compiled"]
