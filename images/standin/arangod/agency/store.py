"""The agency's tree: an immutable value that transactions turn into the next one.

Knows nothing of consensus, of HTTP or of a clock: whoever asks brings the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from arangod.agency.operators import OPERATORS, Arguments, Held, Malformed, spread
from arangod.agency.preconditions import holds
from arangod.agency.value import MISSING, Path, found, only, path_of, placed, removed, text_of

__all__ = ["Failed", "Malformed", "Transaction", "Tree", "is_read", "parts"]

Transaction = list[Any]


class Failed(NamedTuple):
    """The paths whose preconditions do not hold."""

    paths: tuple[str, ...]


class Parts(NamedTuple):
    """A transaction, taken apart."""

    operations: Mapping[str, Any]
    preconditions: Mapping[str, Any]
    client: str


def is_read(item: Any) -> bool:
    """Tell whether a part of a `transact` only asks: one or more paths."""
    return isinstance(item, list) and bool(item) and all(isinstance(path, str) for path in item)


def parts(transaction: Any) -> Parts:
    """Take a transaction apart; Malformed says why that cannot be."""
    if not isinstance(transaction, list) or not 1 <= len(transaction) <= 3:
        raise Malformed("Expecting array of arrays as body for writes")
    operations, preconditions, client = [*transaction, {}, ""][:3] if len(transaction) == 1 else [*transaction, ""][:3]
    if not isinstance(operations, dict) or not isinstance(preconditions, dict) or not isinstance(client, str):
        raise Malformed("Expecting [operations, preconditions, clientId] as a transaction")
    return Parts(operations, preconditions, client)


def _starts(path: Path, start: Path) -> bool:
    return path[: len(start)] == start


@dataclass(frozen=True, slots=True)
class Tree:
    """What the agency holds, and when which of it ends, in seconds since 1970."""

    root: dict[str, Any] = field(default_factory=dict)
    expiry: dict[Path, float] = field(default_factory=dict)

    def get(self, path: str, default: Any = None) -> Any:
        """Return the value at a path."""
        value = found(self.root, path_of(path))
        return default if value is MISSING else value

    def read(self, paths: Sequence[str]) -> dict[str, Any]:
        """Answer a query: the tree from its root, with these paths alone."""
        return only(self.root, [path_of(path) for path in paths])

    def at(self, now: float) -> Tree:
        """Return the tree without what has expired."""
        over = [path for path, ends in self.expiry.items() if ends <= now]
        if not over:
            return self
        root: Any = self.root
        for path in over:
            root = removed(root, path)
        return Tree(root, {path: ends for path, ends in self.expiry.items() if ends > now})

    def transact(
        self, operations: Mapping[str, Any], preconditions: Mapping[str, Any] | None = None, now: float = 0.0
    ) -> Tree | Failed:
        """Return the next tree, or what stands against it; all operations are done, or none."""
        tree = self.at(now)
        failed = [path for path, wish in (preconditions or {}).items() if not tree._holds(path, wish)]
        if failed:
            return Failed(tuple(failed))
        for name, wish in operations.items():
            for path, arguments in spread(path_of(name), wish):
                try:
                    tree = tree._changed(path, arguments, now)
                except Held:
                    return Failed((text_of(path),))
        return tree

    def _holds(self, path: str, condition: Any) -> bool:
        return holds(found(self.root, path_of(path)), condition)

    def _changed(self, path: Path, arguments: Arguments, now: float) -> Tree:
        new = OPERATORS[arguments["op"]](found(self.root, path), arguments)
        if new is MISSING:
            kept = {held: ends for held, ends in self.expiry.items() if not _starts(held, path)}
            return Tree(removed(self.root, path), kept)
        root = placed(self.root, path, new) if path or isinstance(new, dict) else {}
        changed = replace(self, root=root)
        return changed._expiring(path, arguments["ttl"], now) if "ttl" in arguments else changed

    def _expiring(self, path: Path, ttl: Any, now: float) -> Tree:
        if isinstance(ttl, bool) or not isinstance(ttl, int | float):
            raise Malformed("Operation 'set' with a ttl that is no number")
        return replace(self, expiry={**self.expiry, path: now + ttl})
