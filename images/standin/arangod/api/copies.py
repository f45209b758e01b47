"""`/_standin/shard`: how the servers of a stand-in cluster read and write each other's copies of shards.

Knows nothing of who leads or of how shards are stored.
"""

from __future__ import annotations

from typing import Any

from arangod.api.call import Call, reply
from arangod.cluster.copies import summary
from arangod.failure import ArangoError
from arangod.http.wire import Reply


def show(call: Call) -> Reply:
    """Describe the copy here by count and checksum; return all its documents when asked for."""
    shard = call.places[0]
    if call.flag("documents"):
        return reply({"documents": call.node.shards.copy(call.database, shard)})
    return reply(summary(call.node.store.collection(call.database, shard)))


def _body(call: Call, name: str) -> tuple[dict[str, Any], str, list[Any]]:
    body = call.json_object()
    leader, items = body.get("leader"), body.get(name)
    if not isinstance(leader, str) or not isinstance(items, list):
        raise ArangoError(400, f"expecting 'leader' and '{name}' in the body")
    return body, leader, items


def change(call: Call) -> Reply:
    """Do what the leader did."""
    body, leader, changes = _body(call, "changes")
    call.node.shards.take(call.database, call.places[0], leader, changes, sync=bool(body.get("sync")))
    return reply({})


def replace(call: Call) -> Reply:
    """Hold what the leader holds; describe the copy afterwards."""
    _, leader, documents = _body(call, "documents")
    return reply(call.node.shards.take_all(call.database, call.places[0], leader, documents))
