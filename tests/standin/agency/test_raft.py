"""Raft keeps its promises: in every schedule that a seed can think of, and in the cases that matter most."""

from __future__ import annotations

import os
import random

import pytest
from arangod.agency.entries import Entries
from arangod.agency.messages import (
    Append,
    Appended,
    Apply,
    AskVote,
    Entry,
    Keep,
    Propose,
    Received,
    Send,
    Store,
    Synced,
    Tick,
    Vote,
)  # fmt: skip
from arangod.agency.raft import FOLLOWER, LEADER, Raft

from tests.standin.agency.simulation import TIMING, Agent, World, shake

SCHEDULES = int(os.environ.get("ARMADILLO_RAFT_SCHEDULES", "300"))


def led(world: World, *, within: float = 20.0) -> Agent:
    """Wait until somebody leads whom a majority follows."""
    for _ in range(int(within / 0.05)):
        world.run(0.05)
        leader = world.leader()
        if leader is not None and machine(leader).has_lease(world.now):
            return leader
    raise AssertionError(f"no leader in {within} s")


def machine(agent: Agent) -> Raft:
    assert agent.raft is not None
    return agent.raft


@pytest.mark.parametrize("size", [3, 5])
def test_no_schedule_breaks_what_raft_promises(size: int) -> None:
    acknowledged = 0
    for seed in range(SCHEDULES * 2 // size):
        world = World(seed, size)
        try:
            shake(world, 25)
            world.heal()
            text = world.propose(led(world).name)
            world.run(3.0)
            world.check_logs()
            assert text in world.acknowledged, "no progress after everything was healed"
            world.check_nothing_lost()
        except AssertionError as exc:
            exc.add_note(f"seed {seed}, size {size}")
            raise
        acknowledged += len(world.acknowledged)
    assert acknowledged > SCHEDULES, "the schedules hardly let anything through"


def test_without_trouble_there_is_a_leader_soon_and_it_stays() -> None:
    for seed in range(20):
        world = World(seed)
        leader = led(world, within=2.0)
        term = machine(leader).term
        world.run(10.0)
        assert world.leader() is leader
        assert machine(leader).term == term


def test_a_minority_acknowledges_nothing_and_its_leader_steps_down() -> None:
    world = World(1)
    old = led(world)
    world.split({old.name}, set(world.agents) - {old.name})
    text = world.propose(old.name)
    world.run(TIMING.longest + TIMING.heartbeat + 0.01)
    assert machine(old).role != LEADER
    assert machine(old).leader == ""
    new = led(world)
    assert new is not old
    other = world.propose(new.name)
    world.run(1.0)
    assert world.acknowledged == [other]
    world.heal()
    world.run(2.0)
    assert text not in old.applied
    assert other in old.applied


def test_a_cut_off_leader_has_no_lease_before_another_can_lead() -> None:
    for seed in range(60):
        world = World(seed)
        old = led(world)
        world.split({old.name}, set(world.agents) - {old.name})
        for _ in range(400):
            world.run(0.005)
            newest = world.leader()
            assert newest is old or not machine(old).has_lease(world.now), f"seed {seed}"


def test_an_agent_that_was_cut_off_comes_back_without_unseating_the_leader() -> None:
    world = World(2)
    leader = led(world)
    term = machine(leader).term
    other = next(name for name in world.agents if name != leader.name)
    world.split({other}, set(world.agents) - {other})
    world.run(10.0)
    world.heal()
    world.run(3.0)
    assert world.leader() is leader
    assert machine(leader).term == term


def test_two_of_three_down_is_no_leader_and_one_back_is_one() -> None:
    world = World(3)
    leader = led(world)
    down = [name for name in world.agents if name != leader.name]
    for name in down:
        world.crash(name)
    world.run(2.0)
    assert machine(leader).role != LEADER
    world.start(down[0])
    led(world)


def test_an_agent_that_was_down_for_long_gets_a_snapshot() -> None:
    world = World(4)
    leader = led(world)
    late = next(name for name in world.agents if name != leader.name)
    world.crash(late)
    for _ in range(40):
        world.propose(leader.name)
        world.run(0.1)
    assert machine(leader).log.base_index > 20
    world.start(late)
    world.run(3.0)
    assert world.agents[late].applied == leader.applied
    assert machine(world.agents[late]).snapshot is not None


def test_one_alone_leads_at_once() -> None:
    world = World(5, size=1)
    world.run(0.1)
    assert world.leader() is not None
    text = world.propose("A0")
    world.run(0.1)
    assert world.acknowledged == [text]


def _alone(now: float = 0.0) -> Raft:
    return Raft("A", ["B", "C"], TIMING, random.Random(1), now, term=3)


def test_a_vote_is_written_down_before_it_is_given_and_given_once_a_term() -> None:
    raft = _alone()
    effects = raft.step(Received("B", AskVote(4, 0, 0, False)), 10.0)
    assert effects[:3] == [Keep(4, ""), Keep(4, "B"), Send("B", Vote(4, True, False))]
    assert Send("C", Vote(4, False, False)) in raft.step(Received("C", AskVote(4, 9, 3, False)), 10.0)
    again = raft.step(Received("B", AskVote(4, 0, 0, False)), 10.0)
    assert again == [Send("B", Vote(4, True, False))]


def test_a_trial_binds_nobody() -> None:
    raft = _alone()
    assert raft.step(Received("B", AskVote(4, 0, 0, True)), 10.0) == [Send("B", Vote(4, True, True))]
    assert (raft.term, raft.vote) == (3, "")


def test_who_has_heard_of_a_leader_or_has_just_begun_gives_no_vote() -> None:
    raft = _alone(now=10.0)
    refused = [Send("B", Vote(3, False, False))]
    assert raft.step(Received("B", AskVote(9, 9, 9, False)), 10.1) == refused
    raft.step(Received("C", Append(3, 0, 0, (), 0, 1.0)), 20.0)
    assert raft.step(Received("B", AskVote(9, 9, 9, False)), 20.1) == refused
    assert raft.term == 3


def test_strangers_are_not_heard_and_followers_take_no_wishes() -> None:
    raft = _alone()
    assert raft.step(Received("X", AskVote(9, 9, 9, False)), 10.0) == []
    assert raft.step(Propose(["x"]), 10.0) == []
    assert raft.role == FOLLOWER


def test_nothing_happens_before_its_time() -> None:
    raft = _alone()
    assert raft.step(Tick(), raft.wakes_at - 0.001) == []
    assert [effect for effect in raft.step(Tick(), raft.wakes_at) if isinstance(effect, Send)]


def _leader() -> Raft:
    """A leader in term 4 whose log holds its first entry, on no disk yet."""
    raft = _alone()
    raft.step(Tick(), 10.0)
    raft.step(Received("B", Vote(4, True, True)), 10.0)
    effects = raft.step(Received("B", Vote(4, True, False)), 10.0)
    assert Store((Entry(1, 4, ""),)) in effects
    assert raft.role == LEADER
    return raft


def _sent(raft: Raft, peer: str) -> float:
    return raft.progress[peer].sent


def test_a_leader_counts_itself_only_when_its_own_disk_has_it() -> None:
    raft = _leader()
    assert raft.step(Received("B", Appended(4, True, 1, _sent(raft, "B"))), 10.1) == []
    assert raft.step(Synced(3, 1), 10.1) == []
    assert raft.step(Synced(4, 1), 10.1) == [Apply((Entry(1, 4, ""),))]


def test_what_an_earlier_office_had_on_disk_does_not_count_in_a_later_one() -> None:
    raft = _leader()
    raft.step(Propose(["x", "y"]), 10.0)
    raft.step(Synced(4, 3), 10.0)
    raft.step(Received("C", Append(5, 0, 0, (Entry(1, 5, "z"),), 0, 1.0)), 10.1)
    raft.step(Tick(), 20.0)
    raft.step(Received("B", Vote(6, True, True)), 20.0)
    raft.step(Received("B", Vote(6, True, False)), 20.0)
    assert (raft.role, raft.log.last_index) == (LEADER, 2)
    raft.step(Received("B", Appended(6, True, 2, _sent(raft, "B"))), 20.1)
    assert raft.commit == 0


def test_an_entry_of_an_earlier_term_is_committed_only_by_one_of_the_own() -> None:
    old = Entry(1, 2, "old")
    raft = Raft("A", ["B", "C"], TIMING, random.Random(1), 0.0, term=3, log=Entries(0, 0, [old]))
    raft.step(Tick(), 10.0)
    raft.step(Received("B", Vote(4, True, True)), 10.0)
    raft.step(Received("B", Vote(4, True, False)), 10.0)
    raft.step(Synced(4, 2), 10.0)
    assert raft.step(Received("B", Appended(4, True, 1, 0.0)), 10.1) == []
    assert raft.step(Received("B", Appended(4, True, 2, 0.0)), 10.1) == [Apply((old, Entry(2, 4, "")))]


def test_a_follower_commits_no_further_than_it_knows_to_agree() -> None:
    mine = [Entry(1, 2, "a"), Entry(2, 2, "stale")]
    raft = Raft("A", ["B", "C"], TIMING, random.Random(1), 0.0, term=3, log=Entries(0, 0, mine))
    raft.step(Received("B", Append(3, 1, 2, (), 2, 1.0)), 1.0)
    assert raft.commit == 1
    effects = raft.step(Received("B", Append(3, 1, 2, (Entry(2, 3, "b"),), 2, 2.0)), 1.0)
    assert effects[:2] == [Store((Entry(2, 3, "b"),)), Apply((Entry(2, 3, "b"),))]


def test_a_follower_says_where_its_log_may_agree() -> None:
    mine = [Entry(1, 1, "a"), Entry(2, 2, "b"), Entry(3, 2, "c")]
    raft = Raft("A", ["B", "C"], TIMING, random.Random(1), 0.0, term=3, log=Entries(0, 0, mine))
    answers = [raft.step(Received("B", Append(3, previous, 3, (), 0, 1.0)), 1.0)[0] for previous in (9, 3)]
    assert answers == [Send("B", Appended(3, False, 3, 1.0)), Send("B", Appended(3, False, 1, 1.0))]
