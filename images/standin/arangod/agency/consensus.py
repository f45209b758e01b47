"""The consensus at work: the machine of `raft`, with a clock, a disk and the ways to the others.

Knows nothing of what the log's entries mean, nor of who asks for them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from random import Random
from typing import NamedTuple, Protocol

from arangod.agency.disk import Disk, Mark
from arangod.agency.links import Link
from arangod.agency.messages import (
    Append,
    Appended,
    Apply,
    Changed,
    Compact,
    Effect,
    Entry,
    Event,
    Install,
    Keep,
    Message,
    Received,
    Send,
    Snapshot,
    Store,
    Synced,
    Tick,
    Vote,
)
from arangod.agency.raft import LEADER, Raft, Timing
from arangod.store.journal import JournalFailed


class Keeping(NamedTuple):
    """How many entries stay in the log, and how many more make a compaction due."""

    size: int
    step: int


class Follower(Protocol):
    """What follows the log; called in turn, under the lock."""

    def applied(self, entries: tuple[Entry, ...]) -> None:
        """Take in committed entries."""

    def installed(self, snapshot: Snapshot) -> None:
        """Begin again from a snapshot."""

    def changed(self, change: Changed) -> None:
        """Learn of a new role, term or leader."""

    def snapshot(self) -> Snapshot:
        """Return what was taken in so far."""


class Unfinished(NamedTuple):
    """What a step leaves to be done outside the lock."""

    later: list[Send]
    mark: Mark | None
    leads: bool
    term: int
    last_index: int


class Consensus:
    """One agent's machine; every change is made under `lock`, and told by `news`."""

    def __init__(
        self,
        own: str,
        peers: list[str],
        timing: Timing,
        keeping: Keeping,
        disk: Disk,
        follower: Follower,
        failed: Callable[[str], None],
    ) -> None:
        self.lock = threading.RLock()
        self.news = threading.Condition(self.lock)
        self.disk = disk
        self.raft = Raft(
            own,
            peers,
            timing,
            Random(),
            time.monotonic(),
            term=disk.term,
            vote=disk.vote,
            log=disk.log,
            snapshot=disk.snapshot,
        )
        self._keeping = keeping
        self._follower = follower
        self._failed = failed
        self._links: Mapping[str, Link] = {}
        self._closed = False
        self._timer = threading.Condition(self.lock)
        self._alarm: float | None = None
        self._thread = threading.Thread(target=self._run_timer, name="elections", daemon=True)

    def start(self, links: Mapping[str, Link]) -> None:
        """Begin to take part."""
        self._links = links
        for link in links.values():
            link.start()
        self._thread.start()

    def close(self) -> None:
        """Stop taking part; nothing is acknowledged any more."""
        with self.lock:
            self._closed = True
            self._timer.notify_all()
            self.news.notify_all()
        if self._thread.ident is not None:
            self._thread.join()
        for link in self._links.values():
            link.close()

    @property
    def closed(self) -> bool:
        """Tell whether this agent takes part no more."""
        return self._closed

    def _run_timer(self) -> None:
        while True:
            with self.lock:
                if self._closed:
                    return
                left = self.raft.wakes_at - time.monotonic()
                if left > 0:
                    self._alarm = self.raft.wakes_at
                    self._timer.wait(min(left, threading.TIMEOUT_MAX))
                    self._alarm = None
                    continue
            self.take(Tick())

    def hear(self, sender: str, message: Message) -> Message | None:
        """Take in a message; return the answer to its sender, if there is one."""
        for send in self.take(Received(sender, message)):
            if send.to == sender:
                return send.message
        return None

    def heard(self, sender: str, message: Message) -> None:
        """Take in an answer."""
        self.take(Received(sender, message))

    def take(self, event: Event) -> list[Send]:
        """Let something happen; return the answers it asks for."""
        return self.finish(self.step(event))

    def step(self, event: Event) -> Unfinished:
        """Do the part of an event that needs the lock; the caller has to `finish` it."""
        with self.lock:
            if self._closed:
                return Unfinished([], None, False, 0, 0)
            try:
                return self._stepped(event)
            except (JournalFailed, OSError) as exc:
                self._give_up(f"the agency's log cannot be written: {exc}")
                return Unfinished([], None, False, 0, 0)
            except Exception:
                self._give_up("there is a mistake in the consensus")
                raise

    def _stepped(self, event: Event) -> Unfinished:
        raft = self.raft
        later: list[Send] = []
        stored = False
        for effect in raft.step(event, time.monotonic()):
            stored = isinstance(effect, Store) or stored
            self._perform(effect, later)
        self._compact()
        if self._alarm is not None and raft.wakes_at < self._alarm:
            self._timer.notify()
        if isinstance(event, Received) and isinstance(event.message, Appended):
            self.news.notify_all()
        leads = stored and raft.role == LEADER
        mark = self.disk.mark() if later or leads else None
        return Unfinished(later, mark, leads, raft.term, raft.log.last_index)

    def _perform(self, effect: Effect, later: list[Send]) -> None:
        match effect:
            case Send(to, Append() as message):
                self._links[to].put(message)
            case Send():
                later.append(effect)
            case Keep(term, vote):
                self.disk.keep(term, vote)
            case Store(entries):
                self.disk.store(entries)
            case Install(snapshot):
                self._follower.installed(snapshot)
                self._rewrite(snapshot)
            case Apply(entries):
                self._follower.applied(entries)
                self.news.notify_all()
            case Changed():
                self._follower.changed(effect)
                self.news.notify_all()

    def _rewrite(self, snapshot: Snapshot) -> None:
        self.disk.rewrite(self.raft.term, self.raft.vote, snapshot, self.raft.log)

    def _compact(self) -> None:
        raft = self.raft
        if raft.commit - raft.log.base_index < self._keeping.size + self._keeping.step:
            return
        snapshot = self._follower.snapshot()
        raft.step(Compact(snapshot, raft.commit - self._keeping.size), time.monotonic())
        self._rewrite(snapshot)

    def finish(self, unfinished: Unfinished) -> list[Send]:
        """Make durable what was written, then say what waits for that; return the answers."""
        if unfinished.mark is None:
            return []
        try:
            self.disk.sync(unfinished.mark)
        except JournalFailed as exc:
            self._give_up(f"the agency's log cannot be made durable: {exc}")
            return []
        answers = []
        for send in unfinished.later:
            if send.to in self._links and not _is_answer(send.message):
                self._links[send.to].put(send.message)
            else:
                answers.append(send)
        if unfinished.leads:
            self.take(Synced(unfinished.term, unfinished.last_index))
        return answers

    def _give_up(self, why: str) -> None:
        """What is in memory is no longer what is on disk: end it before anybody is told."""
        with self.lock:
            self._closed = True
            self._timer.notify_all()
            self.news.notify_all()
        self._failed(why)


def _is_answer(message: Message) -> bool:
    return isinstance(message, Vote | Appended)
