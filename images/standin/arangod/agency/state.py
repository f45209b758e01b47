"""What the log comes to: the tree, the clients whose writes are in it, and the time of the last one.

Knows nothing of consensus or of files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from arangod import jsontext
from arangod.agency.messages import Entry, Snapshot
from arangod.agency.store import Failed, Tree

REMEMBERED_CLIENTS = 10_000


class Write(NamedTuple):
    """One write as it stands in the log: when it was taken, what it does, and for whom."""

    time: float
    operations: Mapping[str, Any]
    client: str

    def text(self) -> str:
        """Return it as the log keeps it."""
        return jsontext.encode([self.time, self.operations, self.client])


def write_of(entry: Entry) -> Write | None:
    """Read an entry; nothing for one that only begins a term."""
    return Write(*jsontext.decode(entry.data.encode())) if entry.data else None


class State:
    """Changes as entries are applied, one after the other, in the same way on every agent."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.index = 0
        self.term = 0
        self.tree = Tree()
        self.time = 0.0
        self.clients: dict[str, int] = {}
        if snapshot is not None:
            self._restore(snapshot)

    def _restore(self, snapshot: Snapshot) -> None:
        kept = snapshot.state
        self.index, self.term, self.time = snapshot.at, snapshot.term, kept["time"]
        self.tree = Tree(kept["tree"], {tuple(path): ends for path, ends in kept["expiry"]})
        self.clients = dict(kept["clients"])

    def snapshot(self) -> Snapshot:
        """Return all of it as a value that can be written as JSON."""
        kept = {
            "tree": self.tree.root,
            "expiry": [[list(path), ends] for path, ends in self.tree.expiry.items()],
            "clients": list(self.clients.items()),
            "time": self.time,
        }
        return Snapshot(self.index, self.term, kept)

    def apply(self, entries: Iterable[Entry]) -> None:
        """Take committed entries in; that their preconditions hold was found when they were taken."""
        for entry in entries:
            assert entry.at == self.index + 1
            self.index, self.term = entry.at, entry.term
            write = write_of(entry)
            if write is not None:
                self._write(entry.at, write)

    def _write(self, index: int, write: Write) -> None:
        tree = self.tree.transact(write.operations, now=write.time)
        assert not isinstance(tree, Failed)
        self.tree, self.time = tree, write.time
        if write.client:
            self.clients[write.client] = index
            if len(self.clients) > REMEMBERED_CLIENTS:
                del self.clients[next(iter(self.clients))]
