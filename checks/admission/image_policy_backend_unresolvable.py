"""Image policy backends whose name the API server cannot look up."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ApiServer, Fail, ImagePolicyBackends, ImagePolicyFiles, Manual, Severity, check, docs, service_name
from checks.admission._image_policy import unseen, with_backend, without_backend
from checks.admission._names import resolves


@check(
    "The API server cannot resolve the name of the image policy backend",
    severity=Severity.HIGH,
    references=(
        docs("concepts/services-networking/dns-pod-service/#pod-s-dns-policy"),
        docs("reference/access-authn-authz/admission-controllers/#imagepolicywebhook"),
    ),
    remediation="""
        Name the backend by what the node can reach: a stable address or a name in the nodes' own DNS. The Service's
        cluster IP works too, if its certificate has that address as a subject alternative name. Entries in /etc/hosts
        of every control-plane node are copied into the container when it starts, and only then.
        """,
)
def image_policy_backend_unresolvable(
    server: ApiServer, files: ImagePolicyFiles, backends: ImagePolicyBackends
) -> Iterator[Fail | Manual]:
    """A kube-apiserver that runs as a static pod is on the node's network and asks the node's resolver, which knows
    nothing of Services. A backend that is named like one is not found: every question fails, and either every pod is
    refused or every image is let in.
    """
    lost: dict[str, str] = {}
    own: dict[str, str] = {}
    for found, backend in with_backend(server, files):
        if service_name(backend.host) is None:
            continue
        known = resolves(found.pod, backend)
        if known is True:
            continue
        certain = ".svc." in f"{backend.host}."
        if not certain and not any(place.how == "name" for place in backends.places(backend)):
            continue
        (lost if known is False else own)[found.pod.name] = backend.host
    if lost:
        host = next(iter(lost.values()))
        yield Fail(
            f"{host} is the name of a Service, and {', '.join(lost)} uses the node's resolver, not the cluster's DNS: "
            "the image policy backend is not found.",
            evidence={"host": host, "apiservers": list(lost)},
        )
    elif own:
        yield Manual(
            f"{next(iter(own.values()))} is the name of a Service, and {', '.join(own)} has DNS settings of its own: "
            "see whether they lead to the cluster's DNS.",
            evidence={"apiservers": list(own)},
        )
    yield from unseen(without_backend(server, files), "what the image policy backend is called")
