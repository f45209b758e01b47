"""What an agent must not forget: term, vote, log and snapshot, in one journal.

Knows nothing of what entries mean, nor of when something has to be on disk.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from arangod import jsontext
from arangod.agency.entries import Entries
from arangod.agency.messages import Entry, Snapshot
from arangod.store.journal import Damaged, Journal, rewrite, sync_directory

HARD, ENTRIES, SNAPSHOT = "hard", "entries", "snapshot"


class Mark(NamedTuple):
    """A place in the journal, as it was between two rewritings."""

    generation: int
    end: int


class Disk:
    """One agent's journal; writers take turns, syncing is for any thread."""

    def __init__(self, folder: Path, *, wait_for_sync: bool) -> None:
        folder.mkdir(exist_ok=True)
        sync_directory(folder.parent)
        self._path = folder / "journal"
        self._wait_for_sync = wait_for_sync
        self._generation = 0
        self._swapping = threading.Lock()
        self.term = 0
        self.vote = ""
        self.snapshot: Snapshot | None = None
        self.log = Entries()
        self._journal = Journal(self._path)
        for payload in self._journal.replay():
            self._recall(payload)
        self.torn = self._journal.torn

    def _recall(self, payload: bytes) -> None:
        try:
            kind, *values = jsontext.decode(payload)
            if kind == HARD:
                self.term, self.vote = values
            elif kind == ENTRIES:
                first, pairs = values
                self.log.put([Entry(first + place, term, data) for place, (term, data) in enumerate(pairs)])
            elif kind == SNAPSHOT:
                at, term, state, base_index, base_term = values
                self.snapshot, self.log = Snapshot(at, term, state), Entries(base_index, base_term)
        except (ValueError, TypeError) as exc:
            raise Damaged(f"{self._path}: a record that means nothing: {exc}") from None

    def keep(self, term: int, vote: str) -> None:
        """Write term and vote down."""
        self._journal.append(_hard(term, vote))

    def store(self, entries: Sequence[Entry]) -> None:
        """Write entries down; they take the place of those with their indices and after."""
        self._journal.append(_entries(entries))

    def mark(self) -> Mark:
        """Return the place up to which everything is written."""
        return Mark(self._generation, self._journal.end)

    def sync(self, mark: Mark) -> None:
        """Return when everything before a mark is on disk."""
        if not self._wait_for_sync:
            return
        with self._swapping:
            if mark.generation == self._generation:
                self._journal.sync(mark.end)

    def rewrite(self, term: int, vote: str, snapshot: Snapshot, log: Entries) -> None:
        """Replace the journal by a snapshot and what follows it, durably and in one step."""

        def payloads() -> Iterator[bytes]:
            yield _record(SNAPSHOT, *snapshot, log.base_index, log.base_term)
            yield _hard(term, vote)
            entries = log.between(log.base_index + 1, log.last_index)
            if entries:
                yield _entries(entries)

        with self._swapping:
            rewrite(self._path, payloads())
            self._journal.close()
            self._journal = Journal(self._path)
            self._generation += 1
            for _ in self._journal.replay():
                pass

    @property
    def size(self) -> int:
        """The size of the journal in bytes."""
        return self._journal.end

    def close(self) -> None:
        """Make all durable and let go of the file."""
        with self._swapping:
            self._journal.close()


def _record(kind: str, *values: Any) -> bytes:
    return jsontext.encode([kind, *values]).encode()


def _hard(term: int, vote: str) -> bytes:
    return _record(HARD, term, vote)


def _entries(entries: Sequence[Entry]) -> bytes:
    return _record(ENTRIES, entries[0].at, [[entry.term, entry.data] for entry in entries])
