"""`python -m tests.bench.client bare|bare-protobuf|typed KUBECONFIG`: lists all pods through the kubernetes client;
`… list KUBECONFIG ENCODING`: as Auditor does it, and folds them."""

from __future__ import annotations

import gc
import re
import sys
from typing import Any

from auditor.wire.envelope import MAGIC

PAGE = 500
CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_TOKEN = re.compile(rb'"continue":\s*"([^"]+)"')


def bare(kubeconfig: str, accept: str = "application/json") -> int:
    """The bytes of every page and nothing else."""
    from kubernetes.client import ApiClient, Configuration
    from kubernetes.config.kube_config import load_kube_config

    configuration = Configuration()
    load_kube_config(kubeconfig, client_configuration=configuration)  # type: ignore[no-untyped-call]
    client = ApiClient(configuration)
    size, token = 0, ""
    while True:
        path = f"/api/v1/pods?limit={PAGE}" + (f"&continue={token}" if token else "")
        _, url, headers, _, _ = client.param_serialize(
            "GET", path, header_params={"Accept": accept}, auth_settings=["BearerToken"]
        )
        answer = client.call_api("GET", url, headers, _request_timeout=60)
        body = answer.response.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status}")
        size += len(body)
        token = _token(body)
        if not token:
            return size


def _token(body: bytes) -> str:
    if body.startswith(MAGIC):
        from auditor.wire.protobuf import decode_head

        metadata = decode_head(body)[1]
        return (metadata.continue_ or "") if metadata else ""
    found = _TOKEN.search(body[:4096])
    return found[1].decode() if found else ""


def bare_protobuf(kubeconfig: str) -> int:
    return bare(kubeconfig, CONTENT_TYPE)


def folded(kubeconfig: str) -> int:
    """The list, decoded and folded into the inventory."""
    from auditor.inventory import Inventory
    from auditor.sources.encodings import parse_encoding
    from auditor.sources.live import LiveOptions, collect
    from auditor.sources.progress import Progress

    gc.set_threshold(50_000, 20, 20)  # as the command does
    inventory = Inventory()
    options = LiveOptions(kubeconfig, resources=("pods",), encoding=parse_encoding(sys.argv[3]))
    collect(options, inventory, Progress(sys.stderr, shown=False))
    return len(inventory.wanted_owners())


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
    commands = {"bare": bare, "bare-protobuf": bare_protobuf, "typed": typed, "list": folded}
    print(commands[sys.argv[1]](sys.argv[2]))
