"""Image policy backends in the cluster that cannot answer, or not for long."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import (
    ApiServer,
    Fail,
    ImagePolicyBackends,
    ImagePolicyFiles,
    Manual,
    Place,
    Severity,
    check,
    docs,
    replicas,
)
from checks.admission._image_policy import unseen, with_backend, without_backend


@check(
    "The image policy backend cannot answer, or has a single replica",
    severity=Severity.HIGH,
    references=(
        docs("reference/access-authn-authz/admission-controllers/#imagepolicywebhook"),
        docs("concepts/services-networking/service/"),
    ),
    remediation="""
        Point the kubeconfig at a port that the Service has, see why its pods are not ready, and run two replicas or
        more on different nodes:

            kubectl -n NAMESPACE get service,endpointslices,pods
            kubectl -n NAMESPACE scale deployment/NAME --replicas=2
        """,
)
def image_policy_backend_down(
    server: ApiServer, files: ImagePolicyFiles, backends: ImagePolicyBackends
) -> Iterator[Fail | Manual]:
    """Every pod in the cluster waits for this backend's answer. Where none can come, either no pod can be created any
    more, or every image is let in; with a single replica that is so whenever its node is drained or its pod is moved.
    """
    told: dict[str, tuple[str, dict[str, str | int]]] = {}
    for _, backend in with_backend(server, files):
        for place in backends.places(backend):
            problem = _problem(place, backend.port, backends)
            if problem:
                told.setdefault(place.name, (problem, {"service": place.name, "address": backend.address}))
    for name, (problem, evidence) in told.items():
        yield Fail(f"The image policy backend is Service {name}, {problem}.", part=name, evidence=evidence)
    yield from unseen(without_backend(server, files), "where the image policy backend is")


def _problem(place: Place, port: int, backends: ImagePolicyBackends) -> str:
    if place.port is None:
        return f"which has no port {port}"
    ready = backends.ready(place.service)
    if ready == 0:
        return "which has no ready endpoint"
    asked = [count for owner in backends.workloads(place.service) if (count := replicas(owner)) is not None]
    if asked and sum(asked) == 1:
        return "which has a single replica"
    return "which has a single ready endpoint" if ready == 1 else ""
