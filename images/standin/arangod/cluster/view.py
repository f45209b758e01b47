"""A copy of the agency's tree, kept fresh by a thread that waits for the agency's log to grow.

Knows nothing of what the tree means.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from arangod.agency.client import NoAgency, Refused, Unauthorized
from arangod.agency.store import Tree

Found = TypeVar("Found")

_POLL_SECONDS = 5.0
_PAUSE = 0.1


class Source(Protocol):
    """Where the tree comes from."""

    def poll(self, index: int, timeout: float) -> Mapping[str, Any]:
        """Return what is new from an index on, or the whole tree."""


class View:
    """The tree as this server knows it, which only moves forward."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._tree = Tree()
        self._index = 0
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._follow, name="view", daemon=True)

    @property
    def tree(self) -> dict[str, Any]:
        """The tree from its root, never to be changed."""
        return self._tree.root

    def start(self) -> None:
        """Begin to follow the agency."""
        self._thread.start()

    def close(self) -> None:
        """Stop waiting; the thread ends with the process."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait(self, look: Callable[[dict[str, Any]], Found | None], seconds: float | None = None) -> Found | None:
        """Return what a look at the tree finds, waiting for it; nothing when it is too late or over."""
        deadline = None if seconds is None else time.monotonic() + seconds
        with self._changed:
            while (found := look(self._tree.root)) is None and not self._ended:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return None
                self._changed.wait(left)
            return found

    def reach(self, index: int, seconds: float) -> bool:
        """Wait until what was written at an index is known here."""
        return self.wait(lambda _: True if self._index >= index else None, seconds) is not None

    def changed_since(self, seen: dict[str, Any], seconds: float | None) -> dict[str, Any]:
        """Wait until the tree is another one than was seen, or for some seconds, and return it."""
        self.wait(lambda tree: True if tree is not seen else None, seconds)
        return self._tree.root

    def _follow(self) -> None:
        while not self._ended:
            try:
                self._take(self._source.poll(self._index + 1 if self._index else 0, _POLL_SECONDS))
            except (NoAgency, Unauthorized, Refused):
                time.sleep(_PAUSE)

    def _take(self, result: Mapping[str, Any]) -> None:
        """Apply what came; whatever does not fit on what is known here is asked for again as a whole."""
        index, tree = self._index, self._tree
        if "readDB" in result:
            index, tree = int(result["commitIndex"]), Tree(dict(result["readDB"]))
        elif result["firstIndex"] == index + 1:
            for entry in result["log"]:
                tree = _applied(tree, entry)
            index = max(index, int(result["commitIndex"]))
        else:
            index = 0
        with self._changed:
            self._index, self._tree = index, tree
            self._changed.notify_all()


def _applied(tree: Tree, entry: Mapping[str, Any]) -> Tree:
    """Return what an entry of the log makes of the tree, as every agent does."""
    after = tree.transact(entry["query"], {}, float(entry["timestamp"]))
    assert isinstance(after, Tree)
    return after
