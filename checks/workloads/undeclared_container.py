"""Check: undeclared-container."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Fail, ImageUse, Policy, Severity, Skip, check, docs

_ROLES = frozenset({"container", "init", "sidecar"})


@check(
    "A pod runs a container that its template does not declare",
    severity=Severity.MEDIUM,
    references=(
        docs("reference/access-authn-authz/admission-controllers/#mutatingadmissionwebhook"),
        "https://microsoft.github.io/Threat-Matrix-for-Kubernetes/techniques/Sidecar%20Injection/",
    ),
    remediation="""
    Find out who adds it:

        kubectl get mutatingwebhookconfigurations,mutatingadmissionpolicies
        kubectl -n NAMESPACE get pod POD -o yaml --show-managed-fields

    If an injector of yours does, name its containers in the policy, so that only unknown ones stand out:

        images:
          injectedContainers: [istio-proxy, istio-init, NAME]
    """,
)
def undeclared_container(image: ImageUse, policy: Policy) -> Iterator[Fail | Skip]:
    """Pods should hold what their template declares; a further container was added by a mutating webhook or policy at
    admission, or by somebody who made the pod by hand.

    Service meshes do that openly. An intruder with rights to webhooks or pods does it too, since a sidecar shares the
    network, and often the volumes and the service account, of what it stands beside, while the Deployment that people
    review stays clean. Compared is the very template that made the pods.
    """
    if image.container in policy.images.injected_containers:
        return
    pods, examples = 0, set[str]()
    for shape, container in image.places:
        if container.role in _ROLES and shape.declared is not None and container.name not in shape.declared:
            pods += shape.pods
            examples.update(shape.examples)
    if not pods and any(shape.source == "pods" and shape.declared is None for shape, _ in image.places):
        yield Skip("" if image.owner.kind == "Pod" else "the templates that made some pods")
    if pods:
        where = f"pod {min(examples)}" if pods == 1 else f"{pods} pods such as {min(examples)}"
        yield Fail(
            f"Container {image.container} ({image.normalised}) is in {where}, but not in the template that "
            f"made {'it' if pods == 1 else 'them'}: injected at admission, or added by hand.",
            evidence={"pods": pods, "examples": sorted(examples)[:5]},
        )
