"""Single documents: insert, read and remove, with keys, revisions and preconditions.

Knows nothing of HTTP.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from arangod.failure import ArangoError
from arangod.store import names
from arangod.store.engine import Store
from arangod.store.model import EDGES, Collection, Document


class Written(NamedTuple):
    """What a write did: the document before and after, where there was one."""

    old: Document | None
    new: Document | None
    synced: bool


def identity(document: Document) -> dict[str, Any]:
    """Return the three attributes that name a document and its state."""
    return {"_id": document["_id"], "_key": document["_key"], "_rev": document["_rev"]}


def _checked_key(body: Document) -> str | None:
    if "_key" not in body:
        return None
    key = body["_key"]
    if not names.is_key(key):
        raise ArangoError(1221)
    return str(key)


def _check_edge(collection: Collection, body: Document) -> None:
    if collection.type == EDGES and not all(names.is_document_id(body.get(end)) for end in ("_from", "_to")):
        raise ArangoError(1233)


def _conflict(found: Document) -> ArangoError:
    where = f"in index primary of type primary over '_key'; conflicting key: {found['_key']}"
    return ArangoError(1210, f"unique constraint violated - {where}", more=identity(found))


def _stamped(store: Store, collection: Collection, key: str, body: Document) -> Document:
    own = {"_key": key, "_id": f"{collection.label}/{key}", "_rev": store.model.clock.next()}
    return own | {name: value for name, value in body.items() if name not in own}


def insert(store: Store, database: str, name: str, body: object, *, mode: str = "conflict", sync: bool) -> Written:
    """Add a document; when its key is taken the mode says: conflict, ignore or replace."""
    with store.lock:
        collection = store.collection(database, name)
        if not isinstance(body, dict):
            raise ArangoError(1227)
        key = _checked_key(body)
        old = collection.documents.get(key) if key is not None else None
        if old is not None and mode == "ignore":
            return Written(old, None, False)
        if old is not None and mode == "conflict":
            raise _conflict(old)
        _check_edge(collection, body)
        new = _stamped(store, collection, store.tick() if key is None else key, body)
        synced = sync or collection.waits_for_sync
        durable = store.commit([["put", collection.id, new]], sync=synced)
    durable()
    return Written(old, new, synced)


def read(store: Store, database: str, name: str, key: str) -> Document:
    """Find a document by its key."""
    found = store.collection(database, name).documents.get(key)
    if found is None:
        raise ArangoError(1202)
    return found


def check_revision(document: Document, wanted: str | None) -> None:
    """Refuse when another revision was expected."""
    if wanted is not None and wanted != document["_rev"]:
        raise ArangoError(1200, "conflict, _rev values do not match", status=412, more=identity(document))


def remove(store: Store, database: str, name: str, key: str, *, revision: str | None, sync: bool) -> Written:
    """Remove a document, if it has the revision expected."""
    with store.lock:
        collection = store.collection(database, name)
        old = read(store, database, name, key)
        check_revision(old, revision)
        synced = sync or collection.waits_for_sync
        durable = store.commit([["remove", collection.id, key]], sync=synced)
    durable()
    return Written(old, None, synced)


class Documents(Protocol):
    """Where the documents a server answers for are written and read."""

    def insert(self, database: str, name: str, body: object, *, mode: str, sync: bool) -> Written:
        """Add a document; when its key is taken the mode says: conflict, ignore or replace."""

    def read(self, database: str, name: str, key: str) -> Document:
        """Find a document by its key."""

    def remove(self, database: str, name: str, key: str, *, revision: str | None, sync: bool) -> Written:
        """Remove a document, if it has the revision expected."""


class Stored:
    """The documents of a store, all of which this server alone answers for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def insert(self, database: str, name: str, body: object, *, mode: str, sync: bool) -> Written:
        """Add a document to the store."""
        return insert(self._store, database, name, body, mode=mode, sync=sync)

    def read(self, database: str, name: str, key: str) -> Document:
        """Find a document in the store."""
        return read(self._store, database, name, key)

    def remove(self, database: str, name: str, key: str, *, revision: str | None, sync: bool) -> Written:
        """Remove a document from the store."""
        return remove(self._store, database, name, key, revision=revision, sync=sync)
