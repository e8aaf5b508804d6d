"""A rule's condition with its exceptions, as Falco writes the two into one (rule_loader_compiler.cpp)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.monitoring.facts import FalcoException

_LISTED = ("in", "intersects", "pmatch")
_MODIFIERS = ("oneof", "anyof", "allof")


def with_exceptions(condition: str, exceptions: Iterable[FalcoException]) -> str:
    """The condition, and not each of the exceptions that has values; as it is where none has."""
    parts = [part for exception in exceptions if (part := _written(exception))]
    return " and not ".join([f"({condition})", *parts]) if parts else condition


def fields_of(exceptions: Iterable[FalcoException]) -> Iterator[str]:
    """The names of their fields, also of those without values, without arguments or transformers."""
    for exception in exceptions:
        names = (exception.fields,) if isinstance(exception.fields, str) else exception.fields or ()
        yield from (name.partition("[")[0] for name in names if "(" not in name)


def added(earlier: tuple[FalcoException, ...], more: Iterable[FalcoException]) -> tuple[FalcoException, ...]:
    """With values that are appended to those of the same name, and new ones."""
    found = {exception.name: exception for exception in earlier}
    for exception in more:
        known = found.get(exception.name)
        if known is not None:
            exception = FalcoException(known.name, known.fields, known.comparisons, known.values + exception.values)
        found[exception.name] = exception
    return tuple(found.values())


def clash(earlier: Iterable[FalcoException], more: Iterable[FalcoException]) -> str:
    """Why exceptions cannot be appended to earlier ones; empty where they can."""
    known = {exception.name for exception in earlier}
    for exception in more:
        if exception.name in known and (exception.fields is not None or exception.comparisons is not None):
            return "it gives an exception that is there already fields or operators again, and not values alone"
        if exception.name not in known and (exception.fields is None or not exception.values):
            return "it adds an exception without fields or without values"
    return ""


def _written(exception: FalcoException) -> str:
    if not exception.values or exception.fields is None:
        return ""
    if isinstance(exception.fields, str):
        operator = exception.comparisons if isinstance(exception.comparisons, str) else "in"
        values = ", ".join(_quoted(value) for value in exception.values if isinstance(value, str))
        return f"({exception.fields} {operator.strip()} ({values}))" if values else ""
    operators = exception.comparisons
    if not isinstance(operators, tuple):
        operators = ("=",) * len(exception.fields)
    rows = [
        " and ".join(
            f"{field} {operator.strip()} {_right(operator.strip(), value)}"
            for field, operator, value in zip(exception.fields, operators, row, strict=False)
        )
        for row in exception.values
        if isinstance(row, tuple) and row
    ]
    return f"({' or '.join(f'({row})' for row in rows)})" if rows else ""


def _right(operator: str, value: str | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_quoted, value))})"
    if operator in _LISTED or operator.endswith(_MODIFIERS):
        return value if value.startswith("(") else f"({value})"
    return _quoted(value)


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value and value[:1] not in ("'", '"') else value
