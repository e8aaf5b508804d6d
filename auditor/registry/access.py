"""Requests to one repository with whatever login it takes: found out once, then sent along from the start."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

import msgspec
from msgspec import Struct

from auditor.registry.addresses import Endpoint, Source
from auditor.registry.budget import MINUTES, Budgets
from auditor.registry.challenges import Challenge, parse
from auditor.registry.fault import LoginRefused, Unanswered
from auditor.registry.login import Credential
from auditor.registry.patience import Patience
from auditor.registry.standing import Standings
from auditor.registry.tokens import Tokens
from auditor.registry.transport import Answer, Request

_DENIED = (401, 403)


class Challenges:
    """How each server wants to be logged in to, as it last said."""

    def __init__(self) -> None:
        self._known: dict[Endpoint, Challenge] = {}

    def get(self, endpoint: Endpoint) -> Challenge | None:
        return self._known.get(endpoint)

    def learn(self, endpoint: Endpoint, challenge: Challenge) -> None:
        # Without the scope, which is one repository's.
        parameters = {name: value for name, value in challenge.parameters.items() if name != "scope"}
        self._known[endpoint] = Challenge(challenge.scheme, parameters)


class Services(Struct, frozen=True):
    """What all repositories of a run share, those of other clusters too."""

    patience: Patience
    tokens: Tokens
    challenges: Challenges
    standings: Standings
    budgets: Budgets
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def through(
        cls,
        patience: Patience,
        plain_http: frozenset[str],
        clock: Callable[[], float] = time.monotonic,
        minutes: float = MINUTES,
    ) -> Services:
        """`minutes` are for all that is asked for one cluster's sake."""
        budgets = Budgets(clock, minutes * 60)
        return cls(patience, Tokens(patience, plain_http, clock), Challenges(), Standings(), budgets, clock)


class Access:
    """One repository at one endpoint. Threads may share it."""

    def __init__(self, source: Source, services: Services, credentials: Sequence[Credential]) -> None:
        self.endpoint = source.endpoint
        self.repository = source.repository
        self._services = services
        plain = source.endpoint.scheme == "http"
        usable = [credential for credential in credentials if not (plain and credential.tls_only)]
        distinct: dict[object, Credential] = {}
        for credential in usable:
            distinct.setdefault(credential.proof, credential)
        self._logins: list[Credential | None] = [*distinct.values(), None]
        self._proven = False
        self._scope: Challenge | None = None
        self._lock = threading.Lock()

    def send(
        self, method: str, path: str, *, accept: str, bound: int, seconds: float, redirects: bool = True
    ) -> Answer:
        """An answer other than 401 and 403; `path` is what follows the repository's name. `redirects`: follow them.

        Each login is tried in turn, none at last, until one has shown that the repository is there for it: to those
        who may not see it registries say 404, too. Raises Unanswered, `denied` where none is taken.
        """
        where = f"/v2/{self.repository}{path}"
        asked = Request(method, self.endpoint, where, {"Accept": accept}, bound, seconds, redirects=redirects)
        faults: list[Unanswered] = []
        absent: Answer | None = None
        for login in tuple(self._logins):
            try:
                answer, shown = self._services.standings.use(self.endpoint, login, partial(self._as, login, asked))
            except Unanswered as fault:
                if login is None and absent:
                    continue  # that it is not shown without a login does not say that it is there
                if fault.why.kind not in ("denied", "refused"):
                    raise
                faults.append(fault)
                continue
            if answer.status == 404 and shown and not self._proven:
                absent = answer
                continue
            with self._lock:  # what is taken once is tried first from now on
                if self._logins[0] is not login:
                    self._logins.remove(login)
                    self._logins.insert(0, login)
                self._proven |= answer.status < 300
            return answer
        if absent and not faults:
            return absent
        raise self._denied(faults)

    def _as(self, login: Credential | None, asked: Request) -> tuple[Answer, bool]:
        """An answer, and whether anything was shown to get it. Raises Unanswered for 401 and 403."""
        token = ""
        challenge = self._scope or self._services.challenges.get(self.endpoint)
        for _ in range(2):
            headers = dict(asked.headers)
            if challenge and challenge.scheme == "bearer":
                token = self._services.tokens.token(challenge, self.endpoint, self.repository, login, token)
                headers["Authorization"] = f"Bearer {token}"
            elif challenge and login and not login.identity_token:
                headers["Authorization"] = login.basic
            answer = self._services.patience.request(msgspec.structs.replace(asked, headers=headers))
            if answer.status not in _DENIED:
                return answer, "Authorization" in headers
            said = f"{self.endpoint.authority} answers {answer.status}"
            wanted = _best(parse(answer.headers.get("www-authenticate", "")))
            if answer.status == 403 or answer.redirected or wanted is None:
                break
            if wanted.scheme == "basic":
                if login and headers.get("Authorization") == login.basic:
                    raise LoginRefused(said)
                if login is None or login.identity_token:
                    break
            challenge = wanted
            self._scope = wanted
            self._services.challenges.learn(self.endpoint, wanted)
        raise Unanswered("denied", said)

    def _denied(self, faults: Sequence[Unanswered]) -> Unanswered:
        """Of all that was tried the refusal to send a credential says most: there was one, and it may have served."""
        refused = next((fault for fault in faults if fault.why.kind == "refused"), None)
        if refused:
            return Unanswered("refused", refused.why.detail)
        origins = [login.origin for login in self._logins if login]
        tried = (
            f" to the credentials of {', '.join(origins[:3])}, and without any" if origins else " without credentials"
        )
        return Unanswered("denied", f"{faults[-1].why.detail}{tried}")


def _best(challenges: Sequence[Challenge]) -> Challenge | None:
    """The scheme to log in by; a token where there is the choice, since that hands on no password."""
    known = [challenge for challenge in challenges if challenge.scheme in ("bearer", "basic")]
    return min(known, key=_rank, default=None)


def _rank(challenge: Challenge) -> int:
    if challenge.scheme == "basic":
        return 1
    return 0 if challenge.parameters.get("realm") else 2  # it does not say where tokens are to be had
