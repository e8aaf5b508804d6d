"""`python -m tests.bench.client bare|typed KUBECONFIG`: lists all pods through the kubernetes client."""

from __future__ import annotations

import re
import sys
from typing import Any

from tests.bench.cluster import PAGE

_TOKEN = re.compile(rb'"continue":\s*"([^"]+)"')


def bare(kubeconfig: str) -> int:
    """The bytes of every page and nothing else."""
    from kubernetes.client import ApiClient, Configuration
    from kubernetes.config.kube_config import load_kube_config

    configuration = Configuration()
    load_kube_config(kubeconfig, client_configuration=configuration)  # type: ignore[no-untyped-call]
    client = ApiClient(configuration)
    size, token = 0, ""
    while True:
        path = f"/api/v1/pods?limit={PAGE}" + (f"&continue={token}" if token else "")
        _, url, headers, _, _ = client.param_serialize("GET", path, header_params={"Accept": "application/json"})
        body = client.call_api("GET", url, headers, _request_timeout=60).response.read()
        size += len(body)
        found = _TOKEN.search(body[:4096])
        if not found:
            return size
        token = found[1].decode()


def typed(kubeconfig: str) -> int:
    """The client's own models of every pod."""
    from kubernetes.client import ApiClient, Configuration, CoreV1Api
    from kubernetes.config.kube_config import load_kube_config

    configuration = Configuration()
    load_kube_config(kubeconfig, client_configuration=configuration)  # type: ignore[no-untyped-call]
    api = CoreV1Api(ApiClient(configuration))
    count = 0
    more: dict[str, Any] = {}
    while True:
        page = api.list_pod_for_all_namespaces(limit=PAGE, _request_timeout=60, **more)
        count += len(page.items)
        token = page.metadata.var_continue if page.metadata else None
        if not token:
            return count
        more = {"_continue": token}


if __name__ == "__main__":
    print({"bare": bare, "typed": typed}[sys.argv[1]](sys.argv[2]))
