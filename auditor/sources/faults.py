"""What can go wrong between here and the API server, told apart: what may pass, and what only the user can mend."""

from __future__ import annotations

import re
import socket
import ssl
from typing import Literal
from urllib.parse import urlsplit

from auditor.errors import SourceError

Kind = Literal["refused", "name", "timeout", "reset", "cut", "proxy", "busy", "server", "answer"]

_ADVICE: dict[Kind, str] = {
    "refused": "Is the API server running, and is the kubeconfig's server address right? Try another --context.",
    "name": "Check the kubeconfig's server name, DNS and VPN.",
    "timeout": "Check VPN, firewall and proxy on the way to the API server, and its health: its etcd may hang.",
    "proxy": "Check HTTPS_PROXY, NO_PROXY and the kubeconfig's proxy-url.",
    "busy": "The API server rejects requests for now: try again later.",
    "server": "Check the API server's health, or what stands in front of it.",
    "answer": "Check that the kubeconfig's server is the address of an API server, not of a web page or a login.",
}

_ENDED = "closed the connection without an answer"


class Interrupted(Exception):
    """Why reading something ended early; handed from thread to thread."""


class Fault(Interrupted):
    """A request that gave nothing that can be used. `reason` is for a person and holds no credentials."""

    def __init__(self, kind: Kind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason

    def as_error(self, host: str) -> SourceError:
        advice = _ADVICE.get(self.kind, "Check the network on the way to the API server.")
        return SourceError(f"the API server at {host} cannot be read: {self.reason}", advice)


def fault_of(error: Exception, host: str) -> Fault | SourceError:
    """What a request through the client raised. Faults may pass; a SourceError (TLS) will not by itself."""
    from urllib3 import exceptions as u

    causes = _causes(error)
    if any(isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError) for cause in causes):
        return Fault("reset", _ENDED)  # a server that stops does so in the middle of a handshake, too
    for cause in causes:
        if isinstance(cause, ssl.SSLError | u.SSLError) or type(cause).__name__ == "CertificateError":
            return _tls(causes, host)
    through = next((c for c in causes if isinstance(c, u.ProxyError)), None)
    if through is not None:
        return Fault("proxy", f"the proxy {_said(causes)}")
    for cause in causes:
        if isinstance(cause, u.NameResolutionError | socket.gaierror):
            return Fault("name", f"its name {urlsplit(host).hostname} is not known here")
        if isinstance(cause, u.NewConnectionError):  # urllib3 derives it from ConnectTimeoutError
            return Fault("refused", _said(causes))
        if isinstance(cause, u.ConnectTimeoutError):
            return Fault("timeout", "no connection in time")
        if isinstance(cause, u.ReadTimeoutError | TimeoutError):
            return Fault("timeout", "no answer in time")
        if isinstance(cause, u.IncompleteRead | u.DecodeError | u.InvalidChunkLength):
            return Fault("cut", "the answer was cut off or damaged on its way")
    return Fault("reset", _said(causes))


def _causes(error: BaseException) -> list[BaseException]:
    """An exception with all that it wraps: as an argument, as `reason`, as its cause."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            waiting += [*item.args, getattr(item, "reason", None), item.__cause__, item.__context__]
    return found


def _said(causes: list[BaseException]) -> str:
    """The operating system's own words for it, which name no credentials; else what kind of exception it was."""
    for cause in causes:
        if isinstance(cause, ConnectionRefusedError):
            return "refused the connection"
        if isinstance(cause, ConnectionResetError | BrokenPipeError):
            return "broke off the connection"
        if type(cause).__name__ == "RemoteDisconnected":
            return _ENDED
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return f"cannot be reached: {cause.strerror}"
        if match := re.match(r"Tunnel connection failed: (\d{3})", str(cause)):
            return f"answered {match[1]}"
    return f"the connection failed ({type(causes[-1]).__name__})"


def _tls(causes: list[BaseException], host: str) -> SourceError:
    text = next((str(c) for c in reversed(causes) if isinstance(c, ssl.SSLError) or "doesn't match" in str(c)), "")
    text = text or next((str(c) for c in causes if str(c)), "")
    reason = " ".join(re.sub(r"\(_ssl\.c:\d+\)|\[SSL[^\]]*\]", "", text).split())
    if "wrong version number" in text.lower() or "record layer failure" in text.lower():
        advice = "The server speaks no TLS there: is its address http:// and not https://?"
    elif "verify failed" in text or "match" in text:
        advice = (
            "Check the kubeconfig's certificate-authority and tls-server-name; "
            "insecure-skip-tls-verify trusts any server and is for a try only."
        )
    else:
        advice = "Check the kubeconfig's client-certificate, client-key and certificate-authority."
    return SourceError(f"no trusted TLS connection to {host}: {reason}", advice)
