from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armadillo.clock import Clock, FakeClock, SystemClock, rfc3339
from armadillo.errors import ConfigurationError

NOON = datetime(2031, 2, 3, 12, tzinfo=UTC)


def test_the_fake_clock_moves_only_while_somebody_sleeps() -> None:
    clock = FakeClock(NOON)
    before = clock.monotonic()
    clock.sleep(1.5)
    clock.sleep(0)
    clock.sleep(-5)
    assert clock.now() == NOON + timedelta(seconds=1.5)
    assert clock.monotonic() - before == 1.5


def test_the_fake_clock_tells_utc_whatever_zone_it_starts_in() -> None:
    clock = FakeClock(NOON.astimezone(timezone(timedelta(hours=5))))
    assert clock.now() == NOON
    assert clock.now().tzinfo is UTC


def test_the_fake_clock_refuses_a_start_without_a_zone() -> None:
    with pytest.raises(ConfigurationError, match="no time zone"):
        FakeClock(NOON.replace(tzinfo=None))


def test_the_system_clock_is_the_machine_s() -> None:
    clock: Clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now().timestamp() - time.time()) < 60
    before = clock.monotonic()
    clock.sleep(0.01)
    clock.sleep(-1)
    assert clock.monotonic() - before >= 0.01


def test_a_moment_is_written_in_utc_with_z() -> None:
    assert rfc3339(NOON) == "2031-02-03T12:00:00.000000Z"
    assert rfc3339(NOON.astimezone(timezone(timedelta(hours=-3, minutes=-30)))) == "2031-02-03T12:00:00.000000Z"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no time zone") as told:
        rfc3339(NOON.replace(tzinfo=None))
    assert "tzinfo=UTC" in told.value.hint


zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=zones)


@given(moments, moments)
def test_a_moment_comes_back_and_texts_sort_as_moments(one: datetime, other: datetime) -> None:
    assert datetime.fromisoformat(rfc3339(one)) == one
    assert (rfc3339(one) < rfc3339(other)) == (one < other)
