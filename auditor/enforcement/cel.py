"""CEL as the API server's admission policies use it: compiled, type-checked and evaluated, or known to be undecided.

The evaluator is Google's own runtime (cel-expr-python, over cel-cpp): it has the type checker that decides whether the
API server stores a policy at all, the error semantics of cel-go (an error is absorbed by `false &&`, `true ||`, all and
exists), optionals and two-variable comprehensions, and a budget of iterations. The pure-Python cel-python lacks the
checker and optionals, and takes has() of a missing parent for false.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

from msgspec import Struct

from auditor.enforcement.cel_declared import LACKING, UNDECIDED, UNTRIED
from auditor.enforcement.cel_functions import Function, Undecided, functions
from auditor.enforcement.cel_tree import Tree, read
from auditor.enforcement.regexes import find_all, is_pattern

LONGEST = 1 << 14
"""Expressions of more characters are not evaluated here."""

MOST_WORK = 1 << 18
"""How much functions may be given in one evaluation, in characters and elements."""

NAMES = ("object", "oldObject", "request", "namespaceObject", "authorizer", "authorizer.requestResource")
"""What expressions of admission may name, besides params and variables."""
_NAMESPACE_META = (
    "name generateName namespace labels annotations UID creationTimestamp deletionGracePeriodSeconds deletionTimestamp "
    "generation resourceVersion finalizers"
)
_KIND = frozenset({"group", "version", "kind"})
_RESOURCE = frozenset({"group", "version", "resource"})
# The fields of the names that have a type; None: of any kind below. k8s apiserver pkg/admission/plugin/cel/compile.go.
_TYPED: dict[str, dict[str, frozenset[str] | None]] = {
    "request": {
        **dict.fromkeys(("kind", "requestKind"), _KIND),
        **dict.fromkeys(("resource", "requestResource"), _RESOURCE),
        **dict.fromkeys(("subResource", "requestSubResource", "name", "namespace", "operation", "dryRun"), frozenset()),
        "userInfo": frozenset({"username", "uid", "groups", "extra"}),
        "options": None,
    },
    "namespaceObject": {
        "metadata": frozenset(_NAMESPACE_META.split()),
        "spec": frozenset({"finalizers"}),
        "status": frozenset({"conditions", "phase"}),
    },
}


class Fault(Struct, frozen=True):
    """Why an expression does not compile. `refused`: the API server does not take it either."""

    detail: str
    refused: bool


class Result(Struct, frozen=True):
    """What an expression comes to: its value; or an error, as on the API server; or it cannot be decided here."""

    state: Literal["value", "error", "unknown"]
    value: Any = None
    detail: str = ""


class _Meter:
    """What the functions of an environment had to do in this evaluation."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.work = 0
        self.undecided = False

    def charge(self, arguments: tuple[Any, ...]) -> None:
        sizes = [len(argument) for argument in arguments if isinstance(argument, str | list | dict)]
        # Some functions compare every element of one list with every element of another.
        self.work += 1 + (math.prod(sizes) if all(isinstance(a, list) for a in arguments) else sum(sizes))
        if self.work > MOST_WORK:
            raise Undecided


class Expression:
    """A compiled expression. `result` is its type as CEL writes it, such as BOOL, DYN or LIST<STRING>."""

    def __init__(self, source: str, program: Any, tree: Tree, meter: _Meter) -> None:
        self.source = source
        self.tree = tree
        self.type = program.return_type()
        self.result: str = self.type.name()
        self._program = program
        self._meter = meter

    def evaluate(self, bindings: Mapping[str, Any], unknown: Collection[str] = ()) -> Result:
        """Its value with these names bound; `unknown` are names without a known value, left out of the bindings.

        What is not known counts as an error while evaluating. Where the result is a value all the same, CEL's rules of
        absorption make it the result for whatever the unknown would have been.
        """
        if self.tree.functions & UNTRIED:
            return Result("unknown", detail="it calls a function that is not tried here")
        self._meter.start()
        try:
            found = self._program.eval(data=dict(bindings))
            if found.type().name() != "ERROR":
                return Result("value", found.plain_value())
            message = str(found.value())
        except (RuntimeError, TypeError, ValueError):
            return Result("unknown", detail="it takes too many steps, or values that CEL does not have")
        lacking = [name for name in unknown if self.tree.names(name)]
        if lacking:
            return Result("unknown", detail=f"{', '.join(sorted(lacking))} cannot be seen")
        if self._meter.undecided or self.tree.functions & UNDECIDED:
            return Result("unknown", detail="it calls a function whose answer cannot be told from here")
        return Result("error", detail=_known_error(message))


