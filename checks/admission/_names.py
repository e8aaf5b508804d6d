"""Whether an API server can look up the name of a Service."""

from __future__ import annotations

from auditor import ControlPlanePod, PolicyBackend, aliased, cluster_dns


def resolves(pod: ControlPlanePod, backend: PolicyBackend) -> bool | None:
    """True with the cluster's DNS, or with an entry in a hosts file; None where its own DNS settings decide."""
    return True if aliased(pod, backend) else cluster_dns(pod)
