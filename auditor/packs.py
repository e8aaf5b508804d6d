"""Finding checks: the built-in pack that lies beside this package, and further packs by entry point."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from auditor.check import WITH_REGISTRY, WITH_SCANS, Check, load_check
from auditor.errors import PackError, UsageError
from auditor.model import REGISTRY, SCAN_RESULTS, Snapshot
from auditor.policy import Policy
from auditor.views import PARAMETERS, SUBJECTS

ENTRY_POINT_GROUP = "auditor.packs"
_SHOWN = 3

_SWITCHES: Mapping[str, Callable[[Snapshot], bool]] = {
    WITH_REGISTRY: lambda snapshot: _spoken_of(snapshot, REGISTRY),
    WITH_SCANS: lambda snapshot: _spoken_of(snapshot, *SCAN_RESULTS),
}


def builtin_checks() -> tuple[Check, ...]:
    """The checks of the `checks` package beside `auditor`; a package of that name from elsewhere is refused."""
    expected = Path(__file__).resolve().parent.parent / "checks"
    spec = importlib.util.find_spec("checks")
    found = [Path(place).resolve() for place in (spec.submodule_search_locations or ())] if spec else []
    if found != [expected]:
        where = ", ".join(map(str, found)) or "nowhere"
        raise PackError(
            f"the package `checks` is found {where}, not beside auditor",
            "Another package of that name is in the way: run auditor in an environment of its own.",
        )
    return _checks_of(importlib.import_module("checks"))


def load_packs(names: Iterable[str]) -> tuple[Check, ...]:
    """The built-in checks and those of the named packs, ordered by id; an id that is taken twice is refused."""
    checks = list(builtin_checks())
    for name in names:
        points = [point for point in entry_points(group=ENTRY_POINT_GROUP) if point.name == name]
        if not points:
            raise PackError(
                f"no check pack named {name!r} is installed",
                f"A pack is an installed package with an entry point of that name in the group {ENTRY_POINT_GROUP!r}.",
            )
        try:
            module = points[0].load()
        except Exception as error:
            raise PackError(f"the check pack {name!r} cannot be imported: {type(error).__name__}: {error}") from error
        checks += _checks_of(module)
    ids: dict[str, Check] = {}
    for check in checks:
        if check.id in ids:
            raise PackError(f"two checks are called {check.id}: {_where(ids[check.id])} and {_where(check)}")
        ids[check.id] = check
    return tuple(ids[name] for name in sorted(ids))


def select(checks: Iterable[Check], only: Iterable[str] = (), skip: Iterable[str] = ()) -> tuple[Check, ...]:
    """The checks to run; UsageError for an id that does not exist, and where none is left: an audit of nothing would
    look clean. Opt-in checks run when they are named, or when what they judge by is in the input: `applicable` tells.
    """
    checks = tuple(checks)
    only, skip = tuple(only), tuple(skip)
    known = {check.id for check in checks}
    for name in (*only, *skip):
        if name not in known:
            raise UsageError(f"there is no check {name!r}", "`auditor checks` lists them.")
    chosen = [check for check in checks if (check.id in only if only else check.opt_in in ("", *_SWITCHES))]
    left = tuple(check for check in chosen if check.id not in skip)
    if not left:
        raise UsageError("no check is left to run", "--skip-check takes away all that --check names, or all there is.")
    return left


def enabled(checks: Iterable[Check], policy: Policy) -> tuple[Check, ...]:
    """Those of the selected checks that the policy leaves on; UsageError where it leaves none."""
    checks = tuple(checks)
    left = tuple(check for check in checks if policy.setting(check.id).enabled)
    if not left:
        names = ", ".join(check.id for check in checks[:_SHOWN]) + (" …" if len(checks) > _SHOWN else "")
        raise UsageError(
            f"no check is left to run: {policy.path or 'the policy'} switches off all that are selected ({names})",
            "Select others, or take `enabled: false` out of the policy.",
        )
    return left


def applicable(checks: Iterable[Check], snapshot: Snapshot, named: Iterable[str] = ()) -> tuple[Check, ...]:
    """The checks that have something to judge by in this snapshot, and those that were named all the same."""
    named = set(named)
    return tuple(
        check
        for check in checks
        if check.id in named or check.opt_in not in _SWITCHES or _SWITCHES[check.opt_in](snapshot)
    )


def _checks_of(package: ModuleType) -> tuple[Check, ...]:
    return tuple(
        load_check(value, SUBJECTS, PARAMETERS)
        for module in _modules(package)
        for value in list(vars(module).values())
        if hasattr(value, "__auditor_check__") and value.__module__ == module.__name__
    )


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for info in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{package.__name__}."):
        yield importlib.import_module(info.name)


def _spoken_of(snapshot: Snapshot, *resources: str) -> bool:
    """Whether anything of these was read, or was there and could not be read: then the checks say so."""
    rows = (row for row in snapshot.coverage if row.resource in resources)
    return any(row.count or row.state in ("forbidden", "failed") for row in rows)


def _where(check: Check) -> str:
    return f"{check.function.__module__}.{check.function.__qualname__}"
