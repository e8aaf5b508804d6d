"""Which objects ValidatingAdmissionPolicies take their parameters from, by the policies and bindings that were read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from auditor.model import PolicyObject

POLICIES = "validatingadmissionpolicies.admissionregistration.k8s.io"
BINDINGS = "validatingadmissionpolicybindings.admissionregistration.k8s.io"
SECRET = ("v1", "Secret")
"""The one kind that is never read as a parameter: its values are nobody's to hold."""

_OPERATORS = {
    "In": "{key} in ({values})",
    "NotIn": "{key} notin ({values})",
    "Exists": "{key}",
    "DoesNotExist": "!{key}",
}


class ParameterRef(Struct, frozen=True, order=True):
    """Objects of one kind: that of a name, or those of a label selector (all, if it is empty too).

    No namespace: in every one, or the kind has none.
    """

    api_version: str
    kind: str
    namespace: str = ""
    name: str = ""
    selector: str = ""

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]


def parameter_refs(policies: Iterable[PolicyObject]) -> tuple[ParameterRef, ...]:
    """What bound policies refer to, in order. A policy without binding, or a binding without paramRef, reads nothing.

    A namespaced paramKind without paramRef.namespace means the namespace of whatever is judged
    (k8s.io/api admissionregistration/v1, ParamRef).
    """
    kinds: dict[str, tuple[str, str]] = {}
    bindings = []
    for found in policies:
        if found.resource == POLICIES:
            kind = _mapping(found.spec.get("paramKind"))
            api_version, name = _text(kind.get("apiVersion")), _text(kind.get("kind"))
            if api_version and name:
                kinds[found.name] = (api_version, name)
        elif found.resource == BINDINGS:
            bindings.append(found.spec)
    refs = set()
    for spec in bindings:
        known = kinds.get(_text(spec.get("policyName")))
        ref = spec.get("paramRef")
        if known and isinstance(ref, dict):
            name = _text(ref.get("name"))
            selector = "" if name else label_selector(ref.get("selector"))
            refs.add(ParameterRef(*known, _text(ref.get("namespace")), name, selector))
    return tuple(sorted(refs))


def unserved(api_version: str, kind: str) -> str:
    """What coverage says of a paramKind that the cluster does not serve."""
    return f"{api_version} {kind} is not served"


def plural_of(kind: str) -> str:
    """The resource that a kind most probably is (k8s.io/apimachinery pkg/api/meta, UnsafeGuessKindToResource)."""
    name = kind.lower()
    if name.endswith("endpoints"):
        return name
    if name.endswith("s"):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"


def label_selector(selector: Any) -> str:
    """A selector as lists take it (k8s.io/apimachinery pkg/apis/meta/v1, FormatLabelSelector); all where it is not
    understood, so that nothing is missed."""
    if not isinstance(selector, dict):
        return ""
    parts = [f"{key}={value}" for key, value in sorted(_mapping(selector.get("matchLabels")).items())]
    expressions = selector.get("matchExpressions")
    for expression in expressions if isinstance(expressions, list) else ():
        found = _mapping(expression)
        values = found.get("values") or []
        form = _OPERATORS.get(_text(found.get("operator")))
        if form is None or not _text(found.get("key")) or not isinstance(values, list):
            return ""
        parts.append(form.format(key=found["key"], values=",".join(str(value) for value in values)))
    return ",".join(parts)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
