"""Finds the values of Rego's terms and the ways in which its statements hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from auditor.enforcement.rego.safety import ordered
from auditor.enforcement.rego.syntax import (
    ArrayTerm,
    Assign,
    Body,
    Call,
    Comprehension,
    Const,
    Every,
    Member,
    Module,
    Not,
    ObjectTerm,
    Ref,
    SetTerm,
    Some,
    Statement,
    Term,
    Test,
    Unify,
    Unsupported,
    Var,
)
from auditor.enforcement.rego.values import MISSING, RegoSet, entries, identity, lookup, same, simple_key

Env = Mapping[str, Any]
Orders = dict[tuple[int, frozenset[str]], Body]
_STEPS = 100_000


class Solver:
    """Terms and statements of modules on one input. What is not read here, or takes too long, raises Unsupported.

    `orders` keeps the order of each body's statements; evaluations of the same modules may share one.
    """

    def __init__(self, modules: Iterable[Module], given: Any, orders: Orders | None = None) -> None:
        self._modules = {module.package: module for module in modules}
        self._input = given
        self._steps = _STEPS
        self._orders: Orders = {} if orders is None else orders

    def rule_value(self, module: Module, name: str) -> Any:
        raise NotImplementedError

    def function_value(self, module: Module, name: str, values: list[Any]) -> Any:
        raise NotImplementedError

    def step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise Unsupported("it takes too long")

    def body(self, module: Module, body: Body, env: Env) -> Iterator[Env]:
        key = (id(body), frozenset(env))
        if key not in self._orders:
            self._orders[key] = ordered(body, env, {*module.rules, *module.imports, "input", "data"})
        hidden = {name for one in body if isinstance(one, Some) for name in one.names if name in env}
        yield from self._run(module, self._orders[key], 0, {k: v for k, v in env.items() if k not in hidden})

    def _run(self, module: Module, body: Body, at: int, env: Env) -> Iterator[Env]:
        if at == len(body):
            yield env
            return
        for inner in self._statement(module, body[at], env):
            yield from self._run(module, body, at + 1, inner)

    def _statement(self, module: Module, one: Statement, env: Env) -> Iterator[Env]:
        self.step()
        match one:
            case Test(term):
                for value, inner in self.term(module, term, env):
                    if value is not False:
                        yield inner
            case Assign(target, term) | Unify(target, term):
                yield from self._unify(module, target, term, env)
            case Not(inner_statement):
                if self._fails(module, inner_statement, env):
                    yield env
            case Member(key, value, term):
                for found, inner in self.term(module, term, env):
                    for index, item in entries(found):
                        for keyed in self._match(module, key, index, inner) if key is not None else (inner,):
                            yield from self._match(module, value, item, keyed)
            case Every(key_name, value_name, term, body):
                for found, inner in self.term(module, term, env):
                    each = ({**inner, key_name: index, value_name: item} for index, item in entries(found))
                    if all(next(self.body(module, body, one_env), None) is not None for one_env in each):
                        yield inner
            case Some():
                yield env

    def _fails(self, module: Module, one: Statement, env: Env) -> bool:
        """Whether a negated statement does not hold, its arguments having values.

        OPA takes calls, and references that are arguments of calls, out of the negation: without a value the whole
        body fails. An equality keeps its references (ast/compile.go: rewriteExprTerms, rewriteDynamics).
        """
        if isinstance(one, Test) and isinstance(one.term, Call):
            if one.term.name != "==":
                found = (
                    self.function_value(module, one.term.name, values)
                    for values in self._arguments(module, one.term, env)
                )
                return any(value is False or value is MISSING for value in found)
            calls = [term for term in one.term.args if isinstance(term, Call)]
            if any(next(self.term(module, call, env), None) is None for call in calls):
                return False
        return next(self._statement(module, one, env), None) is None

    def _arguments(self, module: Module, call: Call, env: Env) -> Iterator[list[Any]]:
        for values, _ in self._sequence(module, call.args, env):
            yield values

    def _unify(self, module: Module, left: Term, right: Term, env: Env) -> Iterator[Env]:
        if self._free(module, right, env) and not self._free(module, left, env):
            left, right = right, left
        for value, inner in self.term(module, right, env):
            yield from self._match(module, left, value, inner)

    def _free(self, module: Module, term: Term, env: Env) -> bool:
        match term:
            case Var(name):
                return name not in env and not self._named(module, name)
            case ArrayTerm(items):
                return any(self._free(module, item, env) for item in items)
            case ObjectTerm(pairs):
                return any(self._free(module, value, env) for _, value in pairs)
        return False

    def _match(self, module: Module, pattern: Term, value: Any, env: Env) -> Iterator[Env]:
        """Gives the free variables of a pattern the parts of a value, if they fit."""
        self.step()
        if isinstance(pattern, Var) and self._free(module, pattern, env):
            yield {**env, pattern.name: value}
        elif isinstance(pattern, ArrayTerm) and self._free(module, pattern, env):
            if isinstance(value, list) and len(value) == len(pattern.items):
                yield from self.match_all(module, list(zip(pattern.items, value, strict=True)), env)
        elif isinstance(pattern, ObjectTerm) and self._free(module, pattern, env):
            if not all(isinstance(key, Const) for key, _ in pattern.pairs):
                raise Unsupported("a pattern whose keys are computed")
            keys = [key.value for key, _ in pattern.pairs if isinstance(key, Const)]
            if isinstance(value, dict) and set(map(identity, value)) == set(map(identity, keys)):
                yield from self.match_all(
                    module, [(part, value[key]) for key, (_, part) in zip(keys, pattern.pairs, strict=True)], env
                )
        else:
            for found, inner in self.term(module, pattern, env):
                if same(found, value):
                    yield inner

    def match_all(self, module: Module, pairs: list[tuple[Term, Any]], env: Env) -> Iterator[Env]:
        if not pairs:
            yield env
            return
        for inner in self._match(module, *pairs[0], env):
            yield from self.match_all(module, pairs[1:], inner)

    def _named(self, module: Module, name: str) -> bool:
        return name in module.rules or name in module.imports or name in ("input", "data")

    def term(self, module: Module, term: Term, env: Env) -> Iterator[tuple[Any, Env]]:
        """Every value of a term, with the variables that it gave values; none where it is undefined."""
        self.step()
        match term:
            case Const(value):
                yield value, env
            case Var(name):
                yield from self._ref(module, Ref(term, ()), env) if name not in env else ((env[name], env),)
            case Ref():
                yield from self._ref(module, term, env)
            case Call():
                yield from self._call(module, term, env)
            case ArrayTerm(items):
                yield from self._sequence(module, items, env)
            case SetTerm(items):
                for values, inner in self._sequence(module, items, env):
                    yield RegoSet(values), inner
            case ObjectTerm(pairs):
                flat = [part for pair in pairs for part in pair]
                for values, inner in self._sequence(module, flat, env):
                    yield {simple_key(key): value for key, value in zip(values[::2], values[1::2], strict=True)}, inner
            case Comprehension():
                yield self._comprehension(module, term, env), env

    def _sequence(self, module: Module, items: Iterable[Term], env: Env) -> Iterator[tuple[list[Any], Env]]:
        found: list[tuple[list[Any], Env]] = [([], env)]
        for item in items:
            found = [
                ([*values, value], inner) for values, one in found for value, inner in self.term(module, item, one)
            ]
        yield from found

    def _comprehension(self, module: Module, term: Comprehension, env: Env) -> Any:
        heads = [term.head] if term.key is None else [term.key, term.head]
        found = [
            values for inner in self.body(module, term.body, env) for values, _ in self._sequence(module, heads, inner)
        ]
        if term.kind == "object":
            return {simple_key(key): value for key, value in found}
        items = [value for (value,) in found]
        return items if term.kind == "array" else RegoSet(items)

    def _ref(self, module: Module, ref: Ref, env: Env) -> Iterator[tuple[Any, Env]]:
        head, path = ref.head, ref.path
        if not isinstance(head, Var) or head.name in env:
            for value, inner in self.term(module, head, env):
                yield from self._below(module, value, path, inner)
            return
        where = module.imports.get(head.name, (head.name,))
        if where[0] == "data":
            keys: list[str] = [*where[1:], *(str(key.value) if isinstance(key, Const) else "" for key in path)]
            for length in range(len(keys) - 1, 0, -1):
                package, name = tuple(keys[:length]), keys[length]
                target = self._modules.get(package)
                if target is not None and name in target.rules:
                    taken = length + 1 - (len(where) - 1)
                    yield from self._value(self.rule_value(target, name), module, path[max(taken, 0) :], env)
                    return
            raise Unsupported("it reads data that is not here")
        if where[0] == "input":
            rest = tuple(Const(key) for key in where[1:])
            yield from self._below(module, self._input, (*rest, *path), env)
        elif head.name in module.rules:
            yield from self._value(self.rule_value(module, head.name), module, path, env)
        else:
            raise Unsupported(f"{head.name} has no value")

    def _value(self, value: Any, module: Module, path: tuple[Term, ...], env: Env) -> Iterator[tuple[Any, Env]]:
        if value is not MISSING:
            yield from self._below(module, value, path, env)

    def _below(self, module: Module, value: Any, path: tuple[Term, ...], env: Env) -> Iterator[tuple[Any, Env]]:
        self.step()
        if not path:
            yield value, env
            return
        key, rest = path[0], path[1:]
        if self._free(module, key, env):
            for index, item in entries(value):
                for inner in self._match(module, key, index, env):
                    yield from self._below(module, item, rest, inner)
            return
        for found, inner in self.term(module, key, env):
            below = lookup(value, found)
            if below is not MISSING:
                yield from self._below(module, below, rest, inner)

    def _call(self, module: Module, call: Call, env: Env) -> Iterator[tuple[Any, Env]]:
        for values, inner in self._sequence(module, call.args, env):
            found = self.function_value(module, call.name, values)
            if found is not MISSING:
                yield found, inner
