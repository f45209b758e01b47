"""The store: the model in memory, made durable by the journal, under one lock.

Knows nothing of HTTP or of who asks; every change is journalled before it is seen.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from arangod import jsontext
from arangod.failure import ArangoError
from arangod.store import names
from arangod.store.journal import Journal, JournalFailed, rewrite
from arangod.store.model import DOCUMENTS, Collection, Database, Model, Operation

FOLDER = "engine-standin"
_EVERYWHERE = (
    "_analyzers", "_appbundles", "_apps", "_aqlfunctions", "_frontend", "_graphs", "_jobs", "_queues",
)  # fmt: skip
_SYSTEM_ONLY = ("_statistics", "_statistics15", "_statisticsRaw", "_users")
_COMPACT_ABOVE = 1 << 20
_COMPACT_FACTOR = 4


class Store:
    """Databases, collections and documents that survive the process."""

    def __init__(self, directory: Path, *, extended_names: bool = True, wait_for_sync: bool = False) -> None:
        self.model = Model()
        self.lock = threading.RLock()
        self.extended_names = extended_names
        self.wait_for_sync = wait_for_sync
        self._path = directory / FOLDER / "journal"
        self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._journal = self._open()

    def _open(self) -> Journal:
        journal = Journal(self._path)
        for payload in journal.replay():
            for operation in jsontext.decode(payload):
                self.model.apply(operation)
        return journal

    @property
    def torn(self) -> int:
        """How many bytes of a half-written record were cut when it was opened."""
        return self._journal.torn

    @property
    def is_new(self) -> bool:
        """Tell whether nothing was ever stored."""
        return not self.model.databases

    def compact(self) -> bool:
        """Rewrite a journal that holds much more than the model; return whether it was done."""
        with self.lock:
            size = self._journal.end
            if size < _COMPACT_ABOVE:
                return False
            payloads = [jsontext.encode([operation]).encode() for operation in self.model.operations()]
            if sum(map(len, payloads)) * _COMPACT_FACTOR > size:
                return False
            self._journal.close()
            rewrite(self._path, iter(payloads))
            self.model = Model()
            self._journal = self._open()
            return True

    def close(self) -> None:
        """Make everything durable and let go of the files."""
        with self.lock:
            self._journal.close()

    def commit(self, operations: list[Operation], *, sync: bool) -> Callable[[], None]:
        """Journal and apply some operations as one, with the lock held; the answer makes them durable as asked.

        Call the answer after the lock is given back, and acknowledge nothing before it returned.
        """
        try:
            end = self._journal.append(jsontext.encode(operations).encode())
        except JournalFailed as exc:
            raise ArangoError(1104, str(exc)) from exc
        for operation in operations:
            self.model.apply(operation)
        return (lambda: self._sync(end)) if sync or self.wait_for_sync else _nothing

    def _sync(self, end: int) -> None:
        try:
            self._journal.sync(end)
        except JournalFailed as exc:
            raise ArangoError(1104, str(exc)) from exc

    def tick(self) -> str:
        """Return a new number for a collection or a key, with the lock held."""
        self.model.tick += 1
        return str(self.model.tick)

    def database(self, name: str) -> Database:
        """Find a database."""
        found = self.model.databases.get(name)
        if found is None:
            raise ArangoError(1228)
        return found

    def collection(self, database: str, name: str) -> Collection:
        """Find a collection by name or id."""
        found = self.database(database).collections.get(name)
        if found is None and name.isdecimal():
            by_id = self.model.collections.get(name)
            found = by_id if by_id is not None and by_id.database == database else None
        if found is None:
            raise ArangoError(1203, f"collection or view not found: {name}")
        return found

    def create_database(self, name: object, more: Iterable[tuple[str, dict[str, Any]]] = ()) -> None:
        """Create a database with its system collections and, in one step, some first documents by collection."""
        with self.lock:
            system = name == names.SYSTEM and self.is_new
            if not system and not names.is_database(name, extended=self.extended_names):
                raise ArangoError(1229)
            if name in self.model.databases:
                raise ArangoError(1207)
            operations: list[Operation] = [["database", self.tick(), name]]
            ids = {held: self.tick() for held in (*_EVERYWHERE, *(_SYSTEM_ONLY if system else ()))}
            operations += [["collection", name, ids[held], held, DOCUMENTS, {}] for held in sorted(ids)]
            operations += [["put", ids[held], self._stamped(held, first)] for held, first in more]
            durable = self.commit(operations, sync=True)
        durable()

    def _stamped(self, collection: str, document: dict[str, Any]) -> dict[str, Any]:
        key = document.get("_key") or self.tick()
        return {"_key": key, "_id": f"{collection}/{key}", "_rev": self.model.clock.next(), **document}

    def drop_database(self, name: str) -> None:
        """Drop a database and all in it."""
        with self.lock:
            if name == names.SYSTEM:
                raise ArangoError(11)
            self.database(name)
            durable = self.commit([["drop database", name]], sync=True)
        durable()

    def create_collection(self, database: str, name: object, type: int, properties: dict[str, Any]) -> Collection:  # noqa: A002
        """Create an empty collection."""
        with self.lock:
            system = bool(properties.get("isSystem"))
            if not isinstance(name, str) or not names.is_collection(name, system=system, extended=self.extended_names):
                raise ArangoError(1208)
            if name in self.database(database).collections:
                raise ArangoError(1207)
            number = self.tick()
            durable = self.commit([["collection", database, number, name, type, properties]], sync=True)
            created = self.model.collections[number]
        durable()
        return created

    def drop_collection(self, database: str, name: str, *, system: bool) -> str:
        """Drop a collection and return its id; a system collection only when that is said."""
        with self.lock:
            held = self.collection(database, name)
            if held.is_system and not system:
                raise ArangoError(11)
            durable = self.commit([["drop collection", held.id]], sync=True)
        durable()
        return held.id


def _nothing() -> None:
    """Leave durability to the file system."""
