from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armadillo.errors import ConfigurationError
from armadillo.units import format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("1.5", 1.5),
        ("90s", 90),
        ("5m", 300),
        ("1h30m", 5400),
        ("200ms", 0.2),
        ("2d", 172_800),
        ("1d2h3m4s5ms", 93_784.005),
        ("1.5h", 5400),
        (" 5m ", 300),
        ("0", 0),
        ("0s", 0),
        (90, 90),
        (0.25, 0.25),
        ("none", None),
    ],
)
def test_a_duration_is_read(text: str | float, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


NOT_DURATIONS: list[Any] = [
    "", " ", "m", "5x", "5 m", "-5s", "+5", "1h30", "30m1h", "5m5m", "5M", "1e3", "٣s", "s5", ".5s", "5.s", "None",
    -1, True, float("nan"), float("inf"), "9" * 5000, "999999d", None, [5],
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_DURATIONS)
def test_what_is_no_duration_is_refused_with_what_is_accepted(text: Any) -> None:
    with pytest.raises(ConfigurationError, match="not a duration") as told:
        parse_duration(text)
    assert "1h30m" in told.value.hint


@pytest.mark.parametrize("text", ["0", "0s", "0h0m", 0])
def test_a_time_out_of_zero_is_refused(text: str | int) -> None:
    with pytest.raises(ConfigurationError, match="no time at all"):
        parse_duration(text, zero=False)


def test_no_time_out_and_a_short_one_are_not_zero() -> None:
    assert parse_duration("none", zero=False) is None
    assert parse_duration("1ms", zero=False) == 0.001


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "none"),
        (0, "0s"),
        (0.2, "200ms"),
        (0.0005, "0.5ms"),
        (1.5, "1.5s"),
        (90, "1m30s"),
        (3600, "1h"),
        (86_400.25, "1d0.25s"),
        (0.9999999, "1s"),
    ],
)
def test_a_duration_is_written(seconds: float | None, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(0, 10**14))
def test_a_duration_written_is_read_as_the_same(microseconds: int) -> None:
    seconds = microseconds / 1_000_000
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512MiB", 512 << 20),
        ("1GiB", 1 << 30),
        ("1.5GiB", 3 << 29),
        ("2g", 2 << 30),
        ("2G", 2 << 30),
        ("4gb", 4 << 30),
        ("64 KiB", 64 << 10),
        ("1tib", 1 << 40),
        ("1000b", 1000),
        ("1000", 1000),
        (1000, 1000),
        (0, 0),
        ("0.3k", 307),
    ],
)
def test_a_size_is_read(text: str | int, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "g", "5x", "-1g", "1.5.2g", "1  g", "1e3", "1pb", "ib", "1ib", -1, True, 1.5, None]
)
def test_what_is_no_size_is_refused_with_what_is_accepted(text: Any) -> None:
    with pytest.raises(ConfigurationError, match="not a size") as told:
        parse_size(text)
    assert "1.5GiB" in told.value.hint


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0b"), (1000, "1000b"), (1 << 10, "1k"), (3 << 29, "1536m"), (2 << 30, "2g"), (1 << 40, "1024g")],
)
def test_a_size_is_written_as_compose_reads_it(size: int, text: str) -> None:
    assert format_size(size) == text


@given(
    st.integers(0, 1 << 55) | st.builds(lambda count, power: count << power, st.integers(1, 4096), st.integers(0, 40))
)
def test_a_size_written_is_read_as_the_same(size: int) -> None:
    assert parse_size(format_size(size)) == size
