"""The words for how a deployment is, as they follow from its checks."""

from __future__ import annotations

import pytest

from armadillo.cluster.checks import CLUSTER, NOT_LOOKED, Check, Health, Needed, looked
from armadillo.errors import NetworkError
from armadillo.wait import NotYet

LEADER = Check(CLUSTER, "leader", True, "agent1 leads in term 1", Needed.SERVICE)
QUORUM = Check(CLUSTER, "quorum", True, "3 of 3 agents answer", Needed.SERVICE)
AGREEMENT = Check(CLUSTER, "agreement", True, "all follow")
PROBE = Check("coordinator1", "probe", True, "created")
OTHER = Check("coordinator2", "probe", True, "created")
GOOD = Check("dbserver1", "GOOD", True, "GOOD")
SHARDS = Check(CLUSTER, "in sync", True, "every shard", Needed.IN_SYNC)
ALL = (LEADER, QUORUM, AGREEMENT, PROBE, OTHER, GOOD, SHARDS)
SINGLE = (Check("single", "running", True, "Up"), Check("single", "probe", True, "created"))


def but(*wrong: Check) -> Health:
    """Return a cluster of which all holds but these."""
    return Health("lab", tuple(one if one not in wrong else failed(one) for one in ALL))


def failed(one: Check, evidence: str = "no") -> Check:
    return Check(one.server, one.what, False, evidence, one.needed)


@pytest.mark.parametrize(
    ("seen", "word", "in_sync", "serves"),
    [
        (but(), "healthy", True, True),
        (but(SHARDS), "healthy", False, True),
        (but(GOOD), "degraded", False, True),
        (but(AGREEMENT), "degraded", False, True),
        (but(PROBE), "degraded", False, True),
        (but(GOOD, SHARDS, AGREEMENT, OTHER), "degraded", False, True),
        (but(PROBE, OTHER), "unhealthy", False, False),
        (but(LEADER), "unhealthy", False, False),
        (but(QUORUM), "unhealthy", False, False),
        (but(*ALL), "unhealthy", False, False),
        (Health("lab", ()), "unhealthy", False, False),
        (Health("lab", SINGLE), "healthy", True, False),
        (Health("lab", (SINGLE[0], failed(SINGLE[1]))), "unhealthy", False, False),
        (Health("lab", (failed(SINGLE[0]), SINGLE[1])), "unhealthy", False, False),
    ],
)
def test_the_word_follows_from_what_holds(seen: Health, word: str, in_sync: bool, serves: bool) -> None:
    assert (seen.word, seen.in_sync, seen.serves) == (word, in_sync, serves)


@pytest.mark.parametrize(
    ("seen", "percentage"),
    [(but(), 100), (but(GOOD), 86), (but(*ALL), 0), (Health("lab", ()), 0)],
)
def test_the_percentage_is_the_share_of_what_holds(seen: Health, percentage: int) -> None:
    assert seen.percentage == percentage


def test_causes_are_what_was_looked_at_and_does_not_hold() -> None:
    unseen = failed(PROBE, NOT_LOOKED)
    down = failed(GOOD, "BAD")
    assert Health("lab", (LEADER, unseen, down, SHARDS)).causes() == (down,)
    assert but().causes() == ()


def test_a_server_s_checks_are_its_own() -> None:
    assert but().of("dbserver1") == (GOOD,)
    assert but().of(CLUSTER) == (LEADER, QUORUM, AGREEMENT, SHARDS)
    assert but().of("nobody") == ()


@pytest.mark.parametrize("error", [NetworkError("connection refused"), NotYet("BAD since 4 s")])
def test_a_look_that_fails_is_a_check_that_does_not_hold_and_says_why(error: Exception) -> None:
    def look() -> str:
        raise error

    assert looked("dbserver1", "GOOD", look) == Check("dbserver1", "GOOD", False, str(error))


def test_a_look_that_holds_keeps_what_was_seen() -> None:
    seen = looked(CLUSTER, "in sync", lambda: "every shard", Needed.IN_SYNC)
    assert seen == SHARDS


def test_a_bug_in_a_look_is_no_answer() -> None:
    with pytest.raises(ZeroDivisionError):
        looked("single", "probe", lambda: str(1 // 0))
