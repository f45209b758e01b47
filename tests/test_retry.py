from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armadillo.errors import (
    MEANING,
    ArmadilloError,
    ConfigurationError,
    HealthCheckError,
    NetworkError,
    SeveralFailed,
    TimeoutExpired,
)
from armadillo.retry import RetryPolicy, is_retried


@pytest.mark.parametrize(
    ("policy", "delays"),
    [
        (RetryPolicy(), []),
        (RetryPolicy(attempts=4, delay=2), [2, 2, 2]),
        (RetryPolicy(attempts=5, delay=1, factor=2, max_delay=5), [1, 2, 4, 5]),
        (RetryPolicy(attempts=3, delay=9, max_delay=5), [5, 5]),
        (RetryPolicy(attempts=3, delay=0, factor=2), [0, 0]),
    ],
)
def test_delays_follow_the_policy(policy: RetryPolicy, delays: list[float]) -> None:
    assert list(policy.delays(random.Random(1))) == delays


def test_a_factor_too_large_for_a_float_ends_at_the_longest_delay() -> None:
    assert max(RetryPolicy(attempts=5_000, factor=10.0).delays(random.Random(1))) == 60


def test_the_same_chance_gives_the_same_delays() -> None:
    policy = RetryPolicy(attempts=10, jitter=1)
    first = list(policy.delays(random.Random(7)))
    assert first == list(policy.delays(random.Random(7)))
    assert len(set(first)) == 9


unit = st.floats(0, 100)


@given(st.integers(1, 50), unit, st.floats(1, 10), unit, st.floats(0, 1), st.integers())
def test_jitter_only_shortens(
    attempts: int, delay: float, factor: float, longest: float, part: float, seed: int
) -> None:
    full = RetryPolicy(attempts, delay, factor, longest)
    shaken = RetryPolicy(attempts, delay, factor, longest, part)
    pairs = list(zip(full.delays(random.Random(seed)), shaken.delays(random.Random(seed)), strict=True))
    assert len(pairs) == attempts - 1
    for most, seconds in pairs:
        assert most * (1 - part) - 1e-9 <= seconds <= most <= longest


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 0},
        {"delay": -1},
        {"delay": float("nan")},
        {"factor": 0.5},
        {"factor": float("inf")},
        {"max_delay": -1},
        {"max_delay": float("inf")},
        {"jitter": 1.1},
        {"jitter": float("nan")},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(ConfigurationError, match=name):
        RetryPolicy(**wrong)


def test_only_connectivity_is_tried_again() -> None:
    assert {kind for kind in MEANING if is_retried(kind.__new__(kind))} == {NetworkError, HealthCheckError}
    assert not is_retried(KeyError("a bug"))


def test_several_are_tried_again_only_when_the_worst_of_them_is() -> None:
    refused = NetworkError("a")
    others: list[ArmadilloError] = [refused, TimeoutExpired("b")]
    assert is_retried(SeveralFailed("x", [refused, refused]))
    assert not is_retried(SeveralFailed("x", others))
