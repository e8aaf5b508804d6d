"""API servers of one control plane that are set up differently."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ApiServer, Fail, Severity, check, docs
from checks.apiserver._divergence import differences
from checks.apiserver._servers import listed


@check(
    "API servers of one control plane differ",
    severity=Severity.MEDIUM,
    references=(
        docs("setup/production-environment/tools/kubeadm/control-plane-flags/"),
        docs("setup/production-environment/tools/kubeadm/high-availability/"),
        docs("reference/access-authn-authz/admission-controllers/"),
    ),
    remediation="""
        Give every control-plane node the same manifest and the same files. With kubeadm, change the
        ClusterConfiguration (`kubectl -n kube-system edit configmap kubeadm-config`), then write the manifest anew on
        each control-plane node:

            kubeadm init phase control-plane apiserver --config kubeadm.yaml
        """,
)
def apiserver_divergence(server: ApiServer) -> Iterator[Fail]:
    """A load balancer spreads requests over the API servers, so that a control plane is as strict as its laxest server:
    who is refused by one tries again until the other one answers. Compared are the admission plugins in effect, the
    admission configuration file and, where one is named, the mounts that it is read through.
    """
    found = differences(server.pods)
    if found:
        yield Fail(
            f"The {len(server.pods)} API servers differ in {listed(list(found)[:5])}"
            + (f", and {len(found) - 5} more." if len(found) > 5 else "."),
            evidence={"differences": found},
        )
