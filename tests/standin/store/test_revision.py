"""Revisions never repeat, never go back, and read as they are written."""

from __future__ import annotations

from arangod.store.revision import Clock, from_text, to_text
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(min_value=1, max_value=(1 << 64) - 1))
def test_a_stamp_reads_as_it_was_written(stamp: int) -> None:
    assert from_text(to_text(stamp)) == stamp


@given(st.text(max_size=11))
def test_a_foreign_text_is_no_stamp_that_fails(text: str) -> None:
    assert from_text(text) >= 0


@given(st.lists(st.floats(min_value=0, max_value=1e10), min_size=2, max_size=20))
def test_revisions_grow_whatever_the_clock_does(times: list[float]) -> None:
    given_times = iter(times)
    clock = Clock(lambda: next(given_times))
    stamps = [from_text(clock.next()) for _ in times]
    assert stamps == sorted(set(stamps))


def test_revisions_go_on_after_the_last_one_seen() -> None:
    clock = Clock(lambda: 1.0)
    clock.seen(to_text(1 << 60))
    assert from_text(clock.next()) == (1 << 60) + 1


def test_a_revision_of_today_has_eleven_signs() -> None:
    assert len(Clock().next()) == 11
