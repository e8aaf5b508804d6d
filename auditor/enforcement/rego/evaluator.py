"""Evaluates rules of Rego modules on one input, within a bound of steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from auditor.enforcement.rego.builtins import FUNCTIONS
from auditor.enforcement.rego.solver import Env, Orders, Solver
from auditor.enforcement.rego.syntax import Const, Definition, Module, Unsupported
from auditor.enforcement.rego.values import MISSING, RegoSet, identity, same, simple_key

_DEPTH = 40


class Evaluation(Solver):
    """The rules of modules on one input. Asking for more than is read here, or for too much, raises Unsupported."""

    def __init__(self, modules: Iterable[Module], given: Any, orders: Orders | None = None) -> None:
        super().__init__(modules, given, orders)
        self._depth = 0
        self._values: dict[tuple[tuple[str, ...], str], Any] = {}

    def rule(self, package: tuple[str, ...], name: str) -> Any:
        """A rule's value; None where it is undefined (or null)."""
        found = self.rule_value(self._modules[package], name)
        return None if found is MISSING else found

    def rule_value(self, module: Module, name: str) -> Any:
        key = (module.package, name)
        if key not in self._values:
            self._depth += 1
            if self._depth > _DEPTH:
                raise Unsupported("rules are nested too deeply")
            self._values[key] = self._define(module, module.rules[name])
            self._depth -= 1
        return self._values[key]

    def _define(self, module: Module, definitions: tuple[Definition, ...]) -> Any:
        kind = definitions[0].kind
        if any(one.kind != kind for one in definitions) or kind == "function":
            raise Unsupported("a rule of several kinds, or a function without arguments")
        if kind == "set":
            return RegoSet(key for one in definitions for key in self._keys(module, one))
        if kind == "object":
            pairs = [pair for one in definitions for pair in self._pairs(module, one)]
            found = {identity(key): (key, value) for key, value in pairs}
            if any(not same(found[identity(key)][1], value) for key, value in pairs):
                raise Unsupported("a rule gives a key several values")
            return dict(found.values())
        return self._complete(module, definitions, {})

    def _keys(self, module: Module, one: Definition) -> Iterator[Any]:
        for env in self.body(module, one.body, {}):
            for key, _ in self.term(module, one.key or Const(True), env):
                yield key

    def _pairs(self, module: Module, one: Definition) -> Iterator[tuple[Any, Any]]:
        for env in self.body(module, one.body, {}):
            for key, inner in self.term(module, one.key or Const(True), env):
                for value, _ in self.term(module, one.value, inner):
                    yield simple_key(key), value

    def _complete(self, module: Module, definitions: Iterable[Definition], env: Env) -> Any:
        found = MISSING
        for one in definitions:
            if not one.default:
                value = self._one(module, one, env)
                if value is not MISSING and found is not MISSING and not same(value, found):
                    raise Unsupported("a rule has several values")
                found = found if value is MISSING else value
        if found is MISSING:
            for one in definitions:
                if one.default:
                    return self._one(module, one, env)
        return found

    def _one(self, module: Module, one: Definition, env: Env) -> Any:
        """The value of a definition: all ways to it must agree. Its else is asked where there is none."""
        found = MISSING
        for inner in self.body(module, one.body, env):
            for value, _ in self.term(module, one.value, inner):
                if found is not MISSING and not same(value, found):
                    raise Unsupported("a rule has several values")
                found = value
        if found is MISSING and one.otherwise is not None:
            return self._one(module, one.otherwise, env)
        return found

    def function_value(self, module: Module, name: str, values: list[Any]) -> Any:
        where, definitions = self.find(module, name)
        if definitions:
            return self._user(where, definitions, values)
        if name not in FUNCTIONS:
            raise Unsupported(f"the function {name} is not read")
        try:
            return FUNCTIONS[name](*values)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, ZeroDivisionError):
            # A function that gets what it cannot take is undefined.
            return MISSING

    def find(self, module: Module, name: str) -> tuple[Module, tuple[Definition, ...]]:
        """The definitions of a function that modules define, none where it is built in or does not exist."""
        if name in module.rules:
            return module, module.rules[name]
        head, *rest = name.split(".")
        path = (*module.imports.get(head, (head,)), *rest)
        if path[0] == "data" and tuple(path[1:-1]) in self._modules:
            target = self._modules[tuple(path[1:-1])]
            return target, target.rules.get(path[-1], ())
        return module, ()

    def _user(self, module: Module, definitions: tuple[Definition, ...], values: list[Any]) -> Any:
        self._depth += 1
        if self._depth > _DEPTH:
            raise Unsupported("functions are nested too deeply")
        found = MISSING
        for one in definitions:
            if one.default:
                continue
            if one.kind != "function" or len(one.args) != len(values):
                raise Unsupported("a function with other arguments")
            for env in self.match_all(module, list(zip(one.args, values, strict=True)), {}):
                value = self._one(module, one, env)
                if value is not MISSING and found is not MISSING and not same(value, found):
                    raise Unsupported("a function has several values")
                found = found if value is MISSING else value
        if found is MISSING:
            for one in definitions:
                if one.default:
                    found = self._one(module, one, {})
        self._depth -= 1
        return found
