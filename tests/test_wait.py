"""Waiting is tried with a fake clock, calls side by side with real threads."""

from __future__ import annotations

import logging
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path

import pytest

from armadillo.clock import FakeClock
from armadillo.deadline import TimeoutManager
from armadillo.errors import (
    ArmadilloError,
    AuthError,
    ConfigurationError,
    HealthCheckError,
    NetworkError,
    NotReadyInTime,
    SeveralFailed,
    TimeoutExpired,
)
from armadillo.wait import NotYet, together, until
from tests.processes import PATIENCE, soon

LONG = 60.0


class Probe:
    """Raises what it is given, one after the other, then returns."""

    def __init__(self, timeouts: TimeoutManager, *failures: Exception, forever: bool = False) -> None:
        self.asked: list[float] = []
        self._timeouts = timeouts
        self._failures = list(failures)
        self._forever = forever

    def __call__(self) -> str:
        self.asked.append(self._timeouts.clock.monotonic())
        if self._failures:
            raise self._failures[0] if self._forever else self._failures.pop(0)
        return "ready"


@pytest.fixture
def timeouts() -> TimeoutManager:
    return TimeoutManager(FakeClock())


def test_a_first_yes_is_returned_without_a_pause(timeouts: TimeoutManager) -> None:
    assert until(Probe(timeouts), what="agent1", timeout=5, timeouts=timeouts) == "ready"
    assert timeouts.clock.monotonic() == 0


def test_pauses_grow_from_first_to_cap(timeouts: TimeoutManager) -> None:
    probe = Probe(timeouts, *[NotYet("x")] * 8)
    until(probe, what="agent1", timeout=100, jitter=0, timeouts=timeouts)
    pauses = [after - before for before, after in zip(probe.asked, probe.asked[1:], strict=False)]
    assert pauses == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1, 1, 1])


def test_jitter_shortens_pauses_by_its_part_at_most(timeouts: TimeoutManager) -> None:
    probe = Probe(timeouts, *[NotYet("x")] * 200)
    until(probe, what="agent1", timeout=1000, first=1, cap=1, jitter=0.5, timeouts=timeouts)
    pauses = [after - before for before, after in zip(probe.asked, probe.asked[1:], strict=False)]
    assert min(pauses) > 0.499
    assert max(pauses) < 1.001
    assert max(pauses) - min(pauses) > 0.2


@pytest.mark.parametrize("again", [NotYet("x"), NetworkError("refused"), HealthCheckError("unwell", status=503)])
def test_what_may_pass_is_asked_again(timeouts: TimeoutManager, again: Exception) -> None:
    assert until(Probe(timeouts, again), what="agent1", timeout=5, timeouts=timeouts) == "ready"


@pytest.mark.parametrize("final", [AuthError("wrong secret"), KeyError("a bug"), TimeoutExpired("its own time-out")])
def test_what_will_not_pass_ends_the_wait_at_once(timeouts: TimeoutManager, final: Exception) -> None:
    probe = Probe(timeouts, final)
    with pytest.raises(type(final)) as told:
        until(probe, what="agent1", timeout=5, timeouts=timeouts)
    assert told.value is final
    assert len(probe.asked) == 1


def test_out_of_time_the_last_reason_is_told(timeouts: TimeoutManager) -> None:
    probe = Probe(timeouts, NotYet("503 [ERR 1477]"), forever=True)
    with pytest.raises(NotReadyInTime, match=r"agent1 not ready in 5 s \(last seen: 503 \[ERR 1477\]\)") as told:
        until(probe, what="agent1", timeout=5, timeouts=timeouts)
    assert timeouts.clock.monotonic() == pytest.approx(5)
    assert told.value.details["last"] == "503 [ERR 1477]"


def test_without_any_time_it_is_asked_once(timeouts: TimeoutManager) -> None:
    probe = Probe(timeouts, NotYet("no"), forever=True)
    with pytest.raises(NotReadyInTime, match="last seen: no"):
        until(probe, what="agent1", timeout=0, timeouts=timeouts)
    assert len(probe.asked) == 1


def test_a_reason_without_words_is_told_by_its_kind(timeouts: TimeoutManager) -> None:
    with pytest.raises(NotReadyInTime, match="last seen: NotYet"):
        until(Probe(timeouts, NotYet(), forever=True), what="agent1", timeout=1, timeouts=timeouts)


def test_each_new_reason_is_told_once(timeouts: TimeoutManager) -> None:
    told: list[str] = []
    reasons = ["refused", "refused", "starting", "starting", "refused"]
    probe = Probe(timeouts, *(NotYet(reason) for reason in reasons))
    until(probe, what="agent1", timeout=60, told=told.append, timeouts=timeouts)
    assert told == ["refused", "starting", "refused"]


def test_the_deadline_is_a_moment_of_the_clock(timeouts: TimeoutManager) -> None:
    timeouts.clock.sleep(100)
    for deadline, timeout in ((103, None), (103, 50), (200, 3)):
        began = timeouts.clock.monotonic()
        with pytest.raises(NotReadyInTime):
            until(
                Probe(timeouts, NotYet("x"), forever=True),
                what="agent1",
                deadline=deadline - 100 + began,
                timeout=timeout,
                timeouts=timeouts,
            )
        assert timeouts.clock.monotonic() - began == pytest.approx(3)


