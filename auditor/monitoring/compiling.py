"""Whether Falco compiles the fields of a rule: those that its source does not have, and comparisons that do not fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from auditor.monitoring.engine import Engine
from auditor.monitoring.faults import Fault, doubt, refused
from auditor.monitoring.field_types import FILTER_ONLY, Misfit, compile_comparison
from auditor.monitoring.fields import INSTEAD, PLUGIN_CLASSES, SINCE_0_18, is_known, nearest, other_source
from auditor.monitoring.lists import Lists
from auditor.monitoring.trees import Comparison

_OUTPUT = re.compile(r"%\*?(?:[a-z0-9]+\()*([A-Za-z]\w*(?:\.[A-Za-z]\w*)+)", re.ASCII)


def fields(
    tests: Iterable[Comparison],
    excepted: Iterable[str],
    output: str,
    source: str,
    engine: Engine,
    lists: Lists,
    *,
    skips: bool = False,
) -> Iterator[Fault]:
    """Of a rule's comparisons, the fields of its exceptions, and its output. `skips`: Falco leaves the rule out for a
    field or an event type that there is not, with a warning in the log. Nothing is known where `source` is empty."""
    tests = list(tests)
    for test in tests:
        if wrong := lists.written(test).misread:
            yield refused(f"its condition is none: {wrong}")
    if not source:
        return
    places: dict[str, str] = {}
    for test in tests:
        for field in (test.field, *test.others):
            if field.name:  # a transformer may be of texts alone
                places.setdefault(field.name, "condition")
    for name in excepted:
        places.setdefault(name, "list of exceptions")
    shown = _OUTPUT.findall(output)
    for name in shown:
        places.setdefault(name, "output")
    foreign: dict[str, list[str]] = {}
    for name, place in places.items():
        elsewhere = "" if is_known(name, source) else other_source(name, source)
        if elsewhere:
            foreign.setdefault(elsewhere, []).append(name)
        elif fault := _field(name, source, place, engine):
            yield _skipping(fault, skips=skips and place != "list of exceptions")
    for elsewhere, names in foreign.items():
        told = f"events of the source {source} have no {', '.join(names)}: it needs `source: {elsewhere}`"
        instead = [INSTEAD[name] for name in names if name in INSTEAD]
        if source == "k8s_audit" and (instead or any(name.startswith("ka.") for name in places)):
            told = f"events of the source {source} have no {', '.join(names)}"
            told += f"; they have {', '.join(instead)}" if instead else ""
        yield _skipping(refused(told), skips=skips)
    for name in dict.fromkeys(shown):
        if name in FILTER_ONLY:
            yield refused(f"its output names {name}, which conditions alone can use")
    for test in tests:
        yield from _misfits(test, lists, engine, skips=skips)


def _misfits(test: Comparison, lists: Lists, engine: Engine, *, skips: bool) -> Iterator[Fault]:
    try:
        compile_comparison(test, lists.written(test).values)
    except Misfit as wrong:
        if wrong.unknown_type and engine.own_plugins:
            yield doubt(f"{wrong}, unless a plugin of your own sends such events")
        else:
            yield _skipping(refused(str(wrong)), skips=skips and wrong.unknown_type)


def _field(name: str, source: str, place: str, engine: Engine) -> Fault | None:
    if source == "k8s_audit" and name.startswith(SINCE_0_18) and engine.old_audit:
        return refused(f"its {place} names {name}, which k8saudit has since 0.18.0 only")
    known = is_known(name, source)
    if known:
        return None
    if known is None:
        if source not in ("syscall", "k8s_audit") or name.partition(".")[0] in PLUGIN_CLASSES:
            return None
        if engine.own_plugins:
            return doubt(f"its {place} names {name}, which a plugin of your own may bring")
    meant = nearest(name, source)
    return refused(f"its {place} names {name}, a field that does not exist{meant and f'; {meant} does'}")


def _skipping(fault: Fault, *, skips: bool) -> Fault:
    return Fault("skipped", fault.reason) if skips and fault.kind == "refused" else fault
