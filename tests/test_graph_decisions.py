from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armadillo.errors import ConflictError
from armadillo.graph import (
    Decision,
    DuplicateNode,
    Edge,
    Group,
    MissingNode,
    Outcome,
    Predicate,
    ReadyTracker,
    Require,
    all_of,
    any_of,
    decide,
    decide_all,
)

READY, BLOCKED, PENDING = Decision.READY, Decision.BLOCKED, Decision.PENDING
SUCCESS, FAILURE, SKIPPED = Outcome.SUCCESS, Outcome.FAILURE, Outcome.SKIPPED


MET = {
    Require.SUCCESS: [SUCCESS],
    Require.FAILURE: [FAILURE],
    Require.FINAL: [SUCCESS, FAILURE, SKIPPED],
    Require.NOT_FAILURE: [SUCCESS, SKIPPED],
}


@pytest.mark.parametrize("require", Require)
def test_what_an_edge_requires_is_a_table(require: Require) -> None:
    assert [outcome for outcome in Outcome if require.met_by(outcome)] == MET[require]


@pytest.mark.parametrize(
    ("group", "outcomes", "decision"),
    [
        (all_of(""), {}, READY),
        (any_of(""), {}, READY),
        (all_of("ab"), {}, PENDING),
        (all_of("ab"), {"a": SUCCESS}, PENDING),
        (all_of("ab"), {"a": SUCCESS, "b": SUCCESS}, READY),
        (all_of("ab"), {"b": FAILURE}, BLOCKED),
        (all_of("ab"), {"b": SKIPPED}, BLOCKED),
        (any_of("ab"), {}, PENDING),
        (any_of("ab"), {"a": FAILURE}, PENDING),
        (any_of("ab"), {"b": SUCCESS}, READY),
        (any_of("ab"), {"a": FAILURE, "b": SKIPPED}, BLOCKED),
        (all_of("ab", Require.FINAL), {"a": FAILURE, "b": SKIPPED}, READY),
        (Group(Predicate.ALL, (Edge("a"), Edge("b", Require.FAILURE))), {"a": SUCCESS, "b": FAILURE}, READY),
    ],
)
def test_a_group_is_decided_as_early_as_it_can_be(
    group: Group[str], outcomes: dict[str, Outcome], decision: Decision
) -> None:
    assert decide(group, outcomes.get) is decision


# The conditions of jobs, by what they are made of.
def all_success(keys: str) -> list[Group[str]]:
    return [all_of(keys, Require.FINAL), all_of(keys)]


def on_failure(keys: str) -> list[Group[str]]:
    return [all_of(keys, Require.FINAL), any_of(keys, Require.FAILURE)]


def none_failed(keys: str) -> list[Group[str]]:
    return [all_of(keys, Require.FINAL), all_of(keys, Require.NOT_FAILURE)]


def all_done(keys: str) -> list[Group[str]]:
    return [all_of(keys, Require.FINAL)]


@pytest.mark.parametrize(
    ("condition", "ends", "decision"),
    [
        (all_success, [SUCCESS, SUCCESS], READY),
        (all_success, [SUCCESS, SKIPPED], BLOCKED),
        (all_success, [FAILURE, None], PENDING),
        (all_done, [FAILURE, SKIPPED], READY),
        (all_done, [FAILURE, None], PENDING),
        (on_failure, [FAILURE, None], PENDING),
        (on_failure, [FAILURE, SUCCESS], READY),
        (on_failure, [SKIPPED, SUCCESS], BLOCKED),
        (none_failed, [SUCCESS, SKIPPED], READY),
        (none_failed, [SUCCESS, FAILURE], BLOCKED),
    ],
)
def test_the_conditions_of_jobs_can_be_said(
    condition: Callable[[str], list[Group[str]]], ends: list[Outcome | None], decision: Decision
) -> None:
    outcomes = dict(zip("ab", ends, strict=True))
    assert decide_all(condition("ab"), outcomes.get) is decision


def test_a_tracker_starts_what_nothing_holds_back() -> None:
    tracker: ReadyTracker[str] = ReadyTracker()
    assert tracker.add("up") is READY
    assert tracker.add("test", [all_of(["up"])]) is PENDING
    assert tracker.add("down", [all_of(["up", "test"], Require.FINAL)]) is PENDING
    assert tracker.finish("up", SUCCESS) == [("test", READY)]
    assert tracker.finish("test", FAILURE) == [("down", READY)]
    assert tracker.finish("down", SUCCESS) == []


def test_what_is_blocked_counts_as_its_caller_says() -> None:
    for outcome, mail in ((FAILURE, READY), (SKIPPED, BLOCKED)):
        tracker: ReadyTracker[str] = ReadyTracker()
        tracker.add("a")
        tracker.add("b", all_success("a"))
        tracker.add("mail", on_failure("b"))
        assert tracker.finish("a", FAILURE) == [("b", BLOCKED)]
        assert tracker.decision("mail") is PENDING
        assert tracker.finish("b", outcome) == [("mail", mail)]