def test_a_wait_without_an_end_is_refused(timeouts: TimeoutManager) -> None:
    with pytest.raises(ConfigurationError, match="has no end"):
        until(Probe(timeouts), what="agent1", timeouts=timeouts)


def test_the_scope_around_limits_the_wait_and_the_probe_sees_what_is_left(timeouts: TimeoutManager) -> None:
    seen: list[float] = []

    def probe() -> None:
        seen.append(timeouts.remaining())
        raise NotYet("x")

    with timeouts.scope("test", 2), pytest.raises(NotReadyInTime, match="not ready in 2 s"):
        until(probe, what="agent1", timeout=50, timeouts=timeouts)
    assert seen[0] == 2
    assert seen == sorted(seen, reverse=True)


def test_a_probe_cut_off_by_the_deadline_means_not_ready(timeouts: TimeoutManager) -> None:
    def probe() -> None:
        timeouts.sleep(LONG)

    with pytest.raises(NotReadyInTime, match="out of time"):
        until(probe, what="agent1", timeout=5, timeouts=timeouts)


def test_very_many_attempts_do_no_harm(timeouts: TimeoutManager) -> None:
    probe = Probe(timeouts, *[NotYet("x")] * 3000)
    assert until(probe, what="agent1", timeout=1e6, timeouts=timeouts) == "ready"


def test_cancelling_ends_a_wait_at_once() -> None:
    timeouts = TimeoutManager()
    with timeouts.scope("test"):
        threading.Timer(0.1, timeouts.cancel, ["enough"]).start()
        began = time.monotonic()
        with pytest.raises(TimeoutExpired, match="waiting for agent1 was cancelled: enough"):
            until(Probe(timeouts, NotYet("x"), forever=True), what="agent1", timeout=LONG, first=LONG, cap=LONG)
        assert time.monotonic() - began < LONG / 2


def test_a_probe_that_hangs_is_barked_at(caplog: pytest.LogCaptureFixture) -> None:
    def probe() -> str:
        assert soon(lambda: "timeout.watchdog.fired" in caplog.text)
        return "late"

    with caplog.at_level(logging.WARNING, logger="armadillo"):
        assert until(probe, what="agent1", timeout=0.05) == "late"


def test_values_come_in_the_order_of_the_calls() -> None:
    barrier = threading.Barrier(3)

    def call(number: int) -> int:
        barrier.wait(PATIENCE)
        time.sleep(0.05 * (3 - number))
        return number

    assert together("start", [lambda number=number: call(number) for number in range(3)]) == [0, 1, 2]  # type: ignore[misc]
    assert together("nothing", []) == []


def test_few_threads_do_many_calls() -> None:
    names = together("start", [lambda: threading.current_thread().name] * 50, workers=2)
    assert set(names) <= {"start 0", "start 1"}
    assert together("start", [lambda: 1] * 3, workers=0) == [1, 1, 1]


def failing(error: BaseException) -> Callable[[], None]:
    def call() -> None:
        raise error

    return call


def test_one_failure_is_itself_after_all_were_tried() -> None:
    done = threading.Event()
    with pytest.raises(NetworkError, match="refused"):
        together("start", [failing(NetworkError("refused")), done.set], workers=1)
    assert done.is_set()


def test_every_failure_is_told_and_a_bug_stays_a_bug() -> None:
    expected: list[ArmadilloError] = [NetworkError("refused"), AuthError("wrong secret")]
    with pytest.raises(SeveralFailed) as several:
        together("start", [failing(error) for error in expected])
    assert list(several.value.exceptions) == expected
    with pytest.raises(ExceptionGroup) as group:
        together("start", [failing(expected[0]), failing(KeyError("bug"))])
    assert not isinstance(group.value, ArmadilloError)
    with pytest.raises(SystemExit):
        together("start", [failing(expected[0]), failing(SystemExit(3))])


def test_calls_see_the_context_and_the_scopes_of_the_caller() -> None:
    word: ContextVar[str] = ContextVar("word", default="nothing")
    timeouts = TimeoutManager(FakeClock())
    before = word.set("hello")
    with timeouts.scope("test", 7):
        seen = together("look", [lambda: (word.get(), timeouts.remaining(), word.set("mine"))[:2]] * 2)
    assert seen == [("hello", 7.0)] * 2
    assert word.get() == "hello"
    word.reset(before)
    assert timeouts.remaining() == math.inf


def test_ctrl_c_is_prompt_ends_waits_and_begins_no_further_call(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from armadillo.deadline import TIMEOUTS; from armadillo.wait import together\n"
        "here = Path(sys.argv[1])\n"
        "def polite():\n"
        "    try:\n"
        "        (here / 'started').touch(); TIMEOUTS.sleep(1000)\n"
        "    finally:\n"
        "        (here / 'polite').touch()\n"
        "def deaf():\n"
        "    time.sleep(1000)\n"
        "def third():\n"
        "    (here / 'third').touch()\n"
        "together('start', [deaf, polite, third], workers=2)\n"
    )
    ours = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stderr=subprocess.PIPE)
    assert soon((tmp_path / "started").exists)
    ours.send_signal(2)
    _, printed = ours.communicate(timeout=PATIENCE)
    assert b"KeyboardInterrupt" in printed
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["polite", "started"]
