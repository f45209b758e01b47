"""How long something may still take: nested scopes, cancellation, and a watchdog for what does not look at the clock.

Knows nothing of what runs inside a scope; who has to be ended from outside gives a callback.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextvars import Context, ContextVar, copy_context
from types import TracebackType

from armadillo.clock import Clock, SystemClock
from armadillo.errors import ConfigurationError, TimeoutExpired
from armadillo.log import get_logger

log = get_logger(__name__)

SLACK = 0.25
"""What a scope may overrun before the watchdog barks: a wait that ends in time needs a moment to unwind."""

# One variable for all managers: whoever asks sees every scope around, so nobody exceeds what is left.
_innermost: ContextVar[Scope | None] = ContextVar("armadillo_scope", default=None)


class Scope:
    """A stretch of work with a limit; made by `TimeoutManager.scope`, used once, as `with` or `async with`."""

    def __init__(
        self,
        what: str,
        seconds: float | None,
        manager: TimeoutManager,
        *,
        shielded: bool = False,
        escalate: Sequence[Callable[[], object]] = (),
    ) -> None:
        if seconds is not None and not seconds >= 0:
            raise ConfigurationError(f"{what}: {seconds} is no time-out", hint="give seconds, 0 or more; None for none")
        self.what = what
        self.seconds = math.inf if seconds is None else float(seconds)
        self._manager = manager
        self._shielded = shielded
        self._escalate = tuple(escalate)
        self._reason: str | None = None
        self._outer: Scope | None = None
        self._ends = math.inf
        self._context: Context | None = None
        self._barking: threading.Thread | None = None
        self._waiting: tuple[asyncio.AbstractEventLoop, asyncio.Timeout] | None = None

    def __enter__(self) -> Scope:
        if self._context is not None:
            raise ConfigurationError(f"the scope {self.what} was used before", hint="ask for a new one each time")
        self._outer = _current()
        self._ends = self._manager.clock.monotonic() + self.seconds
        _innermost.set(self)
        self._context = copy_context()
        _watchdog.watch(self)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._close()
        self._join()

    async def __aenter__(self) -> Scope:
        self.__enter__()
        timeout = asyncio.timeout(_or_none(self.remaining()))
        await timeout.__aenter__()
        self._waiting = (asyncio.get_running_loop(), timeout)
        self._wake()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        waiting, self._waiting = self._waiting, None
        try:
            if waiting is not None:
                await waiting[1].__aexit__(kind, error, trace)
        except TimeoutError as exc:
            raise self.expired() from exc
        finally:
            self._close()
            if self._barking is not None:
                await asyncio.to_thread(self._join)

    def remaining(self) -> float:
        """Return the seconds left here and in every scope around, never below 0; infinite without a limit."""
        return max(0.0, min(scope._left() for scope in self._chain()))

    @property
    def cancelled(self) -> str | None:
        """Why this scope or one around it was cancelled; None while it was not."""
        return next((scope._reason for scope in self._chain() if scope._reason is not None), None)

    def cancel(self, reason: str) -> None:
        """End every wait in this scope and in those inside it, whatever the thread or task."""
        self._reason = self._reason or reason
        _watchdog.ring()

    def check(self) -> None:
        """Raise TimeoutExpired when cancelled or out of time."""
        if self.cancelled is not None or self.remaining() <= 0:
            raise self.expired()

    def expired(self) -> TimeoutExpired:
        """Return the error that says why the work in this scope has to end."""
        reason = self.cancelled
        if reason is not None:
            return TimeoutExpired(f"{self.what} was cancelled: {reason}", details={"cancelled": reason})
        scope = min(self._chain(), key=Scope._left)
        name = self.what if scope is self else f"{self.what} (inside {scope.what})"
        return TimeoutExpired(f"{name} was out of time after {scope.seconds:g} s", seconds=scope.seconds)

    def _left(self) -> float:
        return self._ends - self._manager.clock.monotonic()

    def _chain(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = None if scope._shielded else scope._outer

    def _bark(self) -> None:
        assert self._context is not None
        self._barking = threading.Thread(
            target=self._context.run, args=(self._fire,), name=f"overrun of {self.what}", daemon=True
        )
        self._barking.start()

    def _fire(self) -> None:
        log.warning("timeout.watchdog.fired", scope=self.what, seconds=self.seconds)
        for callback in self._escalate:
            callback()

    def _wake(self) -> None:
        if self._waiting is not None and self.cancelled is not None:
            self._waiting[0].call_soon_threadsafe(self._interrupt)

    def _interrupt(self) -> None:
        if self._waiting is not None and not self._waiting[1].expired():
            self._waiting[1].reschedule(self._waiting[0].time())

    def _close(self) -> None:
        _watchdog.forget(self)
        if _innermost.get() is self:
            _innermost.set(self._outer)

    def _join(self) -> None:
        if self._barking is not None and self._barking is not threading.current_thread():
            self._barking.join()


class _Watchdog:
    """Knows every open scope; a thread of it lives while one of them has a limit."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.opened: set[Scope] = set()
        self._watched: set[Scope] = set()
        self._thread: threading.Thread | None = None

    def watch(self, scope: Scope) -> None:
        with self.changed:
            self.opened.add(scope)
            if math.isinf(scope.seconds):
                return
            self._watched.add(scope)
            self.changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="armadillo watchdog", daemon=True)
                self._thread.start()

    def forget(self, scope: Scope) -> None:
        with self.changed:
            self.opened.discard(scope)
            self._watched.discard(scope)
            self.changed.notify_all()

    def ring(self) -> None:
        """Let every wait look again whether it is over."""
        with self.changed:
            for scope in self.opened:
                scope._wake()
            self.changed.notify_all()

    def _run(self) -> None:
        with self.changed:
            while self._watched:
                left = min(scope._left() for scope in self._watched) + SLACK
                if left > 0:
                    self.changed.wait(min(left, threading.TIMEOUT_MAX))
                for scope in [scope for scope in self._watched if scope._left() + SLACK <= 0]:
                    self._watched.discard(scope)
                    scope._bark()
            self._thread = None