def test_nodes_may_be_added_while_others_have_ended() -> None:
    tracker: ReadyTracker[str] = ReadyTracker()
    tracker.add("late", [all_of(["unknown yet"])])
    tracker.add("a")
    tracker.finish("a", FAILURE)
    assert tracker.add("b", [all_of("a")]) is BLOCKED
    assert tracker.add("c", [all_of("a", Require.FAILURE)]) is READY
    assert tracker.add("unknown yet") is READY
    assert tracker.finish("unknown yet", SUCCESS) == [("late", READY)]


def test_what_ended_before_it_was_decided_is_not_decided_any_more() -> None:
    tracker: ReadyTracker[str] = ReadyTracker()
    tracker.add("a")
    tracker.add("cancelled", [all_of("a")])
    assert tracker.finish("cancelled", SKIPPED) == []
    assert tracker.finish("a", SUCCESS) == []


def test_a_node_ends_once() -> None:
    tracker: ReadyTracker[str] = ReadyTracker()
    tracker.add("a")
    tracker.add("b", [all_of("a")])
    tracker.finish("a", SUCCESS)
    assert tracker.finish("a", SUCCESS) == []
    with pytest.raises(ConflictError, match="a ended already, with success, not failure"):
        tracker.finish("a", FAILURE)
    assert tracker.outcome("a") is SUCCESS
    assert tracker.outcome("b") is None


def test_a_tracker_knows_its_nodes() -> None:
    tracker: ReadyTracker[str] = ReadyTracker()
    tracker.add("agents")
    with pytest.raises(DuplicateNode):
        tracker.add("agents")
    for ask in (tracker.decision, lambda key: tracker.finish(key, SUCCESS)):
        with pytest.raises(MissingNode, match="no agent") as told:
            ask("agent")
        assert told.value.suggestions == ("agents",)


SIZE = 6
edges = st.builds(Edge, st.integers(0, SIZE - 1), st.sampled_from(Require))
groups = st.builds(Group, st.sampled_from(Predicate), st.lists(edges, max_size=4).map(tuple))
node_groups = st.lists(st.lists(groups, max_size=3), min_size=SIZE, max_size=SIZE)
events = st.lists(st.tuples(st.integers(0, SIZE - 1), st.sampled_from(Outcome)), unique_by=lambda event: event[0])


@given(node_groups, events, st.integers(0, SIZE))
def test_the_tracker_agrees_with_deciding_everything_again(
    needs: list[list[Group[int]]], ends: list[tuple[int, Outcome]], added_late: int
) -> None:
    tracker: ReadyTracker[int] = ReadyTracker()
    known: dict[int, Outcome] = {}
    late = set(range(SIZE - added_late, SIZE))
    decided = {key: tracker.add(key, needs[key]) for key in range(SIZE) if key not in late}
    for key, outcome in ends:
        if key in late:
            late.remove(key)
            decided[key] = tracker.add(key, needs[key])
            assert decided[key] is decide_all(needs[key], known.get)
        known[key] = outcome
        told = tracker.finish(key, outcome)
        open_keys = sorted(other for other in decided if other not in known and decided[other] is PENDING)
        fresh = {other: decide_all(needs[other], known.get) for other in open_keys}
        assert sorted(told) == [(other, decision) for other, decision in fresh.items() if decision is not PENDING]
        decided |= fresh
        assert all(tracker.decision(other) is decided[other] for other in decided)


@given(st.lists(groups, max_size=3), st.dictionaries(st.integers(0, SIZE - 1), st.sampled_from(Outcome)))
def test_a_decision_is_never_taken_back(needs: list[Group[int]], known: dict[int, Outcome]) -> None:
    before = decide_all(needs, known.get)
    for key, outcome in itertools.product(set(range(SIZE)) - known.keys(), Outcome):
        if before is not PENDING:
            assert decide_all(needs, {**known, key: outcome}.get) is before


@given(groups, st.dictionaries(st.integers(0, SIZE - 1), st.sampled_from(Outcome)))
def test_a_group_is_decided_only_when_every_future_agrees(group: Group[int], known: dict[int, Outcome]) -> None:
    missing = sorted({edge.target for edge in group.edges} - known.keys())
    futures = set()
    for ends in itertools.product(Outcome, repeat=len(missing)):
        outcome_of = known | dict(zip(missing, ends, strict=True))
        met = [edge.require.met_by(outcome_of[edge.target]) for edge in group.edges]
        enough = all(met) if group.predicate is Predicate.ALL else any(met) or not met
        futures.add(READY if enough else BLOCKED)
    decision = decide(group, known.get)
    assert futures == {decision} or (decision is PENDING and missing)


def test_a_node_with_many_dependents_costs_only_its_own() -> None:
    tracker: ReadyTracker[int] = ReadyTracker()
    size = 50_000
    tracker.add(0)
    for key in range(1, size):
        tracker.add(key, [all_of([key - 1], Require.FINAL), any_of([key - 1, 0])])
    started = time.monotonic()
    for key in range(size - 1):
        assert tracker.finish(key, SUCCESS) == [(key + 1, READY)]
    assert time.monotonic() - started < 20, "it takes a fraction of a second; looking at every node takes an hour"
