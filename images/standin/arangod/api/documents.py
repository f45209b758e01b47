"""`/_api/document`: insert, read and remove single documents.

Knows nothing of how documents are stored.
"""

from __future__ import annotations

from typing import Any

from arangod.api.call import Call, reply
from arangod.failure import ArangoError, not_built
from arangod.http.url import quoted
from arangod.http.wire import Reply
from arangod.store import documents
from arangod.store.documents import Written, identity
from arangod.store.model import Document

_MODES = ("conflict", "ignore", "replace", "update")


def _mode(call: Call) -> str:
    mode = call.target.parameters.get("overwriteMode")
    if mode is None:
        return "replace" if call.flag("overwrite") else "conflict"
    if mode not in _MODES:
        raise ArangoError(10, f"invalid overwriteMode '{mode}'")
    if mode == "update":
        raise not_built("overwriteMode=update")
    return mode


def _revision(call: Call, header: str) -> str | None:
    value = call.header(header)
    return value.strip('"') if value else None


def _etag(document: Document) -> str:
    return f'etag: "{document["_rev"]}"'


def _written(call: Call, written: Written, shown: Document, status: int, headers: tuple[str, ...]) -> Reply:
    """Answer a write with what was asked to be returned."""
    if call.flag("silent"):
        return reply({}, status, headers)
    body: dict[str, Any] = identity(shown)
    if written.old is not None and written.new is not None:
        body["_oldRev"] = written.old["_rev"]
    if written.old is not None and call.flag("returnOld"):
        body["old"] = written.old
    if written.new is not None and call.flag("returnNew"):
        body["new"] = written.new
    return reply(body, status, headers)


def insert(call: Call) -> Reply:
    """Add one document; 201 when it is on disk, else 202."""
    name = call.places[0] if call.places else call.target.parameters.get("collection")
    if name is None:
        raise ArangoError(400, "'collection' is missing, expecting a collection name")
    body = call.json()
    if isinstance(body, list):
        raise not_built("several documents in one request")
    sync = call.flag("waitForSync")
    written = call.node.documents.insert(call.database, name, body, mode=_mode(call), sync=sync)
    shown = written.new or written.old
    assert shown is not None
    collection, _, key = str(shown["_id"]).partition("/")
    location = f"location: /_db/{quoted(call.database)}/_api/document/{quoted(collection)}/{quoted(key)}"
    return _written(call, written, shown, 201 if written.synced else 202, (_etag(shown), location))


def read(call: Call) -> Reply:
    """Return one document, unless the revision known is still the one."""
    document = call.node.documents.read(call.database, *call.places)
    if _revision(call, "if-none-match") == document["_rev"]:
        return Reply(304, b"", (_etag(document),))
    documents.check_revision(document, _revision(call, "if-match"))
    return reply(document, 200, (_etag(document),))


def remove(call: Call) -> Reply:
    """Remove one document; 200 when that is on disk, else 202."""
    collection, key = call.places
    revision, sync = _revision(call, "if-match"), call.flag("waitForSync")
    written = call.node.documents.remove(call.database, collection, key, revision=revision, sync=sync)
    assert written.old is not None
    return _written(call, written, written.old, 200 if written.synced else 202, (_etag(written.old),))
