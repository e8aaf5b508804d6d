"""Which logins a server has refused: none is shown to it again, since wrong passwords lock accounts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from auditor.registry.addresses import Endpoint
from auditor.registry.fault import LoginRefused
from auditor.registry.login import Credential

T = TypeVar("T")
_Key = tuple[Endpoint, tuple[bytes, bytes, str]]


class _Standing:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.tried = False
        self.refused = False


class Standings:
    """Of a run. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[_Key, _Standing] = {}

    def use(self, endpoint: Endpoint, login: Credential | None, ask: Callable[[], T]) -> T:
        """What `ask` gives, which may show the login to the server. The first time it is alone: threads would else
        show a wrong one as often as there are threads. LoginRefused for one that was refused."""
        if login is None:
            return ask()
        with self._lock:
            standing = self._found.setdefault((endpoint, login.proof), _Standing())
        if standing.tried:
            return _asked(standing, endpoint, ask)
        with standing.lock:
            found = _asked(standing, endpoint, ask)
            standing.tried = True
            return found


def _asked(standing: _Standing, endpoint: Endpoint, ask: Callable[[], T]) -> T:
    if standing.refused:
        raise LoginRefused(f"{endpoint.authority} has refused it")
    try:
        return ask()
    except LoginRefused:
        standing.tried = standing.refused = True
        raise
