"""The policy file's registries as an admission policy: the audit's own matching rules, in CEL.

Names are normalised as distribution/reference does (Docker Hub's short names, index.docker.io), and compared at whole
path segments. On UPDATE only images that are new to the pod are judged, so that pods that run already can still be
labelled and deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import yaml

from auditor.errors import PolicyError
from auditor.image import DOCKER_HUB, Entry
from auditor.policy import Policy

NAME = "auditor-allowed-registries"
_PLACES = ("containers", "initContainers", "ephemeralContainers")
_RULES = {
    "resourceRules": [
        {
            "apiGroups": [""],
            "apiVersions": ["v1"],
            "operations": ["CREATE", "UPDATE"],
            "resources": ["pods", "pods/ephemeralcontainers"],
        }
    ]
}


def manifests(policy: Policy, engine: str) -> str:
    """YAML that enforces the policy's allowlist by an engine of ENGINES; PolicyError if it has no allowlist."""
    if policy.registries.allowed is None and not policy.registries.namespaces:
        raise PolicyError(
            "the policy has no allowlist, so there is nothing to enforce",
            "Give --policy a file with registries.allowed; see docs/guides/policy.md.",
        )
    documents = ENGINES[engine](policy)
    return "---\n".join(yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=110) for document in documents)


class _Dumper(yaml.SafeDumper):
    """Expressions as block scalars, so that people can read them."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _admission_policy(policy: Policy) -> Iterable[dict[str, Any]]:
    api = "admissionregistration.k8s.io/v1"
    spec = {"failurePolicy": "Fail", "matchConstraints": _RULES, **_cel(policy, "request.namespace")}
    yield {"apiVersion": api, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": NAME}, "spec": spec}
    binding = {"policyName": NAME, "validationActions": ["Deny"]}
    yield {"apiVersion": api, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": NAME}, "spec": binding}


def _kyverno(policy: Policy) -> Iterable[dict[str, Any]]:
    spec = {
        "validationActions": ["Deny"],
        "failurePolicy": "Fail",
        "evaluation": {"background": {"enabled": False}},
        "autogen": {"podControllers": {"controllers": []}},
        "matchConstraints": _RULES,
        **_cel(policy, "request.namespace"),
    }
    kind = {"apiVersion": "policies.kyverno.io/v1", "kind": "ValidatingPolicy"}
    yield {**kind, "metadata": {"name": NAME}, "spec": spec}


def _gatekeeper(policy: Policy) -> Iterable[dict[str, Any]]:
    kind = "AuditorAllowedRegistries"
    source = {"failurePolicy": "Fail", **_cel(policy, "object.metadata.namespace")}
    target = {
        "target": "admission.k8s.gatekeeper.sh",
        "code": [{"engine": "K8sNativeValidation", "source": source}],
    }
    yield {
        "apiVersion": "templates.gatekeeper.sh/v1",
        "kind": "ConstraintTemplate",
        "metadata": {"name": kind.lower()},
        "spec": {"crd": {"spec": {"names": {"kind": kind}}}, "targets": [target]},
    }
    yield {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": kind,
        "metadata": {"name": NAME},
        "spec": {"enforcementAction": "deny", "match": {"kinds": [{"apiGroups": [""], "kinds": ["Pod"]}]}},
    }


ENGINES: Mapping[str, Callable[[Policy], Iterable[dict[str, Any]]]] = {
    "validating-admission-policy": _admission_policy,
    "gatekeeper": _gatekeeper,
    "kyverno": _kyverno,
}


def _cel(policy: Policy, namespace: str) -> dict[str, Any]:
    """Variables and the validation: every image that is new to the pod is under an allowed entry."""
    fresh = "variables.images.filter(image, !(image in variables.before))"
    refused = f"{fresh}\n.filter(image, !{_names('[image]')}\n.all(name,\n  {_permits(policy, namespace)}))"
    return {
        "variables": [
            {"name": "images", "expression": _images("object")},
            {"name": "before", "expression": f"oldObject == null ? [] :\n{_images('oldObject')}"},
            {"name": "refused", "expression": refused},
        ],
        "validations": [
            {
                "expression": "variables.refused.size() == 0",
                "messageExpression": "'not from an allowed registry: ' + variables.refused.join(', ')",
            }
        ],
    }


def _images(pod: str) -> str:
    """All image references of a pod, image volumes' too."""
    parts = [f"(has({pod}.spec.{place}) ? {pod}.spec.{place}.map(c, c.image) : [])" for place in _PLACES]
    volumes = f"{pod}.spec.volumes.filter(v, has(v.image) && has(v.image.reference)).map(v, v.image.reference)"
    parts.append(f"(has({pod}.spec.volumes) ? {volumes} : [])")
    return " +\n".join(parts)


def _names(images: str) -> str:
    """`registry/path` of references: without digest and tag, in normal form."""
    return f"""{images}
.map(i, i.split('@')[0])
.map(i, i.lastIndexOf(':') > i.lastIndexOf('/') ? i.substring(0, i.lastIndexOf(':')) : i)
.map(i, i.contains('/') && (i.startsWith('localhost/') || i.split('/')[0].matches('[.:A-Z]')) ? i : '{DOCKER_HUB}/' + i)
.map(i, i.startsWith('index.{DOCKER_HUB}/') ? i.substring(6) : i)
.map(i, i.matches('^docker[.]io/[^/]*$') ? i.replace('{DOCKER_HUB}/', '{DOCKER_HUB}/library/') : i)"""


def _permits(policy: Policy, namespace: str) -> str:
    """Whether `name` is allowed; where the policy has no list for a namespace, everything is."""
    everywhere = policy.registries.allowed
    clauses = [_under(everywhere)] if everywhere else []
    listed = []
    for glob, entries in policy.registries.namespaces.items():
        here = f"{namespace}.matches('{_regex(glob)}')"
        listed.append(here)
        if entries:
            clauses.append(f"({here} && {_under(entries)})")
    if everywhere is None:
        clauses.append(f"!({' || '.join(listed)})")
    return " ||\n  ".join(clauses) or "false"


def _under(entries: Iterable[Entry]) -> str:
    prefixes = sorted({f"{entry}/" for entry in entries})
    official = sorted(
        f"{DOCKER_HUB}/library/{entry.path}"
        for entry in entries
        if entry.registry == DOCKER_HUB and entry.path and "/" not in entry.path
    )
    said = f"{_list(prefixes)}.exists(allowed, (name + '/').startsWith(allowed))"
    return f"({said} || name in {_list(official)})" if official else said


def _list(texts: Iterable[str]) -> str:
    return "[" + ", ".join(f"'{text}'" for text in texts) + "]"


def _regex(glob: str) -> str:
    """A namespace glob as RE2, for names of [a-z0-9-]: only these, and the globs' own signs, come through."""
    signs = {"*": ".*", "?": "."}
    text = "".join(signs.get(sign, sign if sign.isalnum() or sign in "-[]!" else "[.]") for sign in glob)
    return "^" + text.replace("[!", "[^") + "$"
