"""Image policy backends that cannot be started without themselves."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import (
    ApiServer,
    Fail,
    ImagePolicyBackends,
    ImagePolicyFiles,
    Manual,
    Owner,
    Policy,
    Severity,
    check,
    docs,
    is_static,
)
from checks.admission._image_policy import unseen, with_backend, without_backend
from checks.admission._own_image import refusals


@check(
    "The image policy backend runs in the cluster that it gates",
    severity=Severity.HIGH,
    references=(
        docs("reference/access-authn-authz/admission-controllers/#imagepolicywebhook"),
        docs("tasks/configure-pod-container/static-pod/"),
    ),
    remediation="""
        Run the backend where it is not asked about itself: outside of the cluster, or as a static pod on every
        control-plane node, which the kubelet starts without asking the API server. Until then know the way out of a
        full stop: take ImagePolicyWebhook out of --enable-admission-plugins on every control-plane node, start the
        backend, put it back. Pin the backend's own image by digest, in a registry that it allows.
        """,
)
def image_policy_deadlock(
    server: ApiServer, files: ImagePolicyFiles, backends: ImagePolicyBackends, policy: Policy
) -> Iterator[Fail | Manual]:
    """ImagePolicyWebhook exempts no namespace. Where it fails closed and its backend is a pod like any other, then
    after a full stop no pod can be created, because the backend does not run, and the backend does not run, because no
    pod can be created; the network and the DNS that it needs are in the same trap. Where it would refuse its own image,
    that happens as soon as its pod is moved.
    """
    unknown = [found for found in files.in_use(server) if found.settings and found.settings.default_allow is None]
    closed = [
        (found, backend)
        for found, backend in with_backend(server, files)
        if found.settings and found.settings.default_allow is False
    ]
    told: dict[str, Fail] = {}
    for _, backend in closed:
        for place in backends.places(backend):
            owners = [owner for owner in backends.workloads(place.service) if not is_static(owner)]
            if owners and place.name not in told:
                told[place.name] = _trap(place.name, owners, policy)
    yield from told.values()
    yield from unseen([*unknown, *without_backend(server, files)], "whether the image policy backend gates itself")


def _trap(service: str, owners: list[Owner], policy: Policy) -> Fail:
    names = [f"{owner.kind} {owner.namespace}/{owner.name}" for owner in owners]
    own = [reason for owner in owners for reason in refusals(owner, policy)]
    message = f"The image policy backend ({', '.join(names)}) is itself subject to the policy, which fails closed: "
    message += f"{own[0]}." if own else "after a full stop nothing can start it."
    evidence = {"service": service, "workloads": names, "refusals": own}
    return Fail(message, part=service, evidence=evidence)
