"""What agents say to each other, what happens to one, and what it wants done: values, and nothing else.

Knows nothing of how any of it is carried.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """One entry of the log; an empty text only marks the beginning of a term."""

    at: int
    term: int
    data: str


class Snapshot(NamedTuple):
    """What all entries up to an index come to; the state is opaque here."""

    at: int
    term: int
    state: Any


class AskVote(NamedTuple):
    """A wish to lead; a trial asks whether it would be granted, and binds nobody."""

    term: int
    last_index: int
    last_term: int
    trial: bool


class Vote(NamedTuple):
    """The answer; a granted trial repeats the term asked for."""

    term: int
    granted: bool
    trial: bool


class Append(NamedTuple):
    """Entries that follow a known one; none of them is a heartbeat. `sent` tells answers apart."""

    term: int
    previous_index: int
    previous_term: int
    entries: tuple[Entry, ...]
    commit: int
    sent: float
    snapshot: Snapshot | None = None


class Appended(NamedTuple):
    """The answer: up to where the logs agree now, or where to try next."""

    term: int
    success: bool
    upto: int
    sent: float


Message = AskVote | Vote | Append | Appended


class Tick(NamedTuple):
    """Time has passed."""


class Received(NamedTuple):
    """A message came in."""

    sender: str
    message: Message


class Propose(NamedTuple):
    """A client wants these in the log."""

    data: Sequence[str]


class Synced(NamedTuple):
    """The own log is on disk up to an index, as it stood in a term."""

    term: int
    upto: int


class Compact(NamedTuple):
    """A snapshot was taken; entries up to `upto` are no longer needed."""

    snapshot: Snapshot
    upto: int


Event = Tick | Received | Propose | Synced | Compact


class Send(NamedTuple):
    """Say this to an agent; but for an Append, only when all that was kept before is on disk."""

    to: str
    message: Message


class Keep(NamedTuple):
    """Write term and vote down."""

    term: int
    vote: str


class Store(NamedTuple):
    """Write entries down; what the log had from the first of them on is gone."""

    entries: tuple[Entry, ...]


class Install(NamedTuple):
    """Put a snapshot in place of the state; the log goes on behind it."""

    snapshot: Snapshot


class Apply(NamedTuple):
    """These entries are committed."""

    entries: tuple[Entry, ...]


class Changed(NamedTuple):
    """The role, the term or the leader is another one."""

    role: str
    term: int
    leader: str


Effect = Send | Keep | Store | Install | Apply | Changed
