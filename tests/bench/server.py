"""`python -m tests.bench.server PODS [--ready]`: a loopback API server that prints its port."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.bench.cluster import PAGE, pod_page, small_lists

EMPTY = b'{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"100"},"items":[]}'
GROUPS = b'{"kind":"APIGroupList","apiVersion":"v1","groups":[]}'


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    total = 0
    ready: dict[int, bytes] = {}  # noqa: RUF012
    lists: dict[str, bytes] = {}  # noqa: RUF012

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        token = parse_qs(url.query).get("continue", ["page-0"])[0]
        if url.path == "/api/v1/pods":
            page = int(token.removeprefix("page-"))
            body = self.ready.get(page) or pod_page(page, self.total)
        elif url.path == "/version":
            body = b'{"gitVersion":"v1.36.2"}'
        elif url.path == "/apis":
            body = GROUPS
        elif "dockercfg" in url.query:
            body = EMPTY
        else:
            body = self.lists.get(url.path, EMPTY)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silent."""


def main() -> None:
    Handler.total = int(sys.argv[1])
    if "--ready" in sys.argv:
        Handler.ready = {page: pod_page(page, Handler.total) for page in range(-(-Handler.total // PAGE))}
    Handler.lists = dict(small_lists(Handler.total))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
