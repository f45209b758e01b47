"""The replicated log in memory: entries behind a base that a snapshot covers.

Knows nothing of terms' meaning, of commitment, or of the disk.
"""

from __future__ import annotations

from collections.abc import Sequence

from arangod.agency.messages import Entry


class Entries:
    """A list of entries without gaps; index and term of the base stand for all before."""

    def __init__(self, base_index: int = 0, base_term: int = 0, entries: Sequence[Entry] = ()) -> None:
        self.base_index = base_index
        self.base_term = base_term
        self._entries = list(entries)

    @property
    def last_index(self) -> int:
        """The index of the last entry, or of the base."""
        return self.base_index + len(self._entries)

    @property
    def last_term(self) -> int:
        """The term of the last entry, or of the base."""
        return self._entries[-1].term if self._entries else self.base_term

    def term(self, index: int) -> int | None:
        """Return the term of an entry, if it is here."""
        if index == self.base_index:
            return self.base_term
        at = index - self.base_index - 1
        return self._entries[at].term if 0 <= at < len(self._entries) else None

    def between(self, first: int, last: int) -> tuple[Entry, ...]:
        """Return the entries with these indices, both included."""
        return tuple(self._entries[max(first - self.base_index - 1, 0) : max(last - self.base_index, 0)])

    def put(self, entries: Sequence[Entry]) -> None:
        """Let these follow what is before the first of them, and drop what was there."""
        del self._entries[entries[0].at - self.base_index - 1 :]
        self._entries += entries

    def news(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return the entries from the first one that is not here."""
        for place, entry in enumerate(entries):
            if entry.at > self.base_index and self.term(entry.at) != entry.term:
                return entries[place:]
        return ()

    def forget(self, index: int) -> None:
        """Move the base up to an entry that is here."""
        term = self.term(index)
        assert term is not None
        del self._entries[: index - self.base_index]
        self.base_index, self.base_term = index, term

    def restart(self, index: int, term: int) -> None:
        """Stand on a snapshot; entries that agree with it and come after it stay."""
        if self.term(index) == term:
            self.forget(index)
        else:
            self._entries.clear()
            self.base_index, self.base_term = index, term

    def before_term_of(self, index: int, floor: int) -> int:
        """Return the last index, not below a floor, whose term is another than that of an entry here."""
        term = self.term(index)
        while index > floor and self.term(index) == term:
            index -= 1
        return index
