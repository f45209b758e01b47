"""A network of agents that is simulated with its clock, disks and failures from one seed, and watched as it runs.

Knows nothing of the agency's store: entries are texts.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field
from typing import Any

from arangod.agency.entries import Entries
from arangod.agency.messages import (
    Apply,
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
)
from arangod.agency.raft import LEADER, Raft, Timing

TIMING = Timing(0.2, 0.6, 0.05, batch=3)
SYNC_AT_MOST = 0.02
KEPT_ENTRIES = 5


@dataclass
class Disk:
    """What one agent wrote down: what is sure, and what a crash may take."""

    term: int = 0
    vote: str = ""
    snapshot: Snapshot | None = None
    base: tuple[int, int] = (0, 0)
    entries: list[Entry] = field(default_factory=list)
    sure: int = 0

    def store(self, entries: tuple[Entry, ...]) -> None:
        first = entries[0].at - self.base[0] - 1
        self.entries[first:] = entries
        self.sure = min(self.sure, first)


class Agent:
    """One agent: its machine while it runs, its disk, and what it applied."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.disk = Disk()
        self.raft: Raft | None = None
        self.life = 0
        self.paused_until = 0.0
        self.applied: list[str] = []


class World:
    """Agents, the messages between them and the time; every check is made at every step."""

    def __init__(self, seed: int, size: int = 3) -> None:
        self.chance = random.Random(seed)
        self.now = 0.0
        self.agents = {f"A{number}": Agent(f"A{number}") for number in range(size)}
        self.loss = self.duplication = 0.0
        self.delay = 0.01
        self.groups: list[set[str]] = [set(self.agents)]
        self.leaders: dict[int, str] = {}
        self.committed: dict[int, Entry] = {}
        self._committed_in: dict[int, int] = {}
        self.acknowledged: list[str] = []
        self._waiting: dict[tuple[int, int], str] = {}
        self._queue: list[tuple[float, int, str, int, Event | None]] = []
        self._count = 0
        self._wishes = 0
        for name in self.agents:
            self.start(name)

    # -- what may happen

    def start(self, name: str) -> None:
        agent = self.agents[name]
        disk = agent.disk
        agent.life += 1
        log = Entries(*disk.base, disk.entries)
        agent.applied = list(disk.snapshot.state) if disk.snapshot else []
        peers = [other for other in self.agents if other != name]
        chance = random.Random(self.chance.random())
        agent.raft = Raft(
            name, peers, TIMING, chance, self.now, term=disk.term, vote=disk.vote, log=log, snapshot=disk.snapshot
        )
        self._wake(agent)

    def crash(self, name: str) -> None:
        """End an agent; of what was not sure on its disk, the end may be gone."""
        agent = self.agents[name]
        agent.raft = None
        disk = agent.disk
        kept = self.chance.randint(disk.sure, len(disk.entries))
        del disk.entries[kept:]
        disk.sure = kept

    def pause(self, name: str, seconds: float) -> None:
        self.agents[name].paused_until = self.now + seconds

    def split(self, *groups: set[str]) -> None:
        self.groups = list(groups)

    def heal(self) -> None:
        self.groups = [set(self.agents)]
        self.loss = self.duplication = 0.0
        self.delay = 0.01
        for name, agent in self.agents.items():
            agent.paused_until = 0.0
            if agent.raft is None:
                self.start(name)

    def propose(self, name: str) -> str:
        """Ask an agent to take an entry, as a client would; return its text."""
        self._wishes += 1
        text = f"wish {self._wishes}"
        agent = self.agents[name]
        if agent.raft is not None and agent.raft.role == LEADER:
            term = agent.raft.term
            self._step(agent, Propose([text]))
            self._waiting[(agent.raft.log.last_index, term)] = text
        return text

    def leader(self) -> Agent | None:
        """Return who leads in the newest term, if anybody does."""
        leading = [agent for agent in self.agents.values() if agent.raft is not None and agent.raft.role == LEADER]
        return max(leading, key=lambda agent: agent.raft.term if agent.raft else 0, default=None)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        while self._queue and self._queue[0][0] <= until:
            at, _, name, life, event = heapq.heappop(self._queue)
            self.now = max(self.now, at)
            agent = self.agents[name]
            if agent.raft is None or (life and life != agent.life):
                continue
            if agent.paused_until > self.now:
                self._put(agent.paused_until, name, life, event)
            elif event is None:
                self._tick(agent)
            else:
                self._step(agent, event)
        self.now = until

    # -- how it happens

    def _put(self, at: float, name: str, life: int, event: Event | None) -> None:
        self._count += 1
        heapq.heappush(self._queue, (at, self._count, name, life, event))

    def _wake(self, agent: Agent) -> None:
        assert agent.raft is not None
        self._put(max(agent.raft.wakes_at, self.now), agent.name, agent.life, None)

    def _tick(self, agent: Agent) -> None:
        assert agent.raft is not None
        if agent.raft.wakes_at <= self.now:
            self._step(agent, Tick())
        self._put(max(agent.raft.wakes_at, self.now + 0.001), agent.name, agent.life, None)

    def _step(self, agent: Agent, event: Event) -> None:
        raft = agent.raft
        assert raft is not None
        was = raft.role
        effects = raft.step(event, self.now)
        if isinstance(event, Synced) and (raft.role, raft.term) == (LEADER, event.term):
            agent.disk.sure = max(agent.disk.sure, event.upto - agent.disk.base[0])
        for effect in effects:
            self._perform(agent, effect)
        if raft.role != LEADER:
            agent.disk.sure = len(agent.disk.entries)
        stored = any(isinstance(effect, Store) for effect in effects)
        if stored and raft.role == LEADER:
            at = self.now + self.chance.uniform(0, SYNC_AT_MOST)
            self._put(at, agent.name, agent.life, Synced(raft.term, raft.log.last_index))
        if raft.role == LEADER and was != LEADER:
            self._put(raft.wakes_at, agent.name, agent.life, None)

    def _perform(self, agent: Agent, effect: Effect) -> None:
        disk = agent.disk
        match effect:
            case Keep(term, vote):
                disk.term, disk.vote = term, vote
            case Store(entries):
                disk.store(entries)
            case Install(snapshot):
                self._install(agent, snapshot)
            case Apply(entries):
                self._apply(agent, entries)
            case Changed(role, term, _):
                if role == LEADER:
                    assert self.leaders.setdefault(term, agent.name) == agent.name, f"two leaders in term {term}"
                    self._check_complete(agent)
            case Send(to, message):
                self._send(agent.name, to, message)

    def _install(self, agent: Agent, snapshot: Snapshot) -> None:
        assert agent.raft is not None
        log = agent.raft.log
        agent.applied = list(snapshot.state)
        agent.disk.snapshot = snapshot
        agent.disk.base = (log.base_index, log.base_term)
        agent.disk.entries = list(log.between(log.base_index + 1, log.last_index))
        agent.disk.sure = len(agent.disk.entries)

    def _apply(self, agent: Agent, entries: tuple[Entry, ...]) -> None:
        assert agent.raft is not None
        for entry in entries:
            known = self.committed.setdefault(entry.at, entry)
            self._committed_in.setdefault(entry.at, agent.raft.term)
            assert known == entry, f"{agent.name} applied {entry} where {known} was applied"
            agent.applied.append(entry.data)
            assert len(agent.applied) == entry.at
            text = self._waiting.pop((entry.at, entry.term), None)
            if text is not None and self.leaders.get(entry.term) == agent.name:
                self.acknowledged.append(text)
        if len(entries) and entries[-1].at % 7 == 0:
            self._compact(agent)

    def _compact(self, agent: Agent) -> None:
        assert agent.raft is not None
        raft, disk = agent.raft, agent.disk
        at = raft.commit
        upto = max(at - KEPT_ENTRIES, raft.log.base_index)
        term = raft.log.term(at)
        assert term is not None
        if len(agent.applied) != at:
            return
        snapshot = Snapshot(at, term, tuple(agent.applied))
        self._step(agent, Compact(snapshot, upto))
        gone = upto - disk.base[0]
        disk.base = (raft.log.base_index, raft.log.base_term)
        del disk.entries[:gone]
        disk.sure = len(disk.entries)
        disk.snapshot = snapshot

    def _send(self, sender: str, to: str, message: Any) -> None:
        if not any({sender, to} <= group for group in self.groups):
            return
        copies = 2 if self.chance.random() < self.duplication else 1
        for _ in range(copies):
            if self.chance.random() >= self.loss:
                at = self.now + self.chance.uniform(0.001, self.delay)
                self._put(at, to, 0, Received(sender, message))

    # -- what must hold

    def _check_complete(self, agent: Agent) -> None:
        assert agent.raft is not None
        log = agent.raft.log
        for at, entry in self.committed.items():
            if self._committed_in[at] >= agent.raft.term:
                continue
            assert at <= log.base_index or log.term(at) == entry.term, f"the leader {agent.name} lacks {entry}"

    def check_logs(self) -> None:
        """Two logs that agree at an index agree before it."""
        logs = [agent.raft.log for agent in self.agents.values() if agent.raft is not None]
        for one in logs:
            for other in logs:
                low = max(one.base_index, other.base_index)
                high = min(one.last_index, other.last_index)
                same = [
                    one.between(at, at) == other.between(at, at)
                    for at in range(low + 1, high + 1)
                    if one.term(at) == other.term(at)
                ]
                assert all(same)
                terms = [one.term(at) == other.term(at) for at in range(low, high + 1)]
                assert terms == sorted(terms, reverse=True), "logs agree behind a difference"

    def check_nothing_lost(self) -> None:
        """Every acknowledged entry is applied everywhere, once."""
        for agent in self.agents.values():
            for text in self.acknowledged:
                assert agent.applied.count(text) == 1, f"{agent.name}: {text}"


def shake(world: World, steps: int) -> None:
    """Do to a world whatever its chance says."""
    chance, names = world.chance, list(world.agents)
    for _ in range(steps):
        name = chance.choice(names)
        kind = chance.randrange(12)
        if kind == 0:
            world.crash(name)
        elif kind <= 2 and world.agents[name].raft is None:
            world.start(name)
        elif kind == 3:
            some = set(chance.sample(names, chance.randint(1, len(names) - 1)))
            world.split(some, set(names) - some)
        elif kind == 4:
            world.groups = [set(names)]
        elif kind == 5:
            world.loss, world.duplication = chance.choice([(0.0, 0.0), (0.1, 0.1), (0.4, 0.3)])
            world.delay = chance.choice([0.002, 0.05, 0.3])
        elif kind == 6:
            world.pause(name, chance.uniform(0.05, 1.5))
        else:
            for _ in range(chance.randint(1, 5)):
                world.propose(chance.choice(names))
        world.run(chance.uniform(0.01, 0.4))
        world.check_logs()