_watchdog = _Watchdog()


class TimeoutManager:
    """Opens scopes, and answers for the innermost one around the caller how much time is left.

    A task sees the scopes of the code that made it; so does a thread started with a copy of the
    context (`wait.together` does that). Any other new thread sees none until it opens its own.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()

    def scope(
        self,
        what: str,
        seconds: float | None = None,
        *,
        shielded: bool = False,
        escalate: Sequence[Callable[[], object]] = (),
    ) -> Scope:
        """Return a scope to enter; a shielded one, for cleaning up, does not see those around it."""
        return Scope(what, seconds, self, shielded=shielded, escalate=escalate)

    def remaining(self) -> float:
        """Return the seconds left in all scopes around; infinite without one."""
        scope = _current()
        return math.inf if scope is None else scope.remaining()

    def clamp(self, seconds: float | None) -> float:
        """Return the seconds asked for, at most what is left; None asks for all."""
        return min(math.inf if seconds is None else max(0.0, seconds), self.remaining())

    @property
    def cancelled(self) -> str | None:
        """Why the work around the caller was cancelled; None while it was not."""
        scope = _current()
        return None if scope is None else scope.cancelled

    def cancel(self, reason: str) -> None:
        """Cancel every scope this one opened, in all threads, but the shielded ones and those inside them."""
        with _watchdog.changed:
            for scope in _watchdog.opened:
                if scope._manager is self and not any(around._shielded for around in scope._chain()):
                    scope._reason = scope._reason or reason
        _watchdog.ring()

    def check(self) -> None:
        """Raise TimeoutExpired when the work around the caller was cancelled or is out of time."""
        scope = _current()
        if scope is not None:
            scope.check()

    def sleep(self, seconds: float) -> None:
        """Sleep; raise TimeoutExpired when time runs out or somebody cancels meanwhile."""
        self.check()
        scope, left = _current(), self.remaining()
        self._pause(min(seconds, left))
        if scope is not None and (left < seconds or scope.cancelled is not None):
            raise scope.expired()

    def _pause(self, seconds: float) -> None:
        with _watchdog.changed:
            if isinstance(self.clock, SystemClock):
                _watchdog.changed.wait_for(lambda: self.cancelled is not None, _or_none(seconds))
                return
        self.clock.sleep(seconds)
        _watchdog.ring()


TIMEOUTS = TimeoutManager()
"""The one of this process; what waits without being given another honours it."""


def _current() -> Scope | None:
    scope = _innermost.get()
    while scope is not None and scope not in _watchdog.opened:
        scope = scope._outer
    return scope


def _or_none(seconds: float) -> float | None:
    return None if math.isinf(seconds) else seconds
