"""Databases, collections and documents of a cluster, as a coordinator answers for them.

Knows nothing of where shards are.
"""

from __future__ import annotations

from typing import Any

from arangod.api.call import Call, result
from arangod.api.collections import checked_body
from arangod.api.databases import in_system
from arangod.auth.guard import NONE
from arangod.cluster import planning
from arangod.cluster.agreed import Node as Entry
from arangod.cluster.agreed import at
from arangod.cluster.coordination import Coordination
from arangod.failure import ArangoError, not_built
from arangod.http.client import Answer
from arangod.http.wire import Reply
from arangod.store.names import SYSTEM

_PASSED_ON = ("etag", "location")
_CONDITIONS = ("if-match", "if-none-match")
_SUMMARY = ("id", "name", "status", "type", "isSystem", "globallyUniqueId")
_DETAILS = (
    "waitForSync", "cacheEnabled", "schema", "computedValues", "minReplicationFactor", "writeConcern", "numberOfShards",
    "replicationFactor", "shardKeys", "shardingStrategy",
)  # fmt: skip


def _data(call: Call) -> Coordination:
    return call.node.front.coordination


def _found(call: Call) -> Entry:
    return _data(call).collection(call.database, call.places[0])


def _summary(entry: Entry) -> dict[str, Any]:
    return {name: entry[name] for name in _SUMMARY}


def _details(entry: Entry) -> dict[str, Any]:
    fixed = {
        "statusString": "loaded", "syncByRevision": True, "usesRevisionsAsDocumentIds": True, "isSmart": False,
        "internalValidatorType": 0, "isDisjoint": False, "isSmartChild": False,
    }  # fmt: skip
    return {**_summary(entry), **fixed, "keyOptions": entry["keyOptions"], **{name: entry[name] for name in _DETAILS}}


def collections(call: Call) -> Reply:
    """List the collections of the database."""
    without_system = call.flag("excludeSystem")
    held = _data(call).collections(call.database).values()
    return result({"result": [_summary(one) for one in held if not (without_system and one["isSystem"])]})


def collection(call: Call) -> Reply:
    """Describe a collection in short."""
    return result(_summary(_found(call)))


def properties(call: Call) -> Reply:
    """Describe a collection in full."""
    return result(_details(_found(call)))


def count(call: Call) -> Reply:
    """Describe a collection in full, with the number of its documents."""
    entry = _found(call)
    return result({**_details(entry), "count": _data(call).count(call.database, entry)})


def shards(call: Call) -> Reply:
    """Describe a collection in full, with its shards; with `details` where they should be."""
    entry = _found(call)
    placed = entry["shards"] if call.flag("details") else sorted(entry["shards"], key=lambda name: int(name[1:]))
    return result({**_details(entry), "shards": placed})


def responsible_shard(call: Call) -> Reply:
    """Name the shard a document belongs to."""
    entry, document = _found(call), call.json_object()
    if not all(name in document for name in entry["shardKeys"]):
        raise ArangoError(400, "not all shard key attributes are given")
    return result({"shardId": planning.shard_for(entry, document)})


def create_collection(call: Call) -> Reply:
    """Create a collection."""
    body, data, options = call.json_object(), _data(call), call.node.options
    kind, wanted = checked_body(body)
    for name in ("distributeShardsLike", "smartJoinAttribute", "isSmart"):
        if body.get(name):
            raise not_built(f"'{name}' of a collection")
    limits = tuple(
        int(options.number(f"cluster.{name}"))
        for name in ("max-number-of-shards", "min-replication-factor", "max-replication-factor")
    )
    wish = planning.checked_wish(
        body,
        len(data.servers()),
        factor=int(options.number("cluster.default-replication-factor")),
        concern=int(options.number("cluster.write-concern")),
        limits=(limits[0], limits[1], limits[2]),
    )
    enforce = call.flag("enforceReplicationFactor", default=True)
    if not isinstance(body.get("name"), str):
        raise ArangoError(1208)
    created = data.create(call.database, [(body["name"], kind, {**wanted, **wish})], enforce=enforce)
    return result(_details(created[0]))


def drop_collection(call: Call) -> Reply:
    """Drop a collection."""
    return result({"id": _data(call).drop(call.database, call.places[0], system=call.flag("isSystem"))})


def databases(call: Call) -> Reply:
    """List all databases, asked in `_system`."""
    in_system(call)
    return result({"result": list(call.node.databases)})


def visible_databases(call: Call) -> Reply:
    """List the databases the user may read."""
    guard, identity = call.node.guard, call.identity
    held = [name for name in call.node.databases if identity and guard.level(identity, name) != NONE]
    return result({"result": held})


def database(call: Call) -> Reply:
    """Describe the database of the request."""
    entry = at(call.node.member.tree, "Plan", "Databases", call.database)
    shown = {"id": entry.get("id", ""), "name": call.database, "isSystem": call.database == SYSTEM, "path": ""}
    more = {name: entry[name] for name in ("sharding", "replicationFactor", "writeConcern") if name in entry}
    return result({"result": {**shown, **more}})


def create_database(call: Call) -> Reply:
    """Create a database."""
    in_system(call)
    body = call.json_object()
    if body.get("users"):
        raise not_built("'users' when a database is created")
    _data(call).create_database(body.get("name"))
    return result({"result": True}, 201)


def drop_database(call: Call) -> Reply:
    """Drop a database."""
    in_system(call)
    _data(call).drop_database(call.places[0])
    return result({"result": True})


def _passed_on(answer: Answer) -> Reply:
    """Answer as the leader of the shard did."""
    headers = tuple(f"{name}: {answer.headers[name]}" for name in _PASSED_ON if name in answer.headers)
    return Reply(answer.status, answer.body, headers)


def _query(call: Call) -> str:
    _, mark, query = call.request.target.partition("#")[0].partition("?")
    return mark + query


def insert(call: Call) -> Reply:
    """Add one document."""
    name = call.places[0] if call.places else call.target.parameters.get("collection")
    if name is None:
        raise ArangoError(400, "'collection' is missing, expecting a collection name")
    body = call.json()
    if isinstance(body, list):
        raise not_built("several documents in one request")
    return _passed_on(_data(call).insert(call.database, name, body, _query(call)))


def document(call: Call) -> Reply:
    """Read or remove one document."""
    headers = [f"{name}: {call.header(name)}" for name in _CONDITIONS if call.header(name)]
    method = "GET" if call.request.method == "HEAD" else call.request.method
    name, key = call.places
    return _passed_on(_data(call).one(method, call.database, name, key, _query(call), headers))
