"""Is there anything behind a webhook's clientConfig?"""

from __future__ import annotations

from typing import Any

from auditor.coverage import Unread
from auditor.enforcement.chain import State
from auditor.enforcement.world import World

BACKENDS = ("services", "endpointslices.discovery.k8s.io")
_PORT = 443


def backend(world: World, config: Any) -> tuple[State, str]:
    """Whether the Service that a webhook calls can answer: it exists, has that port, and an endpoint of it is ready.

    A URL leads out of what the API shows, and a Service of type ExternalName too: unknown. Source: k8s
    staging/src/k8s.io/kube-aggregator/pkg/apiserver/resolvers.go and pkg/util/proxy.go (a port that the Service does
    not have is an error, the default is 443).
    """
    if not isinstance(config, dict):
        return "unknown", "what it calls cannot be read"
    reference = config.get("service")
    if reference is None and isinstance(config.get("url"), str):
        return "unknown", "it calls a URL, of which the API says nothing"
    if not isinstance(reference, dict):
        return "unknown", "what it calls cannot be read"
    namespace, name, port = reference.get("namespace"), reference.get("name"), reference.get("port")
    port = _PORT if port is None else port
    if not isinstance(namespace, str) or not isinstance(name, str) or not isinstance(port, int):
        return "unknown", "what it calls cannot be read"
    where = f"Service {namespace}/{name}"
    try:
        service = world.service(namespace, name)
    except Unread as gap:
        return "unknown", f"{where} was not read ({gap.state})"
    if service is None:
        return "broken", f"{where} does not exist"
    if service.type == "ExternalName":
        return "unknown", f"{where} leads outside the cluster"
    if service.ports and port not in {known.port for known in service.ports}:
        return "broken", f"{where} has no port {port}"
    ready = world.ready_endpoints(service)
    if ready is None:
        return "unknown", f"the endpoints of {where} were not read"
    return ("holds", f"{where} has {ready} ready") if ready > 0 else ("broken", f"{where} has no ready endpoint")
