"""Asking a registry on loopback about many images, against the same requests without anything around them.

`python -m tests.bench.registry serve COUNT` serves images; `bare HOST COUNT` asks as a scan asks, one after the other.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def serve(count: int) -> None:
    """Prints its address once it is there, and serves until it is ended."""
    from tests.registry.artifacts import Built
    from tests.registry.loopback import Loopback

    registry = Loopback()
    for number in range(count):
        registry.put(f"team/app-{number}", Built(seed=str(number)).image(), "1")
    print(registry.host, flush=True)
    while True:
        time.sleep(60)


def bare(host: str, count: int) -> None:
    import urllib3

    pool = urllib3.HTTPConnectionPool(host.partition(":")[0], int(host.partition(":")[2]))
    for number in range(count):
        base = f"/v2/team/app-{number}"
        digest = pool.request("HEAD", f"{base}/manifests/1").headers["Docker-Content-Digest"]
        manifest = json.loads(pool.request("GET", f"{base}/manifests/{digest}").data)
        pool.request("GET", f"{base}/blobs/{manifest['config']['digest']}").read()
        pool.request("HEAD", f"{base}/manifests/{digest.replace(':', '-')}.sig")
        pool.request("GET", f"{base}/referrers/{digest}").read()


def manifests(folder: Path, host: str, count: int) -> str:
    """Deployments that use them; the path of the file."""
    items = []
    for number in range(count):
        container = {"name": "web", "image": f"{host}/team/app-{number}:1"}
        spec = {"template": {"spec": {"containers": [container]}}}
        items.append({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": f"w{number}"}, "spec": spec})
    path = folder / "images.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return str(path)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        bare(sys.argv[2], int(sys.argv[3]))
