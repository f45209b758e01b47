"""What a coordinator writes into the plan: collections with their shards, and databases.

Knows nothing of documents, and checks no rights.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from arangod import jsontext
from arangod.cluster.agreed import DELETE, GONE, INCREMENT, PLAN_VERSION, THERE, Node, Transaction, at, path
from arangod.cluster.registration import database_entry
from arangod.failure import ArangoError
from arangod.store.model import DOCUMENTS

EVERYWHERE = ("_analyzers", "_appbundles", "_apps", "_aqlfunctions", "_frontend", "_graphs", "_jobs", "_queues")
_PRIMARY = {"id": "0", "type": "primary", "name": "primary", "fields": ["_key"], "unique": True, "sparse": False}
SYSTEM_ONLY = ("_statistics", "_statistics15", "_statisticsRaw", "_users")


def entry_of(number: str, name: str, kind: int, wish: Mapping[str, Any], shards: Node) -> dict[str, Any]:
    """Return the plan's entry of a new collection."""
    concern = wish.get("writeConcern", 1)
    return {
        "id": number, "name": name, "type": kind, "status": 3, "deleted": False, "isSystem": name.startswith("_"),
        "waitForSync": bool(wish.get("waitForSync")), "cacheEnabled": bool(wish.get("cacheEnabled")),
        "numberOfShards": len(shards), "replicationFactor": wish.get("replicationFactor", 1),
        "writeConcern": concern, "minReplicationFactor": concern, "shardKeys": wish.get("shardKeys", ["_key"]),
        "shardingStrategy": wish.get("shardingStrategy", "hash"),
        "keyOptions": {"allowUserKeys": True, "type": "traditional"},
        "indexes": [dict(_PRIMARY)],
        "schema": None, "computedValues": None, "globallyUniqueId": name if name.startswith("_") else f"c{number}/",
        "shards": shards,
    }  # fmt: skip


def spread(names: Sequence[str], servers: Sequence[str], copies: int) -> dict[str, list[str]]:
    """Give every shard its servers in turn, so that leaders and copies are spread."""
    count = len(servers)
    return {
        name: [servers[(place + more) % count] for more in range(min(copies, count))]
        for place, name in enumerate(names)
    }


def creation(tree: Node, database: str, entries: Sequence[Node], owner: str, boot: int) -> Transaction:
    """Return the transaction that plans collections, still being built; it fails when the plan has changed."""
    marks = {"isBuilding": True, "coordinator": owner, "coordinatorRebootId": boot}
    operations: dict[str, Any] = {_place(database, entry): {**entry, **marks} for entry in entries}
    expected = {path("Plan", "Databases", database): THERE, PLAN_VERSION: {"old": at(tree, "Plan", "Version")}}
    return [operations | {PLAN_VERSION: INCREMENT}, expected]


def completion(database: str, entries: Sequence[Node]) -> Transaction:
    """Return the transaction that calls collections built; it fails when somebody has taken one back."""
    operations: dict[str, Any] = {PLAN_VERSION: INCREMENT}
    for entry in entries:
        for mark in ("isBuilding", "coordinator", "coordinatorRebootId"):
            operations[f"{_place(database, entry)}/{mark}"] = DELETE
    return [operations, {f"{_place(database, entry)}/isBuilding": {"old": True} for entry in entries}]


def _place(database: str, entry: Node) -> str:
    return path("Plan", "Collections", database, entry["id"])


def drop(database: str, number: str) -> Transaction:
    """Return the transaction that takes a collection out of the plan."""
    place = path("Plan", "Collections", database, number)
    return [{place: DELETE, PLAN_VERSION: INCREMENT}, {place: THERE}]


def new_database(number: str, name: str) -> Transaction:
    """Return the transaction that plans a database."""
    place = path("Plan", "Databases", name)
    entry = database_entry(number, name)
    operations = {place: entry, path("Plan", "Collections", name): {}, PLAN_VERSION: INCREMENT}
    return [operations, {place: GONE}]


def dropped_database(name: str) -> Transaction:
    """Return the transaction that takes a database and all in it out of the plan."""
    place = path("Plan", "Databases", name)
    collections, views = path("Plan", "Collections", name), path("Plan", "Views", name)
    return [{place: DELETE, collections: DELETE, views: DELETE, PLAN_VERSION: INCREMENT}, {place: THERE}]


def system_wish(factor: int) -> dict[str, Any]:
    """Return what every system collection is created with."""
    return {"replicationFactor": factor, "isSystem": True}


def system_collections(database: str) -> list[tuple[str, int]]:
    """Name the collections a new database gets, with their types."""
    more = SYSTEM_ONLY if database == "_system" else ()
    return [(name, DOCUMENTS) for name in sorted((*EVERYWHERE, *more))]


def shard_for(entry: Node, document: Mapping[str, Any]) -> str:
    """Return the shard a document belongs to: a hash of its shard keys, over the shards in order of their numbers."""
    shards: list[str] = sorted(entry["shards"], key=lambda name: int(name[1:]))
    if len(shards) == 1:
        return shards[0]
    values = [document.get(name) for name in entry["shardKeys"]]
    return shards[zlib.crc32(jsontext.encode(values).encode()) % len(shards)]


def knows_shard(entry: Node) -> bool:
    """Tell whether the key of a document alone says in which shard it is."""
    return len(entry["shards"]) == 1 or list(entry["shardKeys"]) == ["_key"]


def checked_wish(
    body: Mapping[str, Any], servers: int, *, factor: int, concern: int, limits: tuple[int, int, int]
) -> dict[str, Any]:
    """Return what a new collection shall be like; `limits` are the most shards, and the fewest and most copies."""
    most_shards, fewest, most = limits
    shards = _positive(body, "numberOfShards", 1)
    if shards > most_shards:
        raise ArangoError(1450)
    wanted = body.get("replicationFactor", factor)
    copies = servers if wanted == "satellite" else _positive({"replicationFactor": wanted}, "replicationFactor", factor)
    if wanted != "satellite" and not fewest <= copies <= most:
        raise ArangoError(10, f"replicationFactor must be between {fewest} and {most}")
    needed = _positive(body, "writeConcern", _positive(body, "minReplicationFactor", concern))
    if needed > copies:
        raise ArangoError(10, "writeConcern must not be higher than replicationFactor")
    keys = body.get("shardKeys", ["_key"])
    if not isinstance(keys, list) or not 1 <= len(keys) <= 8 or not all(isinstance(key, str) and key for key in keys):
        raise ArangoError(10, "shardKeys must be a list of one to eight names")
    return {
        "numberOfShards": shards, "replicationFactor": wanted, "writeConcern": needed, "shardKeys": keys,
        "waitForSync": body.get("waitForSync", False), "cacheEnabled": body.get("cacheEnabled", False),
    }  # fmt: skip


def _positive(body: Mapping[str, Any], name: str, default: int) -> int:
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ArangoError(10, f"'{name}' must be a whole number above zero")
    return value
