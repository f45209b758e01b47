"""Scopes are tried with a fake clock; cancellation and the watchdog with real threads and tasks."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from contextvars import copy_context

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armadillo.clock import FakeClock
from armadillo.deadline import Scope, TimeoutManager
from armadillo.errors import ConfigurationError, TimeoutExpired
from tests.processes import PATIENCE, soon

LONG = 60.0


def watchdogs() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "armadillo watchdog"]


@pytest.mark.parametrize(("outer", "inner"), [(10, 5), (5, 10)])
def test_the_shorter_of_two_scopes_counts(outer: float, inner: float) -> None:
    timeouts = TimeoutManager(FakeClock())
    with timeouts.scope("run", outer), timeouts.scope("operation", inner) as scope:
        assert scope.remaining() == timeouts.remaining() == 5
        assert timeouts.clamp(7) == 5
        assert timeouts.clamp(3) == 3
        assert timeouts.clamp(None) == 5


def test_without_a_scope_nothing_is_limited() -> None:
    timeouts = TimeoutManager()
    assert timeouts.remaining() == math.inf
    assert timeouts.clamp(None) == math.inf
    assert timeouts.clamp(-1) == 0
    assert timeouts.cancelled is None
    timeouts.check()
    timeouts.sleep(0)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=6), st.floats(0, 200), st.floats(0, 200))
def test_a_clamped_time_never_exceeds_what_any_scope_leaves(limits: list[float], passed: float, wish: float) -> None:
    clock = FakeClock()
    timeouts = TimeoutManager(clock)

    def descend(left: list[float]) -> None:
        if left:
            with timeouts.scope("some", left[0]):
                descend(left[1:])
            return
        clock.sleep(passed)
        assert timeouts.clamp(wish) == min(wish, max(0.0, min(limits) - passed))

    descend(limits)


def test_an_inner_scope_gives_its_limit_back() -> None:
    timeouts = TimeoutManager(FakeClock())
    with timeouts.scope("run", 10):
        with timeouts.scope("operation", 1):
            pass
        assert timeouts.remaining() == 10
    assert timeouts.remaining() == math.inf


def test_scopes_of_two_managers_limit_each_other() -> None:
    with TimeoutManager(FakeClock()).scope("run", 3):
        assert TimeoutManager().clamp(8) == 3


def test_scopes_closed_out_of_order_limit_nobody_any_more() -> None:
    timeouts = TimeoutManager(FakeClock())
    first, second = timeouts.scope("first", 5), timeouts.scope("second", 3)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert timeouts.remaining() == math.inf


@pytest.mark.parametrize("seconds", [-1, math.nan])
def test_a_limit_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(ConfigurationError, match="no time-out"):
        TimeoutManager().scope("test", seconds)


def test_a_scope_is_used_once() -> None:
    scope = TimeoutManager().scope("test", 5)
    with scope:
        pass
    with pytest.raises(ConfigurationError, match="used before"):
        scope.__enter__()


def test_sleep_ends_with_the_scope_and_names_it() -> None:
    clock = FakeClock()
    timeouts = TimeoutManager(clock)
    with timeouts.scope("test", 5), timeouts.scope("start of agent1"):
        timeouts.sleep(2)
        with pytest.raises(TimeoutExpired, match=r"start of agent1 \(inside test\) was out of time after 5 s") as told:
            timeouts.sleep(10)
        assert clock.monotonic() == 5
        assert told.value.seconds == 5
        with pytest.raises(TimeoutExpired, match="start of agent1"):
            timeouts.check()


def test_a_shielded_scope_has_time_to_clean_up() -> None:
    timeouts = TimeoutManager(FakeClock())
    with timeouts.scope("test", 0) as test:
        test.cancel("the user gave up")
        timeouts.cancel("the run ends")
        with timeouts.scope("clean-up", 30, shielded=True), timeouts.scope("removal", 20):
            timeouts.cancel("again")
            assert timeouts.cancelled is None
            assert timeouts.remaining() == 20
            timeouts.check()


def test_a_cancelled_scope_cancels_what_is_inside_it_alone() -> None:
    timeouts = TimeoutManager()
    with timeouts.scope("run") as run, timeouts.scope("test") as test:
        test.cancel("enough")
        test.cancel("later reasons do not count")
        assert test.cancelled == "enough"
        assert run.cancelled is None
        with (
            timeouts.scope("operation"),
            pytest.raises(TimeoutExpired, match="operation was cancelled: enough") as told,
        ):
            timeouts.check()
        assert told.value.details["cancelled"] == "enough"


def test_cancelling_a_manager_leaves_the_scopes_of_another_alone() -> None:
    mine, other = TimeoutManager(), TimeoutManager()
    with other.scope("outer") as outer, mine.scope("inner") as inner:
        mine.cancel("enough")
        assert inner.cancelled == "enough"
        assert outer.cancelled is None


@pytest.mark.parametrize("everything", [True, False])
def test_cancelling_from_another_thread_ends_a_sleep_at_once(everything: bool) -> None:
    timeouts = TimeoutManager()
    with timeouts.scope("test", LONG) as scope:
        threading.Timer(0.1, timeouts.cancel if everything else scope.cancel, ["enough"]).start()
        began = time.monotonic()
        with pytest.raises(TimeoutExpired, match="cancelled: enough"):
            timeouts.sleep(LONG)
        assert time.monotonic() - began < LONG / 2


def test_a_new_thread_sees_no_scope_and_one_with_the_context_sees_all() -> None:
    timeouts = TimeoutManager(FakeClock())
    seen: list[float] = []

    def look() -> None:
        seen.append(timeouts.remaining())
        with timeouts.scope("its own", 1):
            seen.append(timeouts.remaining())

    with timeouts.scope("test", 5):
        for target in (look, lambda context=copy_context(): context.run(look)):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
        assert timeouts.remaining() == 5
    assert seen == [math.inf, 1, 5, 1]


def test_tasks_inherit_scopes_and_do_not_mix_their_own() -> None:
    timeouts = TimeoutManager(FakeClock())

    async def task(seconds: float, barrier: asyncio.Barrier) -> float:
        async with timeouts.scope("task", seconds):
            await barrier.wait()
            return timeouts.remaining()

    async def run() -> list[float]:
        barrier = asyncio.Barrier(3)
        async with timeouts.scope("run", 50):
            return await asyncio.gather(*(task(seconds, barrier) for seconds in (10, 20, 90)))

    assert asyncio.run(run()) == [10, 20, 50]


def test_a_task_is_ended_when_its_scope_is_out_of_time() -> None:
    async def run() -> None:
        async with TimeoutManager().scope("request", 0.05):
            await asyncio.sleep(LONG)

    with pytest.raises(TimeoutExpired, match="request was out of time"):
        asyncio.run(run())


def test_a_task_is_ended_when_an_outer_scope_is_cancelled() -> None:
    timeouts = TimeoutManager()

    async def run(scope: Scope) -> None:
        async with timeouts.scope("request"):
            threading.Timer(0.05, scope.cancel, ["enough"]).start()
            await asyncio.sleep(LONG)

    with timeouts.scope("run") as scope, pytest.raises(TimeoutExpired, match="request was cancelled: enough"):
        asyncio.run(run(scope))


def test_a_task_that_begins_in_a_cancelled_scope_is_ended() -> None:
    timeouts = TimeoutManager()

    async def run() -> None:
        async with timeouts.scope("request"):
            await asyncio.sleep(LONG)

    with timeouts.scope("run") as scope:
        scope.cancel("enough")
        scope.cancel("twice is once")
        with pytest.raises(TimeoutExpired, match="request was cancelled: enough"):
            asyncio.run(run())


def test_an_error_of_its_own_leaves_a_scope_as_it_is() -> None:
    async def run() -> None:
        async with TimeoutManager().scope("request", LONG):
            raise KeyError("x")

    with pytest.raises(KeyError):
        asyncio.run(run())


def test_a_hang_makes_the_watchdog_bark_and_escalate(caplog: pytest.LogCaptureFixture) -> None:
    freed = threading.Event()
    with (
        caplog.at_level(logging.WARNING, logger="armadillo"),
        TimeoutManager().scope("hanging test", 0.05, escalate=[freed.set]),
    ):
        assert freed.wait(PATIENCE)
    assert [record.getMessage() for record in caplog.records if "timeout.watchdog.fired" in record.getMessage()]
    assert "hanging test" in caplog.text


def test_a_scope_waits_for_its_escalation_to_end() -> None:
    ended = threading.Event()
    begun = threading.Event()

    def escalate() -> None:
        begun.set()
        time.sleep(0.2)
        ended.set()

    async def run() -> None:
        async with TimeoutManager().scope("hang", 0.05, escalate=[escalate]):
            begun.wait(PATIENCE)
            await asyncio.sleep(LONG)

    with pytest.raises(TimeoutExpired):
        asyncio.run(run())
    assert ended.is_set()


def test_a_scope_closed_by_its_own_escalation_does_not_wait_for_itself() -> None:
    closed = threading.Event()

    def escalate() -> None:
        scope.__exit__(None, None, None)
        closed.set()

    scope = TimeoutManager().scope("hang", 0, escalate=[escalate])
    scope.__enter__()
    assert closed.wait(PATIENCE)
    scope.__exit__(None, None, None)


def test_the_watchdog_is_silent_in_time_and_ends_when_nothing_is_watched(caplog: pytest.LogCaptureFixture) -> None:
    timeouts = TimeoutManager()
    with timeouts.scope("run", LONG), timeouts.scope("test", LONG * 2), timeouts.scope("unlimited"):
        assert watchdogs() == ["armadillo watchdog"]
    assert soon(lambda: not watchdogs())
    assert "timeout.watchdog.fired" not in caplog.text


def test_the_watchdog_follows_a_clock_that_is_not_the_machines() -> None:
    timeouts, fired = TimeoutManager(FakeClock()), threading.Event()
    with timeouts.scope("test", LONG, escalate=[fired.set]):
        timeouts.sleep(LONG - 1)
        assert not fired.is_set()
        with pytest.raises(TimeoutExpired):
            timeouts.sleep(5)
        timeouts.clock.sleep(5)
        with timeouts.scope("whatever lets the watchdog look again", 1):
            assert fired.wait(PATIENCE)