class Scope:
    """The names that an expression may use: those of admission, `params` where the policy has a paramKind, and the
    policy's variables so far."""

    def __init__(self, *, params: bool) -> None:
        self._names = dict.fromkeys((*NAMES, "params") if params else NAMES)
        self._types: dict[str, Any] = {}
        self._environment: tuple[Any, _Meter] | None = None

    def declare(self, name: str, expression: Expression) -> None:
        """Makes a variable known to the expressions after it."""
        self._types[f"variables.{name}"] = expression.type
        self._environment = None

    def compile(self, source: str, result: str = "") -> Expression | Fault:
        """The expression, which must be of the type `result` where one is given (dyn is not bool to the API server)."""
        if len(source) > LONGEST:
            return Fault("an expression is too long to be tried", refused=False)
        try:
            if self._environment is None:
                self._environment = _shared(tuple(self._names)) if not self._types else _environment(self._all())
        except ImportError:
            return Fault("the CEL runtime is not installed", refused=False)
        environment, meter = self._environment
        try:
            program = environment.compile(source)
            tree = read(program.serialize())
        except RuntimeError as error:
            return _fault(source, str(error))
        except (TypeError, ValueError):
            return Fault("an expression holds characters that are none", refused=False)
        expression = Expression(source, program, tree, meter)
        wrong = _wrong(tree)
        if not wrong and result and expression.result != result:
            wrong = f"an expression is of type {expression.result}, not {result}"
        return Fault(wrong, refused=True) if wrong else expression

    def _all(self) -> dict[str, Any]:
        return {**self._names, **self._types}


def _wrong(tree: Tree) -> str:
    """What cel-cpp takes and the API server does not; empty if nothing."""
    if tree.mixed:
        return "a list holds values of several types"
    if not all(map(is_pattern, tree.patterns)):
        return "a regular expression is not one"
    for path in tree.paths:
        typed = _TYPED.get(path[0])
        if typed is None or len(path) < 2:
            continue
        if path[1] not in typed:
            return f"{path[0]} has no field {path[1]}"
        below = typed[path[1]]
        if len(path) > 2 and below is not None and path[2] not in below:
            return f"{path[0]}.{path[1]} has no field {path[2]}"
    return ""


_REFUSED = ("Syntax error", "undeclared reference", "found no matching overload")


def _fault(source: str, message: str) -> Fault:
    """The first line of the runtime's message tells the place and the reason; the rest draws the source."""
    first = next(iter(message.splitlines()), "").removeprefix("INVALID_ARGUMENT: ").removeprefix("ERROR: ")
    reason = first.partition(": ")[2] or first
    reason = reason.removesuffix(" (in container '')")[:160]
    refused = any(text in message for text in _REFUSED) and not LACKING.search(source)
    return Fault(f"an expression does not compile: {reason}", refused)


def _known_error(message: str) -> str:
    # Other messages may quote values.
    marker = "Key not found in map : "
    return f"there is no {message.partition(marker)[2][:80]}" if marker in message else "an expression ends in an error"


@functools.lru_cache(maxsize=8)
def _shared(names: tuple[str, ...]) -> tuple[Any, _Meter]:
    return _environment(dict.fromkeys(names))


def _environment(names: Mapping[str, Any]) -> tuple[Any, _Meter]:
    """A CEL environment of these names and their types (None: dyn), and the meter of its functions."""
    # 14 MB of runtime, only for clusters that have expressions.
    from cel_expr_python import cel  # type: ignore[import-untyped,import-not-found,unused-ignore]

    meter = _Meter()
    kinds = {
        "s": cel.Type.STRING,
        "i": cel.Type.INT,
        "f": cel.Type.DOUBLE,
        "b": cel.Type.BOOL,
        "m": cel.Type.Map(cel.Type.STRING, cel.Type.STRING),
        "d": cel.Type.DYN,
        "L": cel.Type.List(cel.Type.DYN),
        "S": cel.Type.List(cel.Type.STRING),
    }
    overloads: dict[str, list[Any]] = {}
    for index, function in enumerate(functions(find_all)):
        overload = cel.Overload(
            f"{function.name}_{index}",
            return_type=kinds[function.result],
            parameters=[kinds[letter] for letter in function.parameters],
            is_member=function.member,
            impl=_metered(function, meter),
        )
        overloads.setdefault(function.name, []).append(overload)
    extensions = 'extensions:\n- name: "optional"\n- name: "two-var-comprehensions"\n- name: "lists"\n'
    environment = cel.NewEnv(
        config=cel.NewEnvConfigFromYaml(extensions),
        variables={name: cel.Type.DYN if kind is None else kind for name, kind in names.items()},
        functions=[cel.FunctionDecl(name, found) for name, found in overloads.items()],
    )
    return environment, meter


def _metered(function: Function, meter: _Meter) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        try:
            meter.charge(arguments)
            return function.call(*arguments)
        except Undecided:
            meter.undecided = True
            raise

    return call
