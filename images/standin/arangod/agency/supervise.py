"""The supervision's clockwork: calls pure decisions on the leader, and puts them into the log.

Knows nothing of what is decided.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from arangod.agency.store import Transaction


class Timings(NamedTuple):
    """What the options say, in seconds, and what this leader has seen so far."""

    frequency: float
    ok_threshold: float
    grace_period: float
    expired_after: float
    leading_for: float = 0.0
    seen: Mapping[str, float] = {}


Decide = Callable[[Mapping[str, Any], Mapping[str, Any], datetime, Timings], Sequence[Transaction]]


class Clockwork:
    """Calls a function every so often, in a thread of its own, until it is stopped."""

    def __init__(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        self._seconds = seconds
        self._call = call
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after a call under way."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._seconds):
            self._call()
