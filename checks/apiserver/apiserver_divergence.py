"""API servers of one control plane that are set up differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from auditor import ApiServer, Fail, Severity, check, docs
from checks.apiserver._divergence import Values, differences
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
            f"The {len(server.pods)} API servers differ in {listed(_told(found)[:3])}"
            + (f", and in {len(found) - 3} more." if len(found) > 3 else "."),
            evidence={"differences": found},
        )


def _told(found: Mapping[str, Values]) -> list[str]:
    return [
        f"{_named(what)} ({', '.join(f'{name}: {value}' for name, value in values.items())})"
        for what, values in found.items()
    ]


def _named(what: str) -> str:
    """A plugin's name that is not one as it stands is quoted, so that its spaces show."""
    return what if what.strip() == what and what.isprintable() else f'"{what}"'
