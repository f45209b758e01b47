"""The ways to the other agents: one thread and one kept connection for each, the newest message waiting.

Knows nothing of what messages mean; what is not delivered is forgotten, for the consensus says it again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from arangod.agency import wire
from arangod.agency.messages import Message
from arangod.http.client import Client
from arangod.process.log import Log

Heard = Callable[[str, Message], None]


def address(endpoint: str) -> tuple[str, int]:
    """Return host and port of an endpoint that was checked before."""
    host, _, port = endpoint.rpartition("://")[2].rstrip("/").rpartition(":")
    return host.strip("[]"), int(port)


class Link:
    """The way to one agent."""

    def __init__(
        self, own: str, peer: str, endpoint: Callable[[], str], token: str, heard: Heard, log: Log, patience: float
    ) -> None:
        self._own = own
        self._peer = peer
        self._endpoint = endpoint
        self._headers = (f"authorization: bearer {token}",) if token else ()
        self._heard = heard
        self._log = log
        self._patience = patience
        self._waiting: Message | None = None
        self._closed = False
        self._refused = False
        self._changed = threading.Condition()
        self._known_endpoint = ""
        self._client: Client | None = None
        self._thread = threading.Thread(target=self._run, name=f"link {peer}", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def put(self, message: Message) -> None:
        """Say this next; what still waited is out of date."""
        with self._changed:
            self._waiting = message
            self._changed.notify()

    def close(self) -> None:
        """Stop delivering."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(self._patience)

    def _next(self) -> Message | None:
        with self._changed:
            while self._waiting is None and not self._closed:
                self._changed.wait()
            message, self._waiting = self._waiting, None
            return None if self._closed else message

    def _run(self) -> None:
        while (message := self._next()) is not None:
            answer = self._delivered(message)
            if answer is not None:
                self._heard(self._peer, answer)
        if self._client is not None:
            self._client.close()

    def _delivered(self, message: Message) -> Message | None:
        asked = wire.question(message, self._own, self._peer)
        try:
            got = self._connected().ask(asked.method, asked.target, asked.body, self._headers)
        except OSError:
            return None
        if got.status != 200:
            self._complain(got.status)
            return None
        self._refused = False
        try:
            return wire.answer_of(got.body, self._peer)
        except wire.Garbled as exc:
            self._log.write("DEBUG", "5a020", "agency", str(exc))
            return None

    def _connected(self) -> Client:
        endpoint = self._endpoint()
        if self._client is None or endpoint != self._known_endpoint:
            if self._client is not None:
                self._client.close()
            self._known_endpoint = endpoint
            self._client = Client(*address(endpoint), timeout=self._patience)
        return self._client

    def _complain(self, status: int) -> None:
        """Say once that an agent will not talk to us, unless it is only starting or stopping."""
        if status != 503 and not self._refused:
            self._refused = True
            text = f"agent {self._peer} at {self._known_endpoint} refuses to talk: HTTP {status}"
            self._log.write("WARNING", "5a021", "agency", text)
