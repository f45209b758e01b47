"""What time it is, and how to let some of it pass: really, or for a test.

Knows nothing of deadlines; it only ticks.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from armadillo.errors import ConfigurationError


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Return the time of day, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass; none for zero and below."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class FakeClock:
    """A clock that stands still until somebody sleeps."""

    def __init__(self, start: datetime = datetime(2030, 1, 1, tzinfo=UTC)) -> None:
        self._start = in_utc(start)
        self._passed = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        with self._lock:
            return self._passed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._passed += max(0.0, seconds)


def in_utc(moment: datetime) -> datetime:
    """Return the same moment in UTC; a moment without a zone is refused."""
    if moment.utcoffset() is None:
        raise ConfigurationError(
            f"{moment.isoformat()} has no time zone, so it is no moment", hint="write the zone: datetime(…, tzinfo=UTC)"
        )
    return moment.astimezone(UTC)


def rfc3339(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC with `Z`, always in microseconds, so that texts sort as moments do."""
    return in_utc(moment).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
