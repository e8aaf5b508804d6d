"""The least ClusterRole that a selection of checks needs, from what the checks declare by their parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable

from auditor.check import Check
from auditor.coverage import Gaps
from auditor.engine_settings import MUTATING, places
from auditor.list_views import Credentials
from auditor.model import PolicyObject, Snapshot
from auditor.parameters import BINDINGS, POLICIES, SECRET, ParameterRef, parameter_refs, plural_of
from auditor.publish_apis import APIS
from auditor.subjects import ImageUse
from auditor.views import needs
from auditor.wire import ALL_CONFIGMAPS, BY_NAME, CONSTRAINTS, PARAMETERS, RULE_CONFIGMAPS, SETTINGS

_BARE = re.compile(r"[a-z][a-z-]*[a-z]")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off"})
_OWNERS = {
    "argoproj.io": "Argo Rollouts",
    "templates.gatekeeper.sh": "Gatekeeper: templates",
    "config.gatekeeper.sh": "Gatekeeper: exempt namespaces",
    CONSTRAINTS: "Gatekeeper: constraints, of whatever kinds the templates make",
    "kyverno.io": "Kyverno: policies and exceptions",
    "policies.kyverno.io": "Kyverno: the newer kinds of policies",
    "policy.sigstore.dev": "sigstore policy-controller",
    "policies.kubewarden.io": "Kubewarden",
    "config.openshift.io": "OpenShift",
    "monitoring.coreos.com": "Prometheus operator: alerts, and which of them are loaded",
    "aquasecurity.github.io": "Trivy Operator: results of its scans",
}
"""Whose an API group is that not every cluster serves."""

NAMING = (MUTATING, POLICIES, BINDINGS)
"""Whose objects name others that are to be read."""

_SECRETS = """\
  # RBAC cannot narrow it to registry secrets. Only their two types are asked for; no value is kept;
  # other names that pods refer to are looked up as metadata. Without it, those checks answer manual."""
_SETTINGS = "  # Settings of Kyverno, sigstore policy-controller and Connaisseur: these alone."
_RULES = """\
  # Rules of Falco and Prometheus: only what is one is kept. RBAC cannot narrow it; asked for are the namespaces in
  # which these run, and a RoleBinding in each of those is enough. Without it, these checks answer manual."""
_ALL_CONFIGMAPS = """\
  # For inert-policy-object: the ConfigMaps of all namespaces, of which only rules and policies are kept."""
_PARAMETERS = "  # What ValidatingAdmissionPolicies take their parameters from."
_UNKNOWN_PARAMETERS = """\
  # ValidatingAdmissionPolicies may take parameters from objects of any kind. Which ones is up to the cluster:
  # `auditor rbac --context NAME` prints the rule. Without it, those policies are left to judgment."""

_ALL = "# Read-only. Everything that Auditor needs beyond what system:discovery and system:basic-user give to all."
_MORE = (
    "# For `auditor probe`, beyond what system:discovery and system:basic-user give to all. Not read-only: see the end."
)
_PUBLISHING = (
    "# Everything that Auditor needs beyond what system:discovery and system:basic-user give to all. Read-only, save\n"
    "# for policy reports, which `auditor scan --publish` writes: see the end."
)
_REPORTS = """\
  # Policy reports: Auditor's own are written by server-side apply, and deleted when they no longer hold. No names here:
  # RBAC cannot narrow create and list to them, and how many parts a large report has is not known beforehand."""
_NO_REPORTS = """\
  # The cluster serves no policy report API: `auditor scan --publish` needs openreports.io or wgpolicyk8s.io."""
_PROBE = """\
  # A probe creates pods in dry runs, and looks that none was kept. RBAC cannot tell a dry run from a write:
  # bind this for the time of a probe alone."""
_CHANGES = """\
  # Dry-run changes of pods with the label auditor.dev/probe=target. Without it, these alone stay undecided."""


def needed_resources(checks: Iterable[Check], *, credentials: bool = False) -> tuple[str, ...]:
    """What the checks rest on (names in coverage), in the order of the API; namespaces always, to tell a mistyped
    one. `credentials`: with what tells which pull secrets an image's workloads use."""
    wanted = {"namespaces"}
    if credentials:
        wanted |= set(needs(ImageUse, [Credentials]))
    for check in checks:
        wanted |= set(needs(check.subject, [parameter.type for parameter in check.parameters]))
    return tuple(name for name in BY_NAME if name in wanted)


