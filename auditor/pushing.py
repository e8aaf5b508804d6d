"""Metrics handed to a Pushgateway: the address checked before the audit, the text put there in one request after it."""

from __future__ import annotations

import base64
import re
import ssl
from functools import partial
from http.client import HTTPException, responses
from socket import gaierror
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit

from msgspec import Struct

from auditor.errors import AuditorError, UsageError
from auditor.escape import escape
from auditor.report import Report
from auditor.reporters import Options, render

TIMEOUT = 30.0

_FORM = "Write https://[USER:PASSWORD@]HOST[:PORT], or with a group of your own: …/metrics/job/auditor/cluster/NAME."
_ENCODE = (
    "Percent-encode what is special in a user name, a password or a label: @ is %40, / is %2F, ? is %3F, # is %23."
)
_PLAIN = re.compile(r"\w[\w.-]*", re.ASCII)
_PATH = re.compile(r"(/|@base64/|[\w.~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*", re.ASCII)  # RFC 3986 §3.3, `@` aside
_GROUP = re.compile(r"/metrics/job(@base64)?/[^/]+(/[^/]+/[^/]+)*$")


class Gateway(Struct, frozen=True):
    """Where to push. `url` holds no credentials; its path ends in a group, or one is made of the cluster's name."""

    url: str
    user: str | None = None
    password: str = ""

    def __repr__(self) -> str:
        return f"Gateway({self.url!r})"


def parse_gateway(text: str) -> Gateway:
    """The gateway at an http or https URL; UsageError for anything else.

    The error quotes nothing: where a password is not percent-encoded, a part of it may stand anywhere in the URL.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        raise UsageError("--pushgateway: this is no URL", _FORM) from None
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError("--pushgateway: this is no http or https URL of a server", _FORM)
    path = parts.path.rstrip("/")
    if parts.query or parts.fragment or not _PATH.fullmatch(path) or not host.isascii():
        raise UsageError(
            "--pushgateway: behind the server's name there may be a path and nothing else", f"{_FORM}\n{_ENCODE}"
        )
    if has_group(path) and not _GROUP.search(path):
        raise UsageError("--pushgateway: the job must be followed by pairs of a label and its value", _FORM)
    address = f"[{host}]" if ":" in host else host
    address += "" if port is None else f":{port}"
    user = None if parts.username is None else unquote(parts.username)
    return Gateway(urlunsplit((parts.scheme, address, path, "", "")), user, unquote(parts.password or ""))


def push_report(gateway: Gateway, report: Report, options: Options) -> None:
    """Pushes the report's metrics, grouped by the cluster's name; those of several clusters are one group."""
    push(gateway, render("prometheus", report, options), "" if report.clusters else report.cluster.name)


def push(gateway: Gateway, metrics: str, cluster: str = "", *, timeout: float = TIMEOUT) -> None:
    """Replaces the group's metrics by these. AuditorError where the gateway does not say that it has taken them.

    `cluster` tells the groups of several clusters apart: the gateway gives it to every metric as a label. `timeout`:
    seconds for connecting, and for the wait for an answer.
    """
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, basic_auth_handler, default_handler

    handler = default_handler
    if gateway.user is not None:
        handler = partial(basic_auth_handler, username=gateway.user, password=gateway.password)
    url = gateway.url if has_group(gateway.url) else f"{gateway.url}/metrics/job/auditor{_group(cluster)}"
    headers = [("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)]
    try:
        handler(url=url, method="PUT", timeout=timeout, headers=headers, data=metrics.encode())()
    except (OSError, HTTPException) as error:
        reason, advice = _why(error, timeout)
        raise AuditorError(f"the metrics could not be pushed to {url}: {reason}", advice) from None


def has_group(url: str) -> bool:
    """Whether an address names a group, so that none is made of the cluster's name."""
    return bool(re.search(r"/metrics/job(@base64)?(/|$)", url))


def _group(cluster: str) -> str:
    """As base64 wherever a name could mean something in a path (pushgateway, README.md, "URL")."""
    name = escape(cluster)
    if not name or _PLAIN.fullmatch(name):
        return f"/cluster/{name}" if name else ""
    return f"/cluster@base64/{base64.urlsafe_b64encode(name.encode()).decode()}"


def _why(error: OSError | HTTPException, timeout: float) -> tuple[str, str]:
    """What happened, and what to do. Of an answer only the status is told: its text is anybody's."""
    if isinstance(error, HTTPError):
        error.close()
        return _refused(error.code)
    cause = error.reason if isinstance(error, URLError) else error
    match cause:
        case ssl.SSLCertVerificationError():
            return (
                f"its certificate is not trusted: {cause.verify_message}",
                "Name the file of the authority that signed it: SSL_CERT_FILE=ca.pem.",
            )
        case ssl.SSLError():
            return "no TLS connection came about", "Does it speak TLS there? If not, its address is http://."
        case gaierror():
            return "its name is not known here", "Check the name, DNS and proxies."
        case TimeoutError():
            return f"no answer within {timeout:g} seconds", "Check firewalls and proxies on the way."
        case OSError(strerror=str(said)):
            return said, "Is the Pushgateway running there? Check the address, firewalls and proxies."
    return f"the connection failed ({type(cause).__name__})", "Is there a Pushgateway at that address?"


def _refused(status: int) -> tuple[str, str]:
    said = f"it answered {status} {responses.get(status, '')}".rstrip()
    if status in (401, 403):
        return said, "Check the user name and password in the URL, percent-encoded where they need it."
    if status == 400:
        return said, "Its log says why. Does another job push the same names under other labels?"
    if 300 <= status < 400:
        return said, "Give the address that it redirects to."
    return said, "Is there a Pushgateway at that address, and is it healthy?"
