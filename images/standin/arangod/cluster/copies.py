"""Copies of a shard: what a follower is told to write, how two copies are compared, and how one is made like another.

Knows nothing of who leads; the store it works on is this server's own.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from arangod.failure import ArangoError
from arangod.http.url import quoted
from arangod.store.engine import Store
from arangod.store.model import Collection, Document, Operation


def place(database: str, shard: str) -> str:
    """Return where servers of a cluster ask each other for a shard."""
    return f"/_db/{quoted(database)}/_standin/shard/{quoted(shard)}"


def summary(collection: Collection) -> dict[str, int]:
    """Return the number of documents and a checksum over their keys and revisions, whatever their order."""
    stamps = (zlib.crc32(f"{key}\0{document['_rev']}".encode()) for key, document in collection.documents.items())
    checksum = total = 0
    for stamp in stamps:
        checksum, total = checksum + stamp & 0xFFFFFFFFFFFFFFFF, total + 1
    return {"count": total, "checksum": checksum}


def _differences(here: Mapping[str, Document], wanted: Mapping[str, Document]) -> Iterable[list[Any]]:
    for key in here:
        if key not in wanted:
            yield ["remove", key]
    for key, document in wanted.items():
        if key not in here or here[key]["_rev"] != document["_rev"]:
            yield ["put", document]


def replaced(store: Store, database: str, shard: str, documents: list[Document]) -> dict[str, int]:
    """Make the copy here hold exactly these documents, durably."""
    with store.lock:
        collection = store.collection(database, shard)
        wanted = {document["_key"]: document for document in documents}
        durable = store.commit(_operations(collection, _differences(collection.documents, wanted)), sync=True)
        told = summary(collection)
    durable()
    return told


def applied(store: Store, database: str, shard: str, changes: list[list[Any]], *, sync: bool) -> None:
    """Do to the copy here what the leader did; what does not fit means that the copy is none."""
    with store.lock:
        collection = store.collection(database, shard)
        for change in changes:
            if change[0] == "remove" and change[1] not in collection.documents:
                raise ArangoError(1202, f"the copy of {shard} on this server lacks what the leader removes")
        durable = store.commit(_operations(collection, changes), sync=sync or collection.waits_for_sync)
    durable()


def _operations(collection: Collection, changes: Iterable[list[Any]]) -> list[Operation]:
    return [[what, collection.id, subject] for what, subject in changes]
