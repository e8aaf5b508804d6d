"""A cluster on loopback whose Trivy Operator has made many reports.

`python -m tests.bench.scans serve COUNT KIND` serves a Deployment and a report for each image, and prints its port;
`bare PORT` reads the reports' pages, one after the other, and nothing else.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.bench.vulnerabilities import KINDS, OPERATOR, Kind, chosen, severity, written

PATH = "/apis/aquasecurity.github.io/v1alpha1/vulnerabilityreports"
PAGE = 20


def page(start: int, count: int, kind: Kind) -> bytes:
    """A page of the list, in the order of the alphabet, as custom resources come."""
    items = []
    for number in range(start, min(start + PAGE, count)):
        found = chosen(number, kind)
        text = ",".join(written(found, OPERATOR))
        head = {"name": f"deployment-web-{number}", "namespace": "shop", "labels": _labels(number)}
        report = {
            "updateTimestamp": "2026-11-20T00:00:00Z",
            "scanner": {"name": "Trivy", "vendor": "Aqua Security", "version": "0.65.0"},
            "registry": {"server": "registry.example"},
            "artifact": {"repository": f"shop/web-{number}", "tag": "1"},
            "summary": {f"{level.lower()}Count": many for level, many in Counter(map(severity, found)).items()},
        }
        items.append(
            f'{{"metadata":{json.dumps(head)},"report":{json.dumps(report)[:-1]},"vulnerabilities":[{text}]}}}}'
        )
    following = str(start + PAGE) if start + PAGE < count else ""
    metadata = json.dumps({"continue": following, "resourceVersion": "1"})
    return f'{{"items":[{",".join(items)}],"kind":"VulnerabilityReportList","metadata":{metadata}}}'.encode()


def _labels(number: int) -> dict[str, str]:
    return {
        "trivy-operator.resource.kind": "Deployment",
        "trivy-operator.resource.name": f"web-{number}",
        "trivy-operator.resource.namespace": "shop",
        "trivy-operator.container.name": "web",
    }


def _deployments(count: int) -> bytes:
    items = [
        {
            "metadata": {"name": f"web-{number}", "namespace": "shop", "uid": str(number)},
            "spec": {
                "template": {
                    "spec": {"containers": [{"name": "web", "image": f"registry.example/shop/web-{number}:1"}]}
                }
            },
        }
        for number in range(count)
    ]
    return json.dumps({"kind": "DeploymentList", "metadata": {"resourceVersion": "1"}, "items": items}).encode()


def _group(name: str) -> dict[str, object]:
    version = {"groupVersion": f"{name}/v1alpha1", "version": "v1alpha1"}
    return {"name": name, "versions": [version], "preferredVersion": version}


def serve(count: int, kind: Kind) -> None:
    group, _, plural = PATH.removeprefix("/apis/").partition("/v1alpha1/")
    resources = [{"name": plural, "kind": "VulnerabilityReport", "namespaced": True, "verbs": ["list"]}]
    answers = {
        "/version": b'{"gitVersion":"v1.36.2"}',
        "/apis": json.dumps({"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(group)]}).encode(),
        f"/apis/{group}/v1alpha1": json.dumps({"kind": "APIResourceList", "resources": resources}).encode(),
        "/apis/apps/v1/deployments": _deployments(count),
    }
    pages = {str(start): page(start, count, kind) for start in range(0, count, PAGE)}
    empty = b'{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}'

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == PATH:
                body = pages[parse_qs(url.query).get("continue", ["0"])[0]]
            else:
                body = answers.get(url.path, empty)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


def bare(port: str) -> None:
    import urllib3

    pool = urllib3.HTTPConnectionPool("127.0.0.1", int(port))
    start = 0
    while b'"continue": ""' not in pool.request("GET", f"{PATH}?limit={PAGE}&continue={start}").data[-200:]:
        start += PAGE


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]), KINDS[KINDS.index(sys.argv[3])])
    else:
        bare(sys.argv[2])
