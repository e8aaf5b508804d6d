"""Comparisons of images that can never hold, or hold for others than is meant, as faults of a rule."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator

from auditor.monitoring.faults import Fault, doubt
from auditor.monitoring.fields import nearest
from auditor.monitoring.lists import Lists, Written
from auditor.monitoring.repositories import is_exact, is_image, short, unequalled
from auditor.monitoring.stock_names import LISTS
from auditor.monitoring.trees import Comparison

_LISTLIKE = re.compile(r"[A-Za-z]\w*_\w*", re.ASCII)


class Compared:
    """Of one set of files. Each comparison is looked at once, however many rules have it."""

    def __init__(self, lists: Lists, names: Collection[str]) -> None:
        """`names` are those of the lists that were read."""
        self._lists = lists
        self._names = names
        self._found: dict[tuple[Comparison, str], tuple[Fault, ...]] = {}
        self._shorts: dict[Comparison, tuple[str, ...]] = {}

    def __call__(self, tests: Iterable[Comparison], source: str) -> Iterator[Fault]:
        """Of the image fields among comparisons. May raise TooMuch."""
        for test in dict.fromkeys(tests):
            if (test, source) not in self._found:
                self._found[test, source] = tuple(self._of(test, source))
            yield from self._found[test, source]

    def organisations(self, tests: Iterable[Comparison]) -> Iterator[Fault]:
        """Of names of Docker Hub that some runtimes write longer. May raise TooMuch."""
        for test in dict.fromkeys(tests):
            if is_image(test.field.name) and (found := self._short(test)):
                yield doubt(
                    f"{test.field.name} {test.operator} compares whole repositories: {', '.join(found[:5])} is none "
                    "where the runtime writes docker.io/library before an image's name, and an organisation needs "
                    "`startswith`"
                )

    def _short(self, test: Comparison) -> tuple[str, ...]:
        if test not in self._shorts:
            self._shorts[test] = short(test.field.name, test.operator, self._lists.written(test).values)
        return self._shorts[test]

    def _of(self, test: Comparison, source: str) -> Iterator[Fault]:
        meant = nearest(test.field.name, source) or test.field.name
        if test.field.changed or not is_image(meant):
            return
        written = self._lists.written(test)
        wrong = unequalled(meant, test.operator, written.values)
        if wrong:
            yield Fault("unequal", _unequal(test, wrong))
        if source and is_exact(test.operator):
            yield from _words(test, written, wrong, self._names)


def _words(test: Comparison, written: Written, wrong: tuple[str, ...], names: Iterable[str]) -> Iterator[Fault]:
    for value in written.unopened:
        yield doubt(
            f"it compares an image with the word {value}: Falco opens lists in lists one level deep, and this one of "
            "that name stands deeper, or before the one that names it"
        )
    for value in written.values:
        plain = value not in wrong and value not in LISTS and value not in written.unopened
        if plain and value not in test.quoted and _LISTLIKE.fullmatch(value):
            near = difflib.get_close_matches(value, sorted(names), 1, 0.8)
            meant = f" ({near[0]} is)" if near else ""
            yield doubt(
                f"it compares an image with {value}, which is no list that was read{meant}: then it stands for itself, "
                "as the name of an image"
            )


def _unequal(test: Comparison, wrong: tuple[str, ...]) -> str:
    shown = ", ".join(value or '""' for value in wrong[:5])
    shown += f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
    field, operator = test.field.name, test.operator
    what = "repository" if field.endswith("repository") else "image"
    if is_exact(operator) or operator.partition(" ")[0] in ("glob", "iglob", "regex"):
        whole = "repositories" if what == "repository" else "names of images"
        list_only = field.startswith("ka.req.pod.")  # no `startswith` for fields that are lists
        instead = "they are named one by one" if list_only else "a registry or a path is compared with `startswith`"
        return f"{field} {operator} compares whole {whole}, and no {what} is called {shown}: {instead}"
    port = field.startswith("ka.") and what == "repository"
    without = "no scheme" if what == "image" else "no scheme, tag or digest"
    also = ", and k8saudit ends it at the first colon, also at that of a port" if port else ""
    return f"{field} {operator} {shown} never holds: the field has {without}{also}"
