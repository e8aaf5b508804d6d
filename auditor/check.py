"""What a check is: a function of one subject that yields what is wrong with it, and the words around it."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from auditor.errors import PackError
from auditor.report import Severity, Subject

F = TypeVar("F", bound=Callable[..., Iterable["Result"]])


class About(Struct, frozen=True):
    """A subject and the namespace that it is in, None for what is in none."""

    namespace: str | None
    subject: Subject

    @classmethod
    def of_namespace(cls, namespace: str) -> About:
        return cls(namespace, Subject("Namespace", namespace))


# What switches checks on that do not always run: what they judge is in the input, or it was asked for.
WITH_REGISTRY = "`--registry`"
WITH_SCANS = "scan results: `--scan-results`, `--clair`, or VulnerabilityReports in the cluster"

CLUSTER = About(None, Subject("Cluster", ""))


class Fail(Struct, frozen=True):
    """Something is wrong. `part` tells several failures of one subject apart and belongs to the finding's identity."""

    message: str
    part: str = ""
    severity: Severity | None = None
    evidence: dict[str, Any] = {}
    about: About | None = None


class Manual(Struct, frozen=True):
    """A person has to look. With `about`, the answers of many subjects about one wider subject become one finding:
    numbers in `evidence` add up and lists unite."""

    message: str
    part: str = ""
    evidence: dict[str, Any] = {}
    about: About | None = None


class Skip(Struct, frozen=True):
    """No verdict: this is nothing that the check judges, and no pass either.

    `unread` names what was missing to judge by, if that was it, and makes a line in coverage.
    """

    unread: str = ""


Result = Fail | Manual | Skip


class Parameter(Struct, frozen=True):
    """Something that a check asks for by type; an optional one is None where it was not read."""

    name: str
    type: type
    optional: bool


class Check(Struct, frozen=True):
    """A check as loaded. `id` is the function's name with dashes; `subject` is what it runs on."""

    id: str
    title: str
    severity: Severity
    remediation: str
    references: tuple[str, ...]
    rationale: str
    function: Callable[..., Iterable[Result]]
    subject: type
    parameters: tuple[Parameter, ...]
    group: str
    opt_in: str = ""


def cis(section: str) -> str:
    return f"CIS Kubernetes Benchmark {section}"


def docs(page: str) -> str:
    """A page of the Kubernetes documentation."""
    return f"https://kubernetes.io/docs/{page}"


def kep(number: int, sig: str, slug: str) -> str:
    """A Kubernetes enhancement proposal."""
    return f"https://github.com/kubernetes/enhancements/tree/master/keps/{sig}/{number}-{slug}"


def check(
    title: str,
    *,
    severity: Severity,
    remediation: str,
    references: tuple[str, ...],
    opt_in: str = "",
) -> Callable[[F], F]:
    """Marks a function as a check. `opt_in` names what switches it on, for checks that do not always run."""

    def mark(function: F) -> F:
        function.__auditor_check__ = (title, severity, remediation, references, opt_in)  # type: ignore[attr-defined]
        return function

    return mark


def load_check(function: Callable[..., Any], subjects: Iterable[type], parameters: Iterable[type]) -> Check:
    """The check that a marked function is; raises PackError with file and line where it is not well formed."""
    title, severity, remediation, references, opt_in = function.__auditor_check__  # type: ignore[attr-defined]
    where = f"{inspect.getsourcefile(function)}:{function.__code__.co_firstlineno}"
    hints = get_type_hints(function)
    names = list(inspect.signature(function).parameters)
    if not names:
        raise PackError(f"{where}: {function.__name__} takes no subject")
    missing = [name for name in names if name not in hints]
    if missing:
        raise PackError(f"{where}: parameter {missing[0]} has no type")
    subject = hints[names[0]]
    if subject not in set(subjects):
        raise PackError(f"{where}: a check cannot run on {_name(subject)}", f"It runs on one of: {_names(subjects)}.")
    asked = []
    for name in names[1:]:
        kind, optional = _optional(hints[name])
        if kind not in set(parameters):
            raise PackError(f"{where}: {name} asks for {_name(kind)}", f"There is: {_names(parameters)}.")
        asked.append(Parameter(name, kind, optional))
    rationale = inspect.getdoc(function) or ""
    for what, text in (("docstring", rationale), ("remediation", remediation), ("references", references)):
        if not text:
            raise PackError(f"{where}: {function.__name__} has no {what}")
    return Check(
        id=function.__name__.replace("_", "-"),
        title=title,
        severity=severity,
        remediation=inspect.cleandoc(remediation),
        references=tuple(references),
        rationale=rationale,
        function=function,
        subject=subject,
        parameters=tuple(asked),
        group=function.__module__.split(".")[-2] if "." in function.__module__ else "",
        opt_in=opt_in,
    )


def _optional(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not type(None)]
        if len(kinds) == 1:
            return kinds[0], True
    return hint, False


def _name(kind: Any) -> str:
    return getattr(kind, "__name__", repr(kind))


def _names(kinds: Iterable[type]) -> str:
    return ", ".join(sorted(_name(kind) for kind in kinds))
