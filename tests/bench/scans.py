"""A cluster on loopback whose Trivy Operator has made many reports, and files of other scanners about the same images.

`python -m tests.bench.scans serve COUNT KIND` serves a Deployment and a report for each image, and prints its port;
`bare PORT` reads the reports' pages, one after the other, and nothing else. KIND says what the reports hold: `shared`,
the same 5,000 vulnerabilities in ever other choice, or `apart`, each of them in one report alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PATH = "/apis/aquasecurity.github.io/v1alpha1/vulnerabilityreports"
PAGE = 20
EACH = 200
_KNOWN = 5_000
_TEXT = "An example of what a scanner writes about a vulnerability, at length and again and again. " * 6
_SHAPE = json.dumps(
    {
        "vulnerabilityID": "%(id)s",
        "resource": "lib%(of)s",
        "installedVersion": "1.%(installed)s.0-1",
        "fixedVersion": "%(fixed)s",
        "severity": "%(severity)s",
        "title": _TEXT[:90],
        "description": _TEXT,
        "primaryLink": "https://avd.example/nvd/%(id)s",
        "links": [f"https://example.org/%(id)s/{link}" for link in range(4)],
        "score": 7.5,
        "publishedDate": "2026-01-%(day)02dT00:00:%(second)02dZ",
        "lastModifiedDate": "2026-11-01T00:00:00Z",
        "target": "",
    }
)


def _vulnerability(number: int) -> str:
    """Of about a kilobyte, most of it text."""
    of = number if number >= _KNOWN else number % 400
    return _SHAPE % {
        "id": f"CVE-2026-{number:05}",
        "of": of,
        "installed": number % 30 if number < _KNOWN else number,
        "fixed": f"1.{number % 30}.1-1" if number % 3 else "",
        "severity": ("CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN")[number % 5],
        "day": number % 28 + 1,
        "second": number % 60 if number >= _KNOWN else 0,
    }


def _chosen(number: int, kind: str, known: list[str]) -> Iterator[str]:
    """What the image of this number has."""
    if kind == "apart":
        return map(_vulnerability, range(_KNOWN + number * EACH, _KNOWN + (number + 1) * EACH))
    return (known[(number * 37 + step * (1 + number % 7)) % _KNOWN] for step in range(EACH))


def page(start: int, count: int, kind: str, known: list[str]) -> bytes:
    """A page of the list, in the order of the alphabet, as custom resources come."""
    items = []
    for number in range(start, min(start + PAGE, count)):
        head = {"name": f"deployment-web-{number}", "namespace": "shop", "labels": _labels(number)}
        report = {
            "updateTimestamp": "2026-11-20T00:00:00Z",
            "scanner": {"name": "Trivy", "vendor": "Aqua Security", "version": "0.65.0"},
            "registry": {"server": "registry.example"},
            "artifact": {"repository": f"shop/web-{number}", "tag": "1"},
        }
        text = json.dumps(report)[:-1] + f',"vulnerabilities":[{",".join(_chosen(number, kind, known))}]}}'
        items.append(f'{{"metadata":{json.dumps(head)},"report":{text}}}')
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


def serve(count: int, kind: str) -> None:
    known = [_vulnerability(number) for number in range(_KNOWN)]
    group, _, plural = PATH.removeprefix("/apis/").partition("/v1alpha1/")
    resources = [{"name": plural, "kind": "VulnerabilityReport", "namespaced": True, "verbs": ["list"]}]
    answers = {
        "/version": b'{"gitVersion":"v1.36.2"}',
        "/apis": json.dumps({"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(group)]}).encode(),
        f"/apis/{group}/v1alpha1": json.dumps({"kind": "APIResourceList", "resources": resources}).encode(),
        "/apis/apps/v1/deployments": _deployments(count),
    }
    pages = {str(start): page(start, count, kind, known) for start in range(0, count, PAGE)}
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
        serve(int(sys.argv[2]), sys.argv[3])
    else:
        bare(sys.argv[2])