def cluster_role(
    resources: Iterable[str],
    groups: Collection[str] | None = None,
    policies: Snapshot | None = None,
    *,
    probe: bool = False,
    publish: bool = False,
) -> str:
    """A ClusterRole manifest: list for each resource; get for what is looked up by name.

    `groups` are the API groups that there are: of those that not every cluster serves, only these get rules; None
    stands for all. `policies` is a snapshot with the cluster's policies and webhooks, which name further objects.
    `probe`: with what `auditor probe` needs beside it; `publish`: with what `auditor scan --publish` does.
    """
    found: dict[str, list[str]] = {}
    for name in resources:
        found.setdefault(BY_NAME[name].group, []).append(name)
    lines = [
        _MORE if probe else _PUBLISHING if publish else _ALL,
        "apiVersion: rbac.authorization.k8s.io/v1",
        "kind: ClusterRole",
        "metadata:",
        f"  name: {'auditor-probe' if probe else 'auditor'}",
        "rules:",
    ]
    core = found.pop("", [])
    apart = ("secrets", SETTINGS.name, PARAMETERS.name, RULE_CONFIGMAPS.name, ALL_CONFIGMAPS.name)
    lines += _rule("", [name for name in core if name not in apart])
    for group in sorted(found, key=lambda group: (group in _OWNERS, group)):
        if group not in _OWNERS:
            lines += _rule(group, found[group])
    for group in _OWNERS:
        if group in found and (groups is None or group in groups):
            lines += _rule(group, found[group], f"  # {_OWNERS[group]}")
    if SETTINGS.name in core:
        hooks = _read(policies, (MUTATING,))
        names = sorted(
            place.name for place in places(groups, hooks or (), hooks_known=hooks is not None) if place.namespaces
        )
        lines += names and _rule("", [SETTINGS.name], _SETTINGS, verbs=("get",), names=names)
    if PARAMETERS.name in core:
        known = _read(policies, (POLICIES, BINDINGS))
        lines += [_UNKNOWN_PARAMETERS] if known is None else _parameter_rules(parameter_refs(known))
    rules = next((name for name in (ALL_CONFIGMAPS.name, RULE_CONFIGMAPS.name) if name in core), "")
    if rules:
        lines += _rule("", ["configmaps"], _ALL_CONFIGMAPS if rules == ALL_CONFIGMAPS.name else _RULES)
    if "secrets" in core:
        lines += _rule("", ["secrets"], _SECRETS, verbs=("get", "list"))
    if publish:
        lines += _report_rules(groups)
    if probe:
        lines += _rule("", ["pods"], _PROBE, verbs=("create", "get"))
        lines += _rule("", ["pods", "pods/ephemeralcontainers"], _CHANGES, verbs=("patch",))
    return "\n".join(lines) + "\n"


def groups_of(snapshot: Snapshot) -> frozenset[str]:
    """The API groups of which a snapshot knows that they are there."""
    there = (BY_NAME.get(row.resource) for row in snapshot.coverage if row.state in ("read", "forbidden", "failed"))
    return frozenset(resource.group for resource in there if resource)


def _read(snapshot: Snapshot | None, resources: Iterable[str]) -> tuple[PolicyObject, ...] | None:
    """The policies of a snapshot, None where these resources were not all read."""
    gaps = Gaps(snapshot or Snapshot())
    if snapshot is None or any(gaps.gap(name, everywhere=True) for name in resources):
        return None
    return snapshot.policies


def _rule(
    group: str,
    resources: list[str],
    comment: str = "",
    *,
    verbs: tuple[str, ...] = ("list",),
    names: Iterable[str] = (),
) -> list[str]:
    if not resources:
        return []
    plurals = ["*" if resource == CONSTRAINTS else resource.partition(".")[0] for resource in resources]
    named = [f"    resourceNames: [{', '.join(map(_scalar, names))}]"] if names else []
    return [
        *([comment] if comment else []),
        f"  - apiGroups: [{json.dumps(group)}]",
        f"    resources: [{', '.join(map(_scalar, plurals))}]",
        *named,
        f"    verbs: [{', '.join(map(json.dumps, verbs))}]",
    ]


def _report_rules(groups: Collection[str] | None) -> list[str]:
    """For each API that may be served: what is in one that is not preferred any more is deleted there, too."""
    served = [api for api in APIS if groups is None or api.group in groups]
    lines = [_REPORTS if served else _NO_REPORTS]
    for api in served:
        plurals = [api.plural_in(""), api.plural_in(None)]
        lines += _rule(api.group, plurals, verbs=("create", "delete", "list", "patch"))
    return lines


def _scalar(text: str) -> str:
    """As YAML: bare where it can only be text."""
    return text if _BARE.fullmatch(text) and text not in _WORDS else json.dumps(text)


def _parameter_rules(parameters: Iterable[ParameterRef]) -> list[str]:
    """Get and list by name, since what a name means in every namespace is listed; all of a kind only for a selector."""
    kinds: dict[tuple[str, str], set[str]] = {}
    for ref in parameters:
        if (ref.api_version, ref.kind) != SECRET:
            kinds.setdefault((ref.group, plural_of(ref.kind)), set()).add(ref.name)
    lines = [_PARAMETERS] if kinds else []
    for (group, plural), names in sorted(kinds.items()):
        named = sorted(names - {""})
        if named:
            lines += _rule(group, [plural], verbs=("get", "list"), names=named)
        if "" in names:
            lines += _rule(group, [plural])
    return lines
