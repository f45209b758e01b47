"""Databases, collections and documents in memory, and the operations a journal record is made of.

Knows nothing of files, of locks or of who asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from arangod.store.revision import Clock

Document = dict[str, Any]
Operation = list[Any]

DOCUMENTS, EDGES = 2, 3


class Collection:
    """One collection: what it was created with, and its documents by key; a document is replaced, never changed."""

    __slots__ = ("database", "documents", "id", "name", "properties", "type")

    def __init__(self, database: str, id: str, name: str, type: int, properties: dict[str, Any]) -> None:  # noqa: A002
        self.database = database
        self.id = id
        self.name = name
        self.type = type
        self.properties = properties
        self.documents: dict[str, Document] = {}

    @property
    def is_system(self) -> bool:
        """Tell whether it is one of the server's own."""
        return self.name.startswith("_")

    @property
    def label(self) -> str:
        """The name its documents carry: that of the collection, where this is one of its shards."""
        return str(self.properties.get("planName", self.name))

    @property
    def waits_for_sync(self) -> bool:
        """Tell whether every write to it is durable before it is acknowledged."""
        return bool(self.properties.get("waitForSync"))


class Database:
    """One database: its collections by name."""

    __slots__ = ("collections", "id", "name")

    def __init__(self, id: str, name: str) -> None:  # noqa: A002
        self.id = id
        self.name = name
        self.collections: dict[str, Collection] = {}


class Model:
    """Everything stored; changed by operations alone, so that replaying them gives the same again."""

    def __init__(self) -> None:
        self.databases: dict[str, Database] = {}
        self.collections: dict[str, Collection] = {}
        self.clock = Clock()
        self.tick = 0
        self.live = 0

    def apply(self, operation: Operation) -> None:
        """Do one operation; its first item names it."""
        _APPLY[operation[0]](self, *operation[1:])

    def see_tick(self, tick: int) -> None:
        """Learn of a number given out before."""
        self.tick = max(self.tick, tick)

    def _create_database(self, id: str, name: str) -> None:  # noqa: A002
        self.databases[name] = Database(id, name)
        self.see_tick(int(id))

    def _drop_database(self, name: str) -> None:
        for collection in self.databases.pop(name).collections.values():
            del self.collections[collection.id]
            self.live -= len(collection.documents)

    def _create_collection(self, database: str, id: str, name: str, type: int, properties: dict[str, Any]) -> None:  # noqa: A002
        collection = Collection(database, id, name, type, properties)
        self.databases[database].collections[name] = self.collections[id] = collection
        self.see_tick(int(id))

    def _drop_collection(self, id: str) -> None:  # noqa: A002
        collection = self.collections.pop(id)
        del self.databases[collection.database].collections[collection.name]
        self.live -= len(collection.documents)

    def _put(self, id: str, document: Document) -> None:  # noqa: A002
        documents, key = self.collections[id].documents, document["_key"]
        self.live += key not in documents
        documents[key] = document
        self.clock.seen(document["_rev"])
        if key.isdecimal() and len(key) < 19:
            self.see_tick(int(key))

    def _remove(self, id: str, key: str) -> None:  # noqa: A002
        del self.collections[id].documents[key]
        self.live -= 1

    def operations(self) -> Iterator[Operation]:
        """Yield the fewest operations that give this model again."""
        yield ["tick", self.tick]
        for database in self.databases.values():
            yield ["database", database.id, database.name]
            for held in database.collections.values():
                yield ["collection", database.name, held.id, held.name, held.type, held.properties]
                for document in held.documents.values():
                    yield ["put", held.id, document]


_APPLY: dict[str, Any] = {
    "tick": Model.see_tick,
    "database": Model._create_database,
    "drop database": Model._drop_database,
    "collection": Model._create_collection,
    "drop collection": Model._drop_collection,
    "put": Model._put,
    "remove": Model._remove,
}
