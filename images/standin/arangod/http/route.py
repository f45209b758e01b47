"""The table of routes: which handler answers which method and path.

Knows nothing of what handlers do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

Target = TypeVar("Target")


class Found(NamedTuple, Generic[Target]):
    """What is at a path: a handler by method, and the parts of the path that fill its places."""

    handlers: dict[str, Target]
    places: tuple[str, ...]


class _Node(Generic[Target]):
    __slots__ = ("any", "handlers", "next")

    def __init__(self) -> None:
        self.next: dict[str, _Node[Target]] = {}
        self.any: _Node[Target] | None = None
        self.handlers: dict[str, Target] = {}


class Table(Generic[Target]):
    """Routes in a tree; a literal part of a path wins over a place such as `{collection}`."""

    def __init__(self, routes: Iterable[tuple[str, str, Target]]) -> None:
        self._root: _Node[Target] = _Node()
        for method, path, target in routes:
            self._add(method, path, target)

    def _add(self, method: str, path: str, target: Target) -> None:
        node = self._root
        for part in path.strip("/").split("/") if path != "/" else ():
            if part.startswith("{"):
                node.any = node = node.any or _Node()
            else:
                node = node.next.setdefault(part, _Node())
        if method in node.handlers:
            raise ValueError(f"two handlers for {method} {path}")
        node.handlers[method] = target

    def find(self, segments: tuple[str, ...]) -> Found[Target] | None:
        """Return what is at a path, if anything."""
        return self._find(self._root, segments, ())

    def _find(self, node: _Node[Target], rest: tuple[str, ...], places: tuple[str, ...]) -> Found[Target] | None:
        if not rest:
            return Found(node.handlers, places) if node.handlers else None
        literal = node.next.get(rest[0])
        found = self._find(literal, rest[1:], places) if literal is not None else None
        if found is None and node.any is not None:
            found = self._find(node.any, rest[1:], (*places, rest[0]))
        return found
