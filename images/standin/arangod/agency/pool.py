"""Who the agents are and where they live, as one agent knows it and keeps it in a file.

Knows nothing of how the others are asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from arangod import jsontext
from arangod.store.journal import Damaged, written


class Place(NamedTuple):
    """Where an agent lives, since when it says so."""

    endpoint: str
    since: float


class Pool:
    """The agents by their ids; of two places of one agent the newer counts. A full pool takes nobody new."""

    def __init__(self, path: Path, id: str, endpoint: str, size: int, now: float) -> None:  # noqa: A002
        self._path = path
        self._id = id
        self.size = size
        self._places: dict[str, Place] = _read(path)
        mine = self._places.get(id)
        if mine is None or mine.endpoint != endpoint:
            self._places[id] = Place(endpoint, max(now, mine.since + 1 if mine else 0.0))
            self._write()

    @property
    def is_full(self) -> bool:
        """Tell whether all agents are known."""
        return len(self._places) >= self.size

    @property
    def endpoints(self) -> dict[str, str]:
        """Where each agent lives."""
        return {id: place.endpoint for id, place in sorted(self._places.items())}  # noqa: A001

    def told(self) -> dict[str, list[Any]]:
        """Return all of it as others are told."""
        return {id: list(place) for id, place in self._places.items()}  # noqa: A001

    def learn(self, told: Any) -> bool:
        """Take in what another agent knows; return whether any of it was news. ValueError when it is none of that."""
        fresh = dict(self._places)
        for agent, place in _places(told).items():
            known = fresh.get(agent)
            if known is None and len(fresh) >= self.size:
                continue
            if agent != self._id and (known is None or known.since < place.since):
                fresh[agent] = place
        if fresh == self._places:
            return False
        self._places = fresh
        self._write()
        return True

    def _write(self) -> None:
        written(self._path, jsontext.encode(self.told()))


def _places(told: Any) -> dict[str, Place]:
    if not isinstance(told, dict):
        raise ValueError("a pool is an object")
    try:
        return {agent: Place(str(endpoint), float(since)) for agent, (endpoint, since) in told.items()}
    except TypeError:
        raise ValueError("a pool holds pairs") from None


def _read(path: Path) -> dict[str, Place]:
    if not path.exists():
        return {}
    try:
        return _places(jsontext.decode(path.read_bytes()))
    except ValueError as exc:
        raise Damaged(f"{path}: {exc}") from None
