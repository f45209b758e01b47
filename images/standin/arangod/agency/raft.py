"""Consensus by Raft as a machine: an event and the time go in, what has to be done comes out.

Knows nothing of clocks, threads, files or sockets; chance comes from a generator it is given.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from arangod.agency.entries import Entries
from arangod.agency.messages import (
    Append,
    Appended,
    Apply,
    AskVote,
    Changed,
    Compact,
    Effect,
    Entry,
    Event,
    Install,
    Keep,
    Propose,
    Received,
    Send,
    Snapshot,
    Store,
    Synced,
    Tick,
    Vote,
)

FOLLOWER, CANDIDATE, LEADER = "FOLLOWER", "CANDIDATE", "LEADER"
LEASE = 0.8  # of the shortest election time-out: a leader this long after a majority heard it is still the only one


class Timing(NamedTuple):
    """Seconds between elections, at least and at most, and between heartbeats; entries in one message."""

    shortest: float
    longest: float
    heartbeat: float
    batch: int = 250


@dataclass(slots=True)
class Progress:
    """What a leader knows of a follower; times are those of the leader."""

    next: int
    match: int = 0
    sent: float = -math.inf
    in_flight: bool = False
    heard_sent: float = -math.inf
    heard_at: float = -math.inf


class Raft:
    """One agent's part in the consensus of `size`."""

    def __init__(
        self,
        id: str,  # noqa: A002
        peers: Collection[str],
        timing: Timing,
        chance: Random,
        now: float,
        *,
        term: int = 0,
        vote: str = "",
        log: Entries | None = None,
        snapshot: Snapshot | None = None,
    ) -> None:
        self.id = id
        self.peers = sorted(peers)
        self.quorum = (len(self.peers) + 1) // 2 + 1
        self.timing = timing
        self.term = term
        self.vote = vote
        self.log = log or Entries()
        self.snapshot = snapshot
        self.commit = snapshot.at if snapshot else 0
        self.role = FOLLOWER
        self.leader = ""
        self.progress: dict[str, Progress] = {}
        self._chance = chance
        self._votes: set[str] = set()
        self._trial = False
        self._synced = 0
        self.since = now
        self._heard = now if term else -math.inf
        self._effects: list[Effect] = []
        self._deadline = self._first_deadline(now)

    def step(self, event: Event, now: float) -> list[Effect]:
        """Take one event and return what has to be done about it, in order."""
        before = (self.role, self.term, self.leader)
        match event:
            case Tick():
                self._tick(now)
            case Received(sender, message):
                self._receive(sender, message, now)
            case Propose(data):
                self._propose(data, now)
            case Synced(term, upto):
                self._own_synced(term, upto)
            case Compact(snapshot, upto):
                self.snapshot = snapshot
                self.log.forget(upto)
        effects, self._effects = self._effects, []
        if (self.role, self.term, self.leader) != before:
            effects.append(Changed(self.role, self.term, self.leader))
        return effects

    @property
    def wakes_at(self) -> float:
        """When the next tick has something to do."""
        if self.role != LEADER:
            return self._deadline
        return min((one.sent for one in self.progress.values()), default=math.inf) + self.timing.heartbeat

    def confirmed_at(self) -> float:
        """Return the last time of which this leader knows that a majority followed it then."""
        sent = sorted((one.heard_sent for one in self.progress.values()), reverse=True)
        return max(self.since, sent[self.quorum - 2]) if self.quorum > 1 else math.inf

    def has_lease(self, now: float) -> bool:
        """Tell whether nobody else can lead yet, so that what is committed here is the newest there is."""
        return self.role == LEADER and now - self.confirmed_at() < LEASE * self.timing.shortest

    # -- time

    def _first_deadline(self, now: float) -> float:
        """Return when to begin: one that is new, or alone, has no leader to wait for."""
        if not self.peers:
            return now
        return self._later(now) if self.term else now + self._chance.uniform(0.1, 1.0) * self.timing.shortest

    def _later(self, now: float) -> float:
        return now + self._chance.uniform(self.timing.shortest, self.timing.longest)

    def _tick(self, now: float) -> None:
        if self.role == LEADER:
            if now - self.confirmed_at() > self.timing.longest:
                self._follow("", now)
                return
            for peer, one in self.progress.items():
                if now - one.sent >= self.timing.heartbeat / 2:
                    self._send_append(peer, now)
        elif now >= self._deadline:
            self._campaign(now, trial=bool(self.peers))

    # -- elections

    def _campaign(self, now: float, *, trial: bool) -> None:
        self.role, self.leader, self._trial = CANDIDATE, "", trial
        self._votes = {self.id}
        self._deadline = self._later(now)
        if not trial:
            self.term, self.vote = self.term + 1, self.id
            self._do(Keep(self.term, self.vote))
        if len(self._votes) >= self.quorum:
            self._lead(now)
        wish = AskVote(self.term + trial, self.log.last_index, self.log.last_term, trial)
        for peer in self.peers:
            self._do(Send(peer, wish))

    def _lead(self, now: float) -> None:
        self.role, self.leader, self.since = LEADER, self.id, now
        self._synced = 0
        self.progress = {peer: Progress(self.log.last_index + 1) for peer in self.peers}
        self._propose([""], now)

    def _follow(self, leader: str, now: float) -> None:
        self.role, self.leader = FOLLOWER, leader
        self.progress = {}
        self._deadline = self._later(now)

    def _new_term(self, term: int, now: float) -> None:
        self.term, self.vote = term, ""
        self._do(Keep(term, ""))
        self._follow("", now)

    def _is_led(self, now: float) -> bool:
        """Tell whether a leader is, or may be, in office: votes are refused then, so that its lease holds."""
        if self.role == LEADER:
            return self.has_lease(now)
        return now - self._heard < self.timing.shortest

    def _is_as_new(self, wish: AskVote) -> bool:
        return (wish.last_term, wish.last_index) >= (self.log.last_term, self.log.last_index)

    def _ask_vote(self, sender: str, wish: AskVote, now: float) -> None:
        if wish.term > self.term and self._is_led(now):
            self._do(Send(sender, Vote(self.term, False, wish.trial)))
            return
        if wish.trial:
            granted = wish.term > self.term and self._is_as_new(wish)
            self._do(Send(sender, Vote(wish.term if granted else self.term, granted, True)))
            return
        if wish.term > self.term:
            self._new_term(wish.term, now)
        granted = wish.term == self.term and self.vote in ("", sender) and self._is_as_new(wish)
        if granted and not self.vote:
            self.vote = sender
            self._do(Keep(self.term, self.vote))
        if granted:
            self._deadline = self._later(now)
        self._do(Send(sender, Vote(self.term, granted, False)))

    def _voted(self, sender: str, vote: Vote, now: float) -> None:
        if not (vote.granted and vote.trial) and vote.term > self.term:
            self._new_term(vote.term, now)
            return
        asked = self.term + self._trial
        if self.role != CANDIDATE or vote.trial != self._trial or vote.term != asked or not vote.granted:
            return
        self._votes.add(sender)
        if len(self._votes) < self.quorum:
            return
        if self._trial:
            self._campaign(now, trial=False)
        else:
            self._lead(now)

    # -- messages

    def _receive(self, sender: str, message: object, now: float) -> None:
        if sender not in self.peers:
            return
        match message:
            case AskVote():
                self._ask_vote(sender, message, now)
            case Vote():
                self._voted(sender, message, now)
            case Append():
                self._append(sender, message, now)
            case Appended():
                self._appended(sender, message, now)

    def _do(self, effect: Effect) -> None:
        self._effects.append(effect)

    # -- following

    def _append(self, sender: str, message: Append, now: float) -> None:
        if message.term < self.term:
            self._do(Send(sender, Appended(self.term, False, 0, message.sent)))
            return
        if message.term > self.term:
            self._new_term(message.term, now)
        self._follow(sender, now)
        self._heard = now
        if message.snapshot is not None:
            self._install(message.snapshot)
        success, index = self._taken(message)
        self._do(Send(sender, Appended(self.term, success, index, message.sent)))

    def _install(self, snapshot: Snapshot) -> None:
        if snapshot.at <= self.commit:
            return
        self.log.restart(snapshot.at, snapshot.term)
        self.snapshot, self.commit = snapshot, snapshot.at
        self._do(Install(snapshot))

    def _taken(self, message: Append) -> tuple[bool, int]:
        """Put the entries in place if they fit; return whether, and the index that says how far or where to try."""
        previous = message.previous_index
        if previous > self.log.last_index:
            return False, self.log.last_index
        if previous >= self.log.base_index and self.log.term(previous) != message.previous_term:
            return False, self.log.before_term_of(previous, self.commit)
        news = self.log.news(message.entries)
        if news:
            assert news[0].at > self.commit
            self.log.put(news)
            self._do(Store(tuple(news)))
        agreed = previous + len(message.entries)
        self._commit(min(message.commit, agreed))
        return True, agreed

    def _commit(self, index: int) -> None:
        if index > self.commit:
            entries = self.log.between(self.commit + 1, index)
            self.commit = index
            self._do(Apply(entries))

    # -- leading

    def _propose(self, data: Collection[str], now: float) -> None:
        if self.role != LEADER or not data:
            return
        first = self.log.last_index + 1
        entries = tuple(Entry(first + place, self.term, text) for place, text in enumerate(data))
        self.log.put(entries)
        self._do(Store(entries))
        for peer, one in self.progress.items():
            if not one.in_flight:
                self._send_append(peer, now)

    def _send_append(self, peer: str, now: float) -> None:
        one = self.progress[peer]
        one.sent = now if now > one.sent else math.nextafter(one.sent, math.inf)
        one.in_flight = True
        snapshot = None
        if one.next <= self.log.base_index:
            snapshot = self.snapshot
            assert snapshot is not None
            one.next = snapshot.at + 1
        previous = one.next - 1
        previous_term = self.log.term(previous)
        assert previous_term is not None
        entries = self.log.between(one.next, previous + self.timing.batch)
        self._do(
            Send(peer, Append(self.term, previous, previous_term, entries, self.commit, one.sent, snapshot)),
        )  # fmt: skip

    def _appended(self, sender: str, answer: Appended, now: float) -> None:
        if answer.term > self.term:
            self._new_term(answer.term, now)
            return
        if self.role != LEADER or answer.term < self.term:
            return
        one = self.progress[sender]
        one.heard_sent, one.heard_at = max(one.heard_sent, answer.sent), now
        is_latest = answer.sent == one.sent and one.in_flight
        if is_latest:
            one.in_flight = False
        if answer.success:
            one.match = max(one.match, answer.upto)
            one.next = max(one.next, one.match + 1)
            self._count()
        elif is_latest:
            one.next = max(one.match, min(answer.upto, one.next - 2)) + 1
        if is_latest and (one.next <= self.log.last_index or not answer.success):
            self._send_append(sender, now)

    def _own_synced(self, term: int, index: int) -> None:
        if self.role == LEADER and term == self.term:
            self._synced = max(self._synced, index)
            self._count()

    def _count(self) -> None:
        """Commit what a majority holds, once an entry of this term is among it."""
        held = sorted([self._synced, *(one.match for one in self.progress.values())], reverse=True)
        index = held[self.quorum - 1]
        if index > self.commit and self.log.term(index) == self.term:
            self._commit(index)
