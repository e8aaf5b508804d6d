"""`python -m tests.bench.server PODS [--ready|--encode]`: a loopback API server that prints its port.

It answers pods in JSON or protobuf, as the client would rather have them. `--ready`: their bytes are made beforehand.
`--encode`: so they are, but each answer takes as long as it takes to encode 500 pods from objects, as a server must:
with the encoders of Python's standard library and of the protobuf package. Otherwise numbers
are put into the bytes of a template, for as many pods as fit into no memory.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from auditor.wire import messages
from auditor.wire.envelope import fields, unwrapped
from tests.apiserver import Request, Response
from tests.bench.cluster import PAGE, pod_page, small_lists
from tests.protobuf import CONTENT_TYPE, encoded

EMPTY = b'{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"100"},"items":[]}'
GROUPS = b'{"kind":"APIGroupList","apiVersion":"v1","groups":[]}'
JSON = "application/json"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    total = 0
    ready: dict[tuple[int, bool], bytes] = {}  # noqa: RUF012
    lists: dict[tuple[str, bool], bytes] = {}  # noqa: RUF012
    objects: Any = None
    parsed: list[Any] = []  # noqa: RUF012

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        token = parse_qs(url.query).get("continue", ["page-0"])[0]
        protobuf = CONTENT_TYPE in self.headers.get("Accept", "")
        if url.path == "/api/v1/pods":
            page = int(token.removeprefix("page-"))
            if self.objects and protobuf:
                for item in self.parsed:
                    item.SerializeToString()
            elif self.objects:
                json.dumps(self.objects)
            body = self.ready.get((page, protobuf)) or pod_page(page, self.total, protobuf=protobuf)
        elif url.path == "/version":
            protobuf, body = False, b'{"gitVersion":"v1.36.2"}'
        elif url.path == "/apis":
            protobuf, body = False, GROUPS
        elif "dockercfg" in url.query or (url.path, protobuf) not in self.lists:
            protobuf, body = False, EMPTY
        else:
            body = self.lists[url.path, protobuf]
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE if protobuf else JSON)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silent."""


def main() -> None:
    Handler.total = int(sys.argv[1])
    if len(sys.argv) > 2:
        pages = range(-(-Handler.total // PAGE))
        Handler.ready = {
            (page, form): pod_page(page, Handler.total, protobuf=form) for page in pages for form in (False, True)
        }
    if "--encode" in sys.argv:
        Handler.objects = json.loads(Handler.ready[0, False])
        # A message keeps what its type lacks, and writes it again.
        items = fields(unwrapped(Handler.ready[0, True]).raw)
        Handler.parsed = [messages._parse_Pod(item) for number, item in items if number == 2]
    for path, body in small_lists(Handler.total):
        answer = encoded(Request(path, {}, path, {"accept": CONTENT_TYPE}, ""), Response(200, body))
        Handler.lists |= {(path, False): body, (path, True): answer.body}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
