"""Waiting until something is so, and for calls that run side by side; the only place of tenacity.

Knows nothing of what is waited for.
"""

from __future__ import annotations

import contextlib
import math
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import tenacity

from armadillo.deadline import TIMEOUTS, Scope, TimeoutManager
from armadillo.errors import ConfigurationError, NotReadyInTime, Then, TimeoutExpired, meaning, several

T = TypeVar("T")

FIRST = 0.05
CAP = 1.0
JITTER = 0.25
WORKERS = 8
DOUBLINGS = 60

_FAREWELL = 1.0


class NotYet(Exception):
    """Raised by a probe: not yet, because …; never leaves the wait.

    `question` is what was asked, where the reason goes on to say more: another one is progress.
    """

    def __init__(self, reason: str = "", *, question: str = "") -> None:
        super().__init__(f"{question} {reason}".strip())
        self.question = question


def until(
    probe: Callable[[], T],
    *,
    what: str,
    timeout: float | None = None,
    deadline: float | None = None,
    first: float = FIRST,
    cap: float = CAP,
    jitter: float = JITTER,
    told: Callable[[str], object] | None = None,
    timeouts: TimeoutManager = TIMEOUTS,
) -> T:
    """Ask the probe until it returns a value; the pauses grow from `first` to `cap`, each up to `jitter` shorter.

    They begin anew when the probe asks another question: what changes once may soon change again.

    `deadline` is a moment of the manager's monotonic clock. Goes on after NotYet and kinds that are tried
    again; another error ends the wait. Out of time, NotReadyInTime says the last reason. `told` gets each new reason.
    """
    timeouts.check()
    begun = timeouts.clock.monotonic()
    seconds = min(timeouts.clamp(timeout), math.inf if deadline is None else max(0.0, deadline - begun))
    if math.isinf(seconds):
        raise ConfigurationError(f"waiting for {what} has no end", hint="give a timeout, a deadline, or open a scope")
    reasons = _Reasons(told)
    with timeouts.scope(f"waiting for {what}", seconds) as scope:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_worth_another),
            stop=lambda _: scope.remaining() <= 0,
            wait=_pauses(scope, reasons, first, cap, jitter),
            after=reasons.hear,
            sleep=timeouts.sleep,
            reraise=True,
        )
        try:
            return retrying(probe)
        except Exception as exc:
            if scope.cancelled is None and (_worth_another(exc) or _out_of_time(exc, scope)):
                raise _not_ready(what, seconds, reasons.last or str(exc)) from exc
            raise


class _Reasons:
    """Remembers the last reason, tells each that differs from the one before, and counts since the last progress."""

    def __init__(self, told: Callable[[str], object] | None) -> None:
        self.last = ""
        self.same = 0
        self._question = ""
        self._told = told

    def hear(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        reason = str(error) or type(error).__name__
        if reason != self.last and self._told is not None:
            self._told(reason)
        self.last = reason
        question = getattr(error, "question", "")
        self.same = self.same + 1 if question == self._question else 1
        self._question = question


def _worth_another(error: BaseException) -> bool:
    return isinstance(error, NotYet) or (isinstance(error, Exception) and meaning(error).then is Then.RETRY)


def _out_of_time(error: Exception, scope: Scope) -> bool:
    return isinstance(error, TimeoutExpired) and scope.remaining() <= 0


def _pauses(
    scope: Scope, reasons: _Reasons, first: float, cap: float, jitter: float
) -> Callable[[tenacity.RetryCallState], float]:
    def pause(state: tenacity.RetryCallState) -> float:
        grown = min(first * 2.0 ** min(reasons.same - 1, DOUBLINGS), cap)
        return min(grown * (1 - jitter * random.random()), scope.remaining())

    return pause


def _not_ready(what: str, seconds: float, last: str) -> NotReadyInTime:
    return NotReadyInTime(
        f"{what} not ready in {round(seconds, 1):g} s (last seen: {last})",
        hint="give it more time, or look at its logs",
        details={"waited_for": what, "seconds": seconds, "last": last},
    )


def together(
    what: str,
    calls: Iterable[Callable[[], T]],
    *,
    workers: int = WORKERS,
    timeouts: TimeoutManager = TIMEOUTS,
) -> list[T]:
    """Make all calls in few threads and wait for all; return their values in order, or raise all that failed.

    Each call sees the caller's scopes and log context. On Ctrl-C no further call begins, and waits in those
    that run end at once.
    """
    with timeouts.scope(what) as scope:
        todo: deque[tuple[int, Callable[[], T]]] = deque(
            (index, partial(copy_context().run, call)) for index, call in enumerate(calls)
        )
        done: queue.SimpleQueue[_Done[T]] = queue.SimpleQueue()
        ended: list[_Done[T]] = []
        count = len(todo)
        for number in range(min(max(1, workers), count)):
            threading.Thread(target=_work, args=(todo, done), name=f"{what} {number}", daemon=True).start()
        try:
            while len(ended) < count:
                ended.append(done.get())
        except BaseException as exc:
            scope.cancel(f"interrupted by {type(exc).__name__}")
            running = count - len(ended) - _drop(todo)
            _say_farewell(done, running)
            raise
    return _values(what, ended)


@dataclass(frozen=True, slots=True)
class _Done(Generic[T]):
    index: int
    value: list[T]
    error: BaseException | None = None


def _work(todo: deque[tuple[int, Callable[[], T]]], done: queue.SimpleQueue[_Done[T]]) -> None:
    while True:
        try:
            index, call = todo.popleft()
        except IndexError:
            return
        try:
            done.put(_Done(index, [call()]))
        except BaseException as exc:  # noqa: BLE001 - it is raised where the calls were asked for
            done.put(_Done(index, [], exc))


def _drop(todo: deque[tuple[int, Callable[[], T]]]) -> int:
    dropped = 0
    with contextlib.suppress(IndexError):
        while True:
            todo.popleft()
            dropped += 1
    return dropped


def _say_farewell(done: queue.SimpleQueue[_Done[T]], running: int) -> None:
    until = time.monotonic() + _FAREWELL
    with contextlib.suppress(queue.Empty):
        for _ in range(running):
            done.get(timeout=max(0.0, until - time.monotonic()))


def _values(what: str, ended: list[_Done[T]]) -> list[T]:
    ended = sorted(ended, key=lambda one: one.index)
    errors = [one.error for one in ended if one.error is not None]
    for error in errors:
        if not isinstance(error, Exception):
            raise error
    if errors:
        raise several(what, [error for error in errors if isinstance(error, Exception)])
    return [value for one in ended for value in one.value]
