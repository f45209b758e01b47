"""What only a leader has: the tree as it will be once all it took is committed, and what is never replicated.

Knows nothing of locks, of consensus or of HTTP; it lives as long as one term of office.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from arangod.agency.state import State, Write
from arangod.agency.store import Failed, Transaction, Tree, is_read, parts

STATES = ("arango", "Sync", "ServerStates")


class Taken(NamedTuple):
    """What became of some transactions: their results, what goes into the log, and the tree then."""

    results: list[Any]
    texts: list[str]
    tree: Tree
    clients: dict[str, int]
    failed: bool


class Office:
    """One term of office, from the moment everything before it is applied."""

    def __init__(self, state: State, now: float) -> None:
        self.since = now
        self.tree = state.tree
        self.transient = Tree()
        self._committed = state
        self._clients: dict[str, int] = {}
        self._time = state.time
        self._beats: dict[str, float] = {}

    def _index_of(self, client: str, clients: Mapping[str, int]) -> int:
        """Return where a client's write stands, or 0."""
        return (self._committed.clients.get(client) or clients.get(client) or 0) if client else 0

    def inquire(self, clients: Sequence[str]) -> list[int]:
        """Return where the writes of some clients stand; 0 where there is none."""
        return [self._index_of(client, self._clients) for client in clients]

    def take(self, items: Sequence[Transaction], first: int, now: float) -> Taken:
        """Try reads and writes in order; nothing is changed before `enter`."""
        time = max(now, self._time)
        tree, texts, results, failed = self.tree.at(time), list[str](), list[Any](), False
        clients: dict[str, int] = {}
        for item in items:
            if is_read(item):
                results.append(tree.read(item))
                continue
            operations, preconditions, client = parts(item)
            known = self._index_of(client, {**self._clients, **clients})
            after = tree if known else tree.transact(operations, preconditions, time)
            if isinstance(after, Failed):
                failed = True
                results.append(after)
                continue
            tree = after
            if not known:
                known = first + len(texts)
                texts.append(Write(time, operations, client).text())
                clients |= {client: known} if client else {}
            results.append(known)
        return Taken(results, texts, tree, clients, failed)

    def enter(self, taken: Taken, now: float) -> None:
        """Go on from what was taken; it is in the log now."""
        self.tree = taken.tree
        self._time = max(now, self._time)
        self._clients |= taken.clients

    def applied(self, state: State) -> None:
        """Forget what the replicated state knows by now."""
        self._committed = state
        if self._clients:
            self._clients = {client: index for client, index in self._clients.items() if index > state.index}

    def pass_by(self, items: Sequence[Transaction], now: float, clock: float) -> list[Any]:
        """Read and write what is not replicated: trees and truth values."""
        results: list[Any] = []
        self.transient = self.transient.at(now)
        for item in items:
            if is_read(item):
                results.append(self.transient.read(item))
                continue
            operations, preconditions, _ = parts(item)
            after = self.transient.transact(operations, preconditions, now)
            results.append(isinstance(after, Tree))
            if isinstance(after, Tree):
                self._beat(_states(self.transient), _states(after), clock)
                self.transient = after
        return results

    def _beat(self, before: Mapping[str, Any], after: Mapping[str, Any], clock: float) -> None:
        if after is not before:
            self._beats |= {server: clock for server, state in after.items() if state != before.get(server)}

    def seen(self, clock: float) -> dict[str, float]:
        """Return for how long each server's heartbeat has been the same."""
        return {server: clock - at for server, at in self._beats.items()}


def _states(tree: Tree) -> Mapping[str, Any]:
    here: Any = tree.root
    for part in STATES:
        here = here.get(part, {}) if isinstance(here, dict) else {}
    return here if isinstance(here, dict) else {}
