"""One agent: follows the log, and while it leads takes reads and writes.

Knows nothing of HTTP, nor of how its servers are watched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from arangod.agency.consensus import Consensus, Keeping
from arangod.agency.disk import Disk
from arangod.agency.leading import Office
from arangod.agency.messages import Changed, Entry, Propose, Snapshot
from arangod.agency.raft import FOLLOWER, LEADER, Timing
from arangod.agency.state import State, write_of
from arangod.agency.store import Failed, Transaction, Tree
from arangod.process.log import Log

SERVING_SECONDS = 10.0
COMMIT_SECONDS = 30.0


class NotLeading(Exception):
    """Another agent leads, or none that is known."""

    def __init__(self, leader: str) -> None:
        self.leader = leader
        super().__init__(leader)


class Undecided(Exception):
    """A write is in the log of this agent; whether it stays there is open. It lost its office, or was out of time."""

    def __init__(self, *, deposed: bool) -> None:
        self.deposed = deposed
        super().__init__("deposed" if deposed else "out of time")


class Outcome(NamedTuple):
    """What became of some transactions; a failed one has the tree at its preconditions in `seen`."""

    results: list[Any]
    seen: list[Any]
    failed: bool


class Acked(NamedTuple):
    """Of a follower: seconds since its last answer, up to where it holds the log, seconds since it was asked."""

    ago: float
    upto: int
    asked_ago: float


class View(NamedTuple):
    """What an agent is at one moment; the last five are empty but on a leader that answers."""

    term: int
    leader: str
    commit: int
    compacted: int
    leading: bool
    acked: Mapping[str, Acked]
    spearhead: Tree
    committed: Tree
    transient: Tree
    since: float | None
    seen: Mapping[str, float]


class Agent:
    """The replicated store, as far as this agent may answer for it."""

    def __init__(self, own: str, disk: Disk, log: Log, failed: Callable[[str], None]) -> None:
        self.id = own
        self._disk = disk
        self._log = log
        self._failed = failed
        self._office: Office | None = None
        self._said = ("", 0)
        self.state = State(disk.snapshot)
        self.counts = {"read_ok": 0, "read_no_leader": 0, "write_ok": 0, "write_no_leader": 0}
        self._consensus: Consensus | None = None

    def join(self, peers: Sequence[str], timing: Timing, keeping: Keeping) -> Consensus:
        """Become one of the agents that are known by now."""
        made = Consensus(self.id, list(peers), timing, keeping, self._disk, self, self._failed)
        self._consensus = made
        return made

    @property
    def consensus(self) -> Consensus | None:
        """The consensus, once all agents are known."""
        return self._consensus

    @property
    def log_bytes(self) -> int:
        """The size of the log on disk."""
        return self._disk.size

    # -- following the log, under its lock

    def applied(self, entries: tuple[Entry, ...]) -> None:
        """Take in committed entries; the first of the own term opens the office."""
        self.state.apply(entries)
        raft = self._joined().raft
        if self._office is not None:
            self._office.applied(self.state)
        elif raft.role == LEADER and self.state.term == raft.term:
            self._office = Office(self.state, time.monotonic())
            self._log.write("INFO", "a66dc", "agency", f"{self.id} rebuilt key-value stores - serving.")

    def installed(self, snapshot: Snapshot) -> None:
        """Begin again from what the leader sent."""
        self.state = State(snapshot)

    def changed(self, change: Changed) -> None:
        """Leave the office, if there was one; say what this agent is now."""
        if change.role != LEADER:
            self._office = None
        if (change.role, change.term) == self._said:
            return
        self._said = change.role, change.term
        if change.role == FOLLOWER:
            self._log.write("INFO", "f370f", "agency", f"Set _role to FOLLOWER in term {change.term}")
        else:
            text = f"{self.id}: {change.role.lower()} in term {change.term}"
            self._log.write("INFO" if change.role == LEADER else "DEBUG", "5a022", "agency", text)

    def snapshot(self) -> Snapshot:
        """Return what was taken in so far."""
        return self.state.snapshot()

    # -- answering

    def _joined(self) -> Consensus:
        if self._consensus is None:
            raise NotLeading("")
        return self._consensus

    def _leading(self) -> Office:
        """Return the office, waiting until it is open and sure to be held; called under the lock."""
        consensus = self._joined()
        raft = consensus.raft
        deadline = time.monotonic() + SERVING_SECONDS
        while True:
            now = time.monotonic()
            if consensus.closed or raft.role != LEADER or now > deadline:
                raise NotLeading("" if raft.leader == self.id else raft.leader)
            if self._office is not None and raft.has_lease(now):
                return self._office
            consensus.news.wait(raft.timing.heartbeat)

    def leads(self) -> bool:
        """Tell whether this agent leads, and answers."""
        return self._office is not None

    @contextmanager
    def _counted(self, what: str) -> Iterator[None]:
        try:
            yield
        except NotLeading:
            self.counts[f"{what}_no_leader"] += 1
            raise
        self.counts[f"{what}_ok"] += 1

    def read(self, queries: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
        """Answer queries from what is committed."""
        with self._counted("read"), self._joined().lock:
            self._leading()
            tree = self.state.tree
        tree = tree.at(time.time())
        return [tree.read(paths) for paths in queries]

    def transact(self, items: Sequence[Transaction], *, wait: bool = True) -> Outcome:
        """Read and write in order; return when all of it is committed, whatever failed."""
        unfinished = None
        with self._counted("write"), self._joined().lock:
            office, consensus = self._leading(), self._joined()
            raft, now = consensus.raft, time.time()
            taken = office.take(items, raft.log.last_index + 1, now)
            seen = [office.tree.read(one.paths) if isinstance(one, Failed) else one for one in taken.results]
            if taken.texts:
                office.enter(taken, now)
                unfinished = consensus.step(Propose(taken.texts))
            term, index = raft.term, raft.log.last_index
        if unfinished is not None:
            consensus.finish(unfinished)
        if wait:
            self._committed(consensus, term, index)
        return Outcome([0 if isinstance(one, Failed) else one for one in taken.results], seen, taken.failed)

    def _committed(self, consensus: Consensus, term: int, index: int) -> None:
        """Wait until an entry of an own term is applied; Undecided when that cannot be told."""
        raft = consensus.raft

        def is_over() -> bool:
            return self.state.index >= index or consensus.closed or (raft.role, raft.term) != (LEADER, term)

        with consensus.lock:
            in_time = consensus.news.wait_for(is_over, COMMIT_SECONDS)
            known = raft.log.term(index)
            if self.state.index < index or (known != term and (known is not None or raft.term != term)):
                raise Undecided(deposed=in_time)

    def pass_by(self, items: Sequence[Transaction]) -> list[Any]:
        """Read and write what is not replicated."""
        with self._joined().lock:
            return self._leading().pass_by(items, time.time(), time.monotonic())

    def inquire(self, clients: Sequence[str]) -> list[int]:
        """Return where the writes of some clients stand in the log; 0 for those that are not in it."""
        with self._joined().lock:
            return self._leading().inquire(clients)

    def poll(self, index: int, seconds: float) -> dict[str, Any]:
        """Return what was committed from an index on, waiting for it; the whole tree when the log is shorter."""
        consensus = self._joined()
        raft = consensus.raft
        with consensus.lock:
            self._leading()
            if index > raft.log.base_index:
                consensus.news.wait_for(
                    lambda: self.state.index >= index or not self.leads() or consensus.closed, seconds
                )
                self._leading()
            if index > max(0, raft.log.base_index):
                entries = raft.log.between(index, self.state.index)
                return {"firstIndex": index, "commitIndex": self.state.index, "log": list(_told(entries))}
            tree = self.state.tree.at(time.time())
            return {"firstIndex": self.state.index, "commitIndex": self.state.index, "readDB": tree.root}

    def view(self) -> View:
        """Return what this agent knows of itself and, while it leads, of the others."""
        consensus = self._joined()
        with consensus.lock:
            raft, now = consensus.raft, time.monotonic()
            acked = {
                peer: Acked(now - max(one.heard_at, raft.since), one.match, now - max(one.sent, raft.since))
                for peer, one in raft.progress.items()
            }
            office = self._office
            return View(
                raft.term, raft.leader, raft.commit, raft.log.base_index, raft.role == LEADER, acked,
                office.tree if office else self.state.tree, self.state.tree, office.transient if office else Tree(),
                office.since if office else None, office.seen(now) if office else {},
            )  # fmt: skip

    def log(self) -> list[dict[str, Any]]:
        """Return the log as far as it is here and committed."""
        consensus = self._joined()
        with consensus.lock:
            entries = consensus.raft.log.between(1, self.state.index)
        return list(_told(entries))


def _told(entries: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        write = write_of(entry)
        if write is not None:
            client = {"clientId": write.client} if write.client else {}
            yield {"index": entry.at, "term": entry.term, "query": write.operations, "timestamp": write.time, **client}
