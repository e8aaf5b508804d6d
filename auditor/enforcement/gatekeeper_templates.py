"""Gatekeeper's ConstraintTemplates: is one in force, and what does it read?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from auditor.enforcement.chain import Fact, Flaw, Link
from auditor.enforcement.fields import items, mapping, mappings, strings, text, texts
from auditor.enforcement.gatekeeper_cel import CelTemplate, cel_template
from auditor.enforcement.rego.compiler import Program, RegoError, Unsupported, compiled
from auditor.model import PolicyObject

_TARGET = "admission.k8s.gatekeeper.sh"
_IMAGE = re.compile(r"""\.images?\b|["']images?["']|\bexternal_data\b""")
_IMAGES_ALONE = frozenset(
    (
        "containers ephemeralContainers image images initContainers kind metadata name namespace object operation "
        "parameters reference review spec volumes"
    ).split()
)
_NAMESPACED = frozenset({"namespace", "namespaceObject", "_unstable"})


class Template(Struct, frozen=True):
    """A template: the links that must hold for any constraint of its kind, and its code where it could be read.

    `program` is its Rego, `cel` its CEL; with neither, `unread` says why. `external`: it asks a provider elsewhere.
    """

    object: PolicyObject
    kind: str
    links: tuple[Link, ...]
    facts: tuple[Fact, ...] = ()
    program: Program | None = None
    cel: CelTemplate | None = None
    unread: str = ""
    about_images: bool = False
    external: bool = False

    @property
    def images_alone(self) -> bool:
        """Whether the images are all that it reads of a pod."""
        if self.program is not None:
            return not self.program.data and "image" in self.program.fields and self.program.fields <= _IMAGES_ALONE
        return self.cel is not None and "image" in self.cel.fields and self.cel.fields <= _IMAGES_ALONE

    @property
    def by_namespace(self) -> bool:
        """Whether it reads in which namespace the pod is."""
        found = self.program.fields if self.program is not None else self.cel.fields if self.cel is not None else ()
        return not _NAMESPACED.isdisjoint(found)

    @property
    def texts(self) -> frozenset[str]:
        """The strings in its code that may stand for images."""
        found = self.program.texts if self.program is not None else self.cel.texts if self.cel is not None else ()
        return frozenset(one for one in found if set("./:*") & set(one) and " " not in one)

    def violates(self, review: Mapping[str, Any], parameters: Any) -> bool | None:
        """Whether a review violates under these parameters; None where that is not known."""
        try:
            if self.program is not None:
                return self.program.violates(review, parameters)
        except (Unsupported, RegoError, RecursionError):
            return None
        return self.cel.denies(review, parameters) if self.cel is not None else None


def template(found: PolicyObject) -> Template:
    """A ConstraintTemplate as Gatekeeper takes it in.

    Sources: gatekeeper pkg/controller/constrainttemplate (status.created, status.byPod), frameworks
    constraint/pkg/client (one target; the name is the kind in lower case; where there is code for several engines,
    K8sNativeValidation goes before Rego).
    """
    kind = text(mapping(mapping(mapping(found.spec.get("crd")).get("spec")).get("names")).get("kind"))
    targets = mappings(found.spec.get("targets"))
    source = "\n".join(strings(targets))
    about_images = bool(_IMAGE.search(source))
    external = "external_data" in source
    problem, program, cel, unread = "", None, None, ""
    if not kind or found.name != kind.lower():
        problem = f"its name is not its kind in lower case ({kind.lower() or 'no kind is given'})"
    elif len(targets) != 1 or text(targets[0].get("target")) != _TARGET:
        problem = f"it does not have the one target {_TARGET}"
    elif not about_images:
        unread = "it is not about images"
    else:
        code, problem, unread = _code(targets[0])
        program, cel = (code, None) if isinstance(code, Program) else (None, code)
    health, accepted = _health(found)
    if problem and accepted:
        # Gatekeeper has taken it in, so it knows better.
        unread, problem = problem, ""
    links = (Link("template", "broken", problem) if problem else health, *_operations(targets))
    facts = tuple(
        Fact(Flaw.BROKEN, f"template {found.name}: {link.detail}.", part="template")
        for link in links
        if link.state == "broken"
    )
    return Template(found, kind, links, facts, program, cel, unread, about_images, external)


def _code(target: Mapping[str, Any]) -> tuple[Program | CelTemplate | None, str, str]:
    """The code that runs; else why it cannot run, or why it is not read."""
    engines = {text(code.get("engine")): mapping(code.get("source")) for code in mappings(target.get("code"))}
    try:
        if "K8sNativeValidation" in engines:
            found = cel_template(engines["K8sNativeValidation"])
            return (found, "", "") if isinstance(found, CelTemplate) else (None, "", found)
        if "Rego" in engines:
            source = engines["Rego"]
            version = text(source.get("version")) or "v0"
            return compiled(text(source.get("rego")), texts(source.get("libs")), version=version), "", ""
        if text(target.get("rego")):
            return compiled(text(target["rego"]), texts(target.get("libs"))), "", ""
    except RegoError as error:
        return None, f"its Rego does not compile: {error}", ""
    except Unsupported as error:
        return None, "", f"its Rego is not understood: {error}"
    return None, "", "its code is for an engine that is not known"


def _health(found: PolicyObject) -> tuple[Link, bool]:
    """What the template's status says, and whether that is that it has been taken in."""
    status = found.status
    pods = [pod for pod in mappings(status.get("byPod")) if _serves(pod)]
    if not status:
        if found.generation is None:
            return Link("template", "holds", f"template {found.name}"), False
        return Link("template", "unknown", "Gatekeeper has said nothing of the template in its status"), False
    failing = [pod for pod in pods if items(pod.get("errors"))]
    if status.get("created") is not True or (pods and len(failing) == len(pods)):
        reason = next((error for pod in failing for error in _errors(pod)), "it was not created")
        return Link("template", "broken", f"Gatekeeper refuses the template: {reason}"), False
    if failing:
        return Link("template", "unknown", "some of Gatekeeper's pods refuse the template"), False
    if pods and found.generation is not None and all(stale(pod, found.generation) for pod in pods):
        return Link("template", "unknown", "Gatekeeper has not yet taken in what the template says now"), False
    return Link("template", "holds", f"template {found.name} is in force"), True


def _operations(targets: list[dict[str, Any]]) -> Iterator[Link]:
    """A target may name the operations that it is for; empty means all."""
    named = {name for target in targets for name in texts(target.get("operations"))}
    if named and not named & {"*", "CREATE"}:
        yield Link("template operations", "broken", "the template is not for CREATE")
    elif named and not named & {"*", "UPDATE"}:
        yield Link("template operations", "broken", "the template is not for UPDATE", essential=False)


def _errors(pod: Mapping[str, Any]) -> Iterator[str]:
    for error in mappings(pod.get("errors")):
        said = " ".join(text(error.get("message")).split())
        yield f"{text(error.get('code')) or 'error'}: {said[:200]}" if said else "an error"


def errors(pods: list[dict[str, Any]]) -> str:
    """The first error that the pods report, empty if there is none."""
    return next((said for pod in pods for said in _errors(pod)), "")


def _serves(pod: Mapping[str, Any]) -> bool:
    """Whether a status is that of a pod that answers the webhook; old versions name no operations."""
    operations = texts(pod.get("operations"))
    return not operations or "webhook" in operations


def stale(pod: Mapping[str, Any], generation: int) -> bool:
    observed = pod.get("observedGeneration")
    return isinstance(observed, int) and observed < generation
