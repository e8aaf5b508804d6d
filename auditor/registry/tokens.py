"""Bearer tokens: got from the server that the registry names, held for as long as they are good."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from auditor.registry.addresses import Endpoint, endpoint_of, split
from auditor.registry.challenges import Challenge, pull_scope
from auditor.registry.fault import LoginRefused, Unanswered
from auditor.registry.login import Credential
from auditor.registry.patience import Patience
from auditor.registry.realms import may_receive
from auditor.registry.transport import Request

_BOUND = 1 << 18
_SECONDS = 20.0
# The specification's default, and its least: https://distribution.github.io/distribution/spec/auth/token/
_DEFAULT_LIFE = 60.0
_MARGIN = 10.0
_Key = tuple[str, str, str, Credential | None]


class _Issued(Struct):
    token: str | None = None
    access_token: str | None = None
    expires_in: float | None = None


class Tokens:
    """Those of a run. `plain_http` are the servers that may be asked without TLS, as `host` or `host:port`."""

    def __init__(
        self, patience: Patience, plain_http: frozenset[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._patience = patience
        self._plain_http = plain_http
        self._clock = clock
        self._lock = threading.Lock()
        self._locks: dict[_Key, threading.Lock] = {}
        self._held: dict[_Key, tuple[str, float]] = {}

    def token(
        self,
        challenge: Challenge,
        registry: Endpoint,
        repository: str,
        credential: Credential | None,
        refused: str = "",
    ) -> str:
        """A token to pull with. `refused` is one that the registry did not take, and is not given again.

        Raises Unanswered: `denied` where the token server takes no such credential, `refused` where it may not see it.
        """
        realm = self._realm(challenge, registry, credential)
        scope = pull_scope(challenge, repository)
        service = challenge.parameters.get("service", "")
        key = (challenge.parameters.get("realm", ""), service, scope, credential)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:  # threads that want the same token wait for the one that gets it
            token, ends = self._held.get(key, ("", 0.0))
            if token and token != refused and self._clock() < ends:
                return token
            begun = self._clock()
            issued = self._ask(realm, service, scope, credential, _account(registry, realm[0]))
            token = issued.token or issued.access_token or ""
            if not token or not (token.isascii() and token.isprintable()) or " " in token:
                raise Unanswered("invalid", f"{realm[0].authority} gives no token that can be sent")
            self._held[key] = (token, begun + max(issued.expires_in or 0.0, _DEFAULT_LIFE) - _MARGIN)
            return token

    def _realm(self, challenge: Challenge, registry: Endpoint, credential: Credential | None) -> tuple[Endpoint, str]:
        parts = split(challenge.parameters.get("realm", ""))
        if parts is None:
            raise Unanswered("invalid", f"{registry.authority} names no address to get tokens from")
        server = endpoint_of(parts)
        plain = server.scheme == "http"
        if plain and (server.authority not in self._plain_http or (credential and credential.tls_only)):
            raise Unanswered("refused", f"{registry.authority} wants a login over plain http at {server.authority}")
        if credential and not may_receive(registry.host, server.host):
            raise Unanswered(
                "refused",
                f"{registry.authority} wants its logins sent to {server.authority}, which is of another domain",
            )
        return server, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def _ask(
        self, realm: tuple[Endpoint, str], service: str, scope: str, credential: Credential | None, account: str
    ) -> _Issued:
        server, path = realm
        wanted = {"service": service, "scope": scope} if service else {"scope": scope}
        if credential and credential.identity_token:
            form = {"grant_type": "refresh_token", "client_id": "auditor", "refresh_token": credential.identity_token}
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            body = urlencode(form | wanted).encode()
            asked = Request("POST", server, path, headers, _BOUND, _SECONDS, body, False, account)
        else:
            query = f"{path}{'&' if '?' in path else '?'}{urlencode(wanted)}"
            headers = {"Authorization": credential.basic} if credential else {}
            asked = Request("GET", server, query, headers, _BOUND, _SECONDS, None, False, account)
        answer = self._patience.request(asked)
        if answer.status != 200:
            text = f"{server.authority} answers {answer.status} instead of a token"
            # To what cannot be exchanged OAuth 2 says 400 (RFC 6749 §5.2).
            if credential and (answer.status == 401 or (answer.status == 400 and credential.identity_token)):
                raise LoginRefused(text)
            raise Unanswered("denied" if answer.status in (400, 401, 403) else "invalid", text)
        try:
            return msgspec.json.decode(answer.body, type=_Issued)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Unanswered("invalid", f"{server.authority} gives no token") from None


def _account(registry: Endpoint, server: Endpoint) -> str:
    """Whoever answers for a registry can name any server's address as that of its tokens: how that answers must not be
    held against those who ask it for their own."""
    return "" if may_receive(registry.host, server.host) else f"{server.authority} for {registry.authority}"
