"""Webhooks of engines that nobody here knows: those that may deny pods for their images.

What such a webhook denies cannot be seen through the API, so a namespace that it covers is not known to be unguarded.
But nearly every cluster has webhooks on pods that have nothing to do with images, and an answer that is "unknown"
wherever a mesh injects its sidecar is worth nothing. So they are told apart by what they are and how they are named:

- One whose name, configuration, Service or path speaks of images, registries, signatures or of a product that scans
  them may serve every goal, whether it validates or mutates (Connaisseur enforces by a mutating one).
- One that validates pods exists to deny some of them: it may be about registries or digests. Verifying signatures takes
  a tool made for it, and those say so in their names.
- One that mutates pods and says nothing of images injects something, and is left out; so are validators of well-known
  projects whose subject is another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from auditor.enforcement.chain import Fact, Flaw, Goal, ImagePolicy, Link
from auditor.enforcement.namespaces import Namespaces
from auditor.enforcement.webhooks import RESOURCES, Hook, changes_pods, creates_pods, hooks, layer
from auditor.enforcement.world import World

MECHANISM = "webhook"
_UNSEEN = Link("images", "unknown", "what it denies cannot be seen through the API")
_OWN = re.compile(
    r"\.gatekeeper\.sh$|\.kyverno\.svc|(policy|cosigned)\.sigstore\.dev$|^connaisseur|\.kubewarden\.(admission|io)$"
)
"""Webhooks of the engines that have modules of their own."""
_IMAGES = re.compile(
    r"(?<![a-z])("
    r"images?|imagepolic(y|ies)|imageassurance|imageswap|registr(y|ies)|repos(itor(y|ies))?|cosign(ed)?|notary|notation|"
    r"sigstore|signatures?|signed|digests?|trusted|allowlist|whitelist|vulnerabilit(y|ies)|"
    r"anchore|aqua(sec)?|armo(sec)?|binauthz|binaryauthorization|crowdstrike|datree|deepfence|falcon|jspolicy|k-rail|"
    r"kritis|kubescape|lacework|magtape|mondoo|neuvector|nirmata|opa|openpolicyagent|orca|polaris|policyeval|portieris|"
    r"prisma(cloud)?|qualys|ratify|snyk|stackrox|styra|sysdig|tenable|trivy|twistlock|upwind|wiz"
    r")(?![a-z])"
)
_ELSEWHERE = re.compile(
    r"(?<![a-z0-9])("
    r"istio|linkerd|consul|kuma|cert-manager|vault|secrets-store|eks\.amazonaws|elbv2\.k8s\.aws|pod-identity|"
    r"azure-workload-identity|azure-wi|kubernetes\.azure|aks|gke|vpa|autoscaling|keda|kueue|kruise|karpenter|"
    r"opentelemetry|datadog(hq)?|dynatrace|newrelic|instana|appdynamics|jaeger(tracing)?|prometheus|spire|spiffe|"
    r"volcano|yunikorn|knative|tekton|argoproj|kubevirt|openshift|multus|k8s\.cni|sriovnetwork|nvidia|hnc|cilium|"
    r"antrea|calico|longhorn|portworx|rook|trident|cattle|chaos-mesh|vcluster|crossplane|fluxcd|spark(operator)?|"
    r"kubeflow|ray|metallb|capsule|elastic|strimzi|velero|x-k8s|hierarchical"
    r")(?![a-z0-9])"
)

__all__ = ["MECHANISM", "RESOURCES", "image_policies"]


def image_policies(world: World) -> Iterator[ImagePolicy]:
    """A policy for each configuration that may be about images; one without goals where a backend is dead."""
    known = Namespaces(world)
    others = [hook for hook in hooks(world) if not _OWN.search(hook.name) and not _OWN.search(hook.configuration.name)]
    for (_, name), found in _grouped(hook for hook in others if creates_pods(hook)).items():
        meant = [(hook, goals) for hook in found if (goals := _goals(hook))]
        below = layer(world, [hook for hook, _ in meant] or found, engine=name, namespaces=known)
        facts = tuple(fact for policy in below.policies for fact in policy.facts)
        if not meant:
            facts = tuple(fact for fact in facts if fact.flaw is Flaw.DEAD_BACKEND)
        if meant or facts:
            goals = frozenset(goal for _, goals in meant for goal in goals)
            yield _policy(found, goals, below.chains((_UNSEEN,)) if meant else {}, facts)
    # What is called for changes alone enforces nothing, and yet may deny them.
    for (_, name), found in _grouped(hook for hook in others if not creates_pods(hook) and changes_pods(hook)).items():
        if goals := frozenset(goal for hook in found for goal in _goals(hook)):
            below = layer(world, [hook for hook in found if _goals(hook)], engine=name, namespaces=known)
            yield _policy(found, goals, below.chains((_UNSEEN,)))


def _grouped(found: Iterable[Hook]) -> dict[tuple[str, str], list[Hook]]:
    """Hooks by their configuration."""
    grouped: dict[tuple[str, str], list[Hook]] = {}
    for hook in found:
        grouped.setdefault((hook.configuration.kind, hook.configuration.name), []).append(hook)
    return grouped


def _policy(
    found: list[Hook], goals: frozenset[Goal], chains: Mapping[str, tuple[Link, ...]], facts: tuple[Fact, ...] = ()
) -> ImagePolicy:
    return ImagePolicy(
        MECHANISM, found[0].about, goals, by_namespace=chains, facts=facts, origin=found[0].configuration.origin
    )


def _goals(hook: Hook) -> frozenset[Goal]:
    """What the webhook may be about; nothing for those that have another subject."""
    _, service, path = hook.service
    said = f"{hook.name} {hook.configuration.name} {service} {path}".lower()
    if _IMAGES.search(said):
        return frozenset(Goal)
    if hook.mutating or _ELSEWHERE.search(said):
        return frozenset()
    return frozenset({Goal.REGISTRIES, Goal.DIGESTS})
