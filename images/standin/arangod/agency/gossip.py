"""How agents find each other: each tells everybody it has heard of who and where it is, until all have answered.

Knows nothing of consensus.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from arangod import jsontext
from arangod.agency.links import address
from arangod.agency.pool import Pool
from arangod.agency.wire import PRIVATE
from arangod.http.client import Client
from arangod.process.log import Log

TARGET = f"{PRIVATE}gossip"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_PATIENCE = 2.0


class Gossip:
    """Tells and listens; `learned` is called after every piece of news."""

    def __init__(
        self,
        own: str,
        endpoint: str,
        others: Sequence[str],
        pool: Pool,
        token: str,
        learned: Callable[[], None],
        log: Log,
    ) -> None:
        self._own = own
        self._endpoint = endpoint
        self._others = others
        self._pool = pool
        self._headers = (f"authorization: bearer {token}",) if token else ()
        self._learned = learned
        self._log = log
        self._lock = threading.Lock()
        self._answered: set[str] = set()
        self._refused: set[str] = set()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gossip", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def stop(self) -> None:
        """Tell no more."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(_PATIENCE)

    def told(self) -> dict[str, Any]:
        """Return what this agent tells."""
        return {"id": self._own, "endpoint": self._endpoint, "pool": self._pool.told()}

    def listen(self, said: Any) -> None:
        """Take in what another agent said; ValueError when it is no gossip."""
        if not isinstance(said, dict):
            raise ValueError("gossip is an object")
        with self._lock:
            news = self._pool.learn(said.get("pool"))
        if news:
            self._learned()

    def _left(self) -> list[str]:
        """Return where nobody answered yet."""
        known = {*self._others, *self._pool.endpoints.values()} - {self._endpoint}
        if self._pool.is_full and all(
            endpoint in self._answered for endpoint in self._pool.endpoints.values() if endpoint != self._endpoint
        ):
            return []
        return sorted(known - self._answered)

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while left := self._left():
            for endpoint in left:
                self._tell(endpoint)
            if self._stopped.wait(pause):
                return
            pause = min(pause * 1.5, _LONGEST_PAUSE)
            if not self._pool.is_full:
                self._answered.clear()

    def _tell(self, endpoint: str) -> None:
        client = Client(*address(endpoint), timeout=_PATIENCE)
        try:
            body = jsontext.encode(self.told()).encode()
            answer = client.ask("POST", TARGET, body, self._headers)
            if answer.status == 200:
                self.listen(jsontext.decode(answer.body))
                self._answered.add(endpoint)
            elif answer.status != 503:
                self._complain(endpoint, answer.status)
        except (OSError, ValueError):
            return
        finally:
            client.close()

    def _complain(self, endpoint: str, status: int) -> None:
        if endpoint not in self._refused:
            self._refused.add(endpoint)
            self._log.write("WARNING", "5a023", "agency", f"the agent at {endpoint} refuses to talk: HTTP {status}")
