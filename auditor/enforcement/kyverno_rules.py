"""Rules of Kyverno's ClusterPolicy and Policy that validate pods: what one makes of a sample pod."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from auditor.enforcement.admission_objects import Definition, definition
from auditor.enforcement.admission_review import Context, review
from auditor.enforcement.fields import items, mapping, mappings, strings, text
from auditor.enforcement.kyverno_conditions import hold
from auditor.enforcement.kyverno_patterns import Unreadable, overlay
from auditor.enforcement.kyverno_values import Absent, images, resolve, substitute
from auditor.enforcement.sample_pods import Sample, pod
from auditor.enforcement.samples import Sample as CelSample
from auditor.model import PolicyObject

_IMAGE = re.compile(r"(?<![A-Za-z])images?(?![A-Za-z])|verifyImageSignatures|imageReferences")
_PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["pods/*"]}
_IMAGES_ALONE = frozenset({"containers", "ephemeralContainers", "image", "initContainers", "name", "pattern", "spec"})
_ANCHOR = re.compile(r"[+<=X^]?\((.+)\)")


class Place(Struct, frozen=True):
    """Where a request is made: a namespace and its labels, None where they were not read."""

    namespace: str
    labels: Mapping[str, str] | None


class Rule:
    """A validate rule. `about_images`: its words say so; `by_namespace`: it reads where the pod is."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.raw = found
        self.name = text(found.get("name"))
        self.validate = mapping(found.get("validate"))
        self._cel: Definition | None = None
        said = {key: value for key, value in self.validate.items() if key not in ("message", "failureAction")}
        words = [*strings(said), *strings(found.get("preconditions"))]
        self.about_images = any(_IMAGE.search(word) for word in words)
        self.by_namespace = any("namespace" in word.lower() for word in words)
        self.hints = [word for word in words if set("./:*") & set(word) and len(word) < 300]
        if isinstance(self.validate.get("cel"), dict):
            self._cel = definition(
                PolicyObject("", "ClusterPolicy", self.name, spec=_cel_spec(found, self.validate["cel"]))
            )
            self.hints += [word for one in self._cel.expressions for word in one.tree.literals]

    @property
    def images_alone(self) -> bool:
        """Whether images are all that it reads of a pod."""
        if set(self.validate) - {"message", "failureAction", "failureActionOverrides"} != {"pattern"}:
            return False
        return not self.raw.get("preconditions") and set(_keys(self.validate["pattern"])) <= _IMAGES_ALONE

    def denies(self, sample: Sample, place: Place) -> bool | None:
        """Whether the rule fails a pod; None where that is not known. A rule that is skipped fails nothing."""
        try:
            if self._cel is not None:
                return _cel_denies(self._cel, sample, place)
            return self._denies(pod(sample, place.namespace), sample)
        except (Unreadable, Absent):
            return None

    def _denies(self, found: dict[str, Any], sample: Sample) -> bool:
        context = _context(found, sample)
        for entry in items(self.raw.get("context")):
            context |= _variable(entry, context)
        if not hold(self.raw.get("preconditions"), context):
            return False
        return _fails(self.validate, found, context)


def _fails(validate: Mapping[str, Any], resource: Any, context: dict[str, Any]) -> bool:
    """One block of a rule or a foreach, in the order in which Kyverno looks for what it holds."""
    if "deny" in validate:
        return hold(mapping(validate["deny"]).get("conditions"), context)
    if validate.get("pattern") is not None:
        return overlay(resource, substitute(validate["pattern"], context)) == "fail"
    if validate.get("anyPattern") is not None:
        found = [overlay(resource, pattern) for pattern in items(substitute(validate["anyPattern"], context))]
        return "pass" not in found and "fail" in found
    if "foreach" in validate:
        return any(_each_fails(each, context) for each in mappings(validate["foreach"]))
    raise Unreadable("a rule of another kind")


def _each_fails(each: Mapping[str, Any], context: dict[str, Any]) -> bool:
    if each.get("context") or each.get("elementScope") is not None or "foreach" in each:
        raise Unreadable("a foreach that is not read here")
    try:
        elements = resolve(text(each.get("list")), context)
    except Absent:
        return False
    if not isinstance(elements, list):
        raise Unreadable("a foreach over something else than a list")
    for index, element in enumerate(elements):
        if element is None:
            continue
        inner = {**context, "element": element, "elementIndex": index}
        try:
            meant = hold(each.get("preconditions"), inner)
        except Absent:
            continue
        if meant and _fails(each, element, inner):
            return True
    return False


def _context(found: dict[str, Any], sample: Sample) -> dict[str, Any]:
    request = {
        "operation": "UPDATE" if sample.ephemeral else "CREATE",
        "object": found,
        "namespace": found["metadata"]["namespace"],
        "name": found["metadata"]["name"],
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "subResource": "ephemeralcontainers" if sample.ephemeral else "",
        "userInfo": {"username": "somebody", "groups": ["system:authenticated"]},
        "roles": [],
        "clusterRoles": [],
    }
    if sample.ephemeral:
        request["oldObject"] = pod(Sample(sample.containers), found["metadata"]["namespace"])
    return {"request": request, "images": images(found)}


def _variable(entry: Any, context: dict[str, Any]) -> dict[str, Any]:
    """A context entry with a value of its own; others are asked from elsewhere."""
    variable = mapping(mapping(entry).get("variable"))
    name = text(mapping(entry).get("name"))
    if not name or set(variable) != {"value"}:
        raise Unreadable("a variable that is asked from elsewhere")
    return {name: substitute(variable["value"], context)}


def _cel_spec(found: Mapping[str, Any], cel: dict[str, Any]) -> dict[str, Any]:
    """A CEL rule as the ValidatingAdmissionPolicy that Kyverno makes of it."""
    spec: dict[str, Any] = {
        "matchConstraints": {"resourceRules": [_PODS]},
        "matchConditions": found.get("celPreconditions"),
        "variables": cel.get("variables"),
        "validations": cel.get("expressions"),
    }
    return {**spec, "paramKind": cel["paramKind"]} if cel.get("paramKind") is not None else spec


def _cel_denies(found: Definition, sample: Sample, place: Place) -> bool | None:
    return judged(found, sample, Context(place.namespace, place.labels, None if found.param_kind else (None,)))


def judged(found: Definition, sample: Sample, context: Context) -> bool | None:
    """What an admission policy's expressions make of a sample; None where they are not understood.

    A pod that is denied for something else than its images is not counted as denied: another one would get in.
    """
    if found.fault is not None:
        return None
    before = sample.containers if sample.ephemeral else ()
    request = CelSample(sample.containers, sample.init, sample.volumes, sample.ephemeral, before)
    return {"denied": True, "unknown": None, "allowed": False, "otherwise": False}[
        review(found, request, context).outcome
    ]


def _keys(pattern: Any) -> Iterator[str]:
    if isinstance(pattern, dict):
        for key, value in pattern.items():
            anchor = _ANCHOR.fullmatch(key)
            yield anchor[1] if anchor else key
            yield from _keys(value)
    elif isinstance(pattern, list):
        for item in pattern:
            yield from _keys(item)
