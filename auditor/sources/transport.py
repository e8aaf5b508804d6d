"""One request through the kubernetes client: its credentials, TLS and proxies; raw bytes back, within a time limit."""

from __future__ import annotations

import re
import threading
import warnings
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from auditor.errors import SourceError
from auditor.sources.configuration import Identity
from auditor.sources.faults import Fault, fault_of
from auditor.version import __version__
from auditor.wire.envelope import is_whole

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

JSON = "application/json"
PROTOBUF = "application/vnd.kubernetes.protobuf"
MERGE_PATCH = "application/strategic-merge-patch+json"
PARTIAL = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"

_PLAIN_PATH = re.compile(r"/[A-Za-z0-9./_-]+")


class Answer(Struct, frozen=True):
    """An answer of any status, its body whole and decompressed."""

    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def protobuf(self) -> bool:
        """Whether it came in protobuf, whatever was asked for."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() == PROTOBUF

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.body)} bytes)"


class Connection:
    """To one API server. Threads may share it."""

    def __init__(self, identity: Identity, *, timeout: float, connections: int) -> None:
        """`timeout`: seconds for connecting (at most 10 of them), and for each wait for more of an answer."""
        import urllib3
        from kubernetes.client import ApiClient

        configuration = identity.configuration
        configuration.retries = False  # retries are decided on where the answer is understood
        configuration.connection_pool_maxsize = connections
        self.host: str = configuration.host
        self.verified = bool(configuration.verify_ssl) or not self.host.startswith("https")
        self._impersonate = identity.impersonate
        self._timeout = (min(timeout, 10.0), timeout)
        self._authenticating = threading.Lock()
        if not self.verified:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # said once, by the scan
        try:
            with warnings.catch_warnings(action="ignore"):  # what is missing for a SOCKS proxy is said below
                self._api = ApiClient(configuration)
        except (ImportError, ValueError, urllib3.exceptions.HTTPError) as error:
            raise SourceError(
                f"{self.host}: no connection can be set up ({type(error).__name__})",
                "Check the proxy settings; a SOCKS proxy needs the package PySocks.",
            ) from None
        self._api.user_agent = f"auditor/{__version__}"

    def close(self) -> None:
        """Closes the connections that are idle."""
        self._api.rest_client.close()

    def get(self, path: str, accept: str = JSON) -> Answer:
        """Raises Fault for what may pass, SourceError for what will not."""
        url, headers = self._request(path, accept)
        return self._answer("GET", url, headers)

    def dry_run(self, method: Literal["POST", "PATCH"], path: str, body: Any, content_type: str = JSON) -> Answer:
        """A write that the server judges and does not keep. There is no way here to write anything else.

        `path` has no query, for it could say otherwise; ValueError where it does. Redirects are not followed.
        """
        if method not in ("POST", "PATCH") or not _PLAIN_PATH.fullmatch(path):
            raise ValueError(f"no dry run: {method} of such a path")
        url, headers = self._request(f"{path}?dryRun=All&fieldManager=auditor-probe", JSON)
        headers["Content-Type"] = content_type
        return self._answer(method, url, headers, body)

    def _answer(self, method: str, url: str, headers: Any, body: Any = None) -> Answer:
        import urllib3
        from kubernetes.client.exceptions import ApiException

        response: BaseHTTPResponse | None = None
        try:
            # Not call_api's callers: those deserialise, and raise for statuses that say something here.
            response = self._api.call_api(method, url, headers, body, _request_timeout=self._timeout).response
            content = response.read(decode_content=True)
        except (urllib3.exceptions.LocationParseError, urllib3.exceptions.LocationValueError):
            raise SourceError(f"{self.host}: this is no address of a server", "Mend the kubeconfig's server.") from None
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            if response is not None:
                response.close()
            raise fault_of(error, self.host) from None
        response.release_conn()
        return _checked(Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, content))

    def _request(self, path: str, accept: str) -> tuple[str, Any]:
        """The address and headers, with credentials: these may be renewed here, by one thread at a time."""
        from kubernetes.config.config_exception import ConfigException
        from urllib3 import HTTPHeaderDict

        wanted = {"Accept": accept, "Accept-Encoding": "gzip"}
        with self._authenticating:
            try:
                _, url, headers, _, _ = self._api.param_serialize(
                    "GET", path, header_params=wanted, auth_settings=["BearerToken"]
                )
            except (ConfigException, OSError):
                raise SourceError("the credentials cannot be read again", "Check the token file, or log in.") from None
        # A token from a file may end in a line feed; the message of http.client's refusal would quote it.
        headers = {name: value.strip() for name, value in headers.items() if value}
        values = [*headers.values(), *(value for _, value in self._impersonate)]
        if not all(value.isascii() and value.isprintable() for value in values):
            raise SourceError("the credentials hold characters that no header can carry", "Log in again.")
        if not self._impersonate:
            return url, headers
        several = HTTPHeaderDict(headers)
        for name, value in self._impersonate:
            several.add(name, value)
        return url, several


def _checked(answer: Answer) -> Answer:
    """What ends early is a fault of the way, even where the length was as announced."""
    if answer.protobuf:
        if answer.status == 200 and not is_whole(answer.body):
            raise Fault("cut", "the answer ended early")
        return answer
    json = JSON in answer.headers.get("content-type", "")
    last = answer.body[-64:].rstrip()[-1:]
    if answer.status == 200 and ((json and not last) or (answer.body[:1] == b"{" and last != b"}")):
        raise Fault("cut", "the answer ended early")
    return answer
