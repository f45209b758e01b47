"""What a dbserver has to do so that its shards are as planned: a decision over plan, reports and what is here.

Knows nothing of how it is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from arangod.cluster.agreed import (
    CURRENT_VERSION,
    DELETE,
    INCREMENT,
    Node,
    Shard,
    Transaction,
    at,
    current_shards,
    in_sync,
    path,
    planned_shards,
)  # fmt: skip


class Todo(NamedTuple):
    """Databases and shards to create and to drop here, and reports to take back."""

    new_databases: list[str]
    old_databases: list[str]
    new_shards: list[Shard]
    old_shards: list[tuple[str, str]]
    reports: list[Transaction]


def decide(tree: Node, here: Mapping[str, Sequence[str]], me: str) -> Todo:
    """Compare the plan with the databases and shards that are here."""
    planned = at(tree, "Plan", "Databases")
    mine = [shard for shard in planned_shards(tree) if me in shard.servers and shard.database in planned]
    wanted = {(shard.database, shard.name) for shard in mine}
    return Todo(
        [name for name in planned if name not in here],
        [name for name in here if name not in planned],
        [shard for shard in mine if shard.name not in here.get(shard.database, ())],
        [(database, name) for database in here for name in here[database] if (database, name) not in wanted],
        [*_database_reports(tree, me), *_stale_reports(tree, me)],
    )


def _database_reports(tree: Node, me: str) -> Iterator[Transaction]:
    """Report new databases and take back reports of dropped ones."""
    planned, reported = at(tree, "Plan", "Databases"), at(tree, "Current", "Databases")
    for name, entry in planned.items():
        if me not in reported.get(name, {}):
            said = {"error": False, "errorNum": 0, "errorMessage": "", "id": entry.get("id", ""), "name": name}
            yield [{path("Current", "Databases", name, me): said, CURRENT_VERSION: INCREMENT}]
    for name, servers in reported.items():
        if name not in planned and me in servers:
            place = path("Current", "Databases", name)
            gone = place if len(servers) == 1 else f"{place}/{me}"
            yield [{gone: DELETE, CURRENT_VERSION: INCREMENT}, {place: {"old": servers}}]


def _stale_reports(tree: Node, me: str) -> Iterator[Transaction]:
    """Take back my reports of shards that are not planned any more."""
    plan = at(tree, "Plan", "Collections")
    for (database, collection, name), entry in current_shards(tree):
        if next(iter(entry.get("servers", ())), "") != me or collection in plan.get(database, {}):
            continue
        held = at(tree, "Current", "Collections", database)
        place = path("Current", "Collections", database, collection)
        gone = place if len(held[collection]) == 1 else f"{place}/{name}"
        yield [{gone: DELETE, CURRENT_VERSION: INCREMENT}, {place: {"old": held[collection]}}]


def led_by(tree: Node, me: str) -> list[Shard]:
    """Return the shards this server has to lead, which nobody else reports to lead."""
    return [
        shard
        for shard in planned_shards(tree)
        if shard.servers[:1] == (me,) and in_sync(tree, shard.key)[:1] in ([], [me])
    ]


def report(tree: Node, shard: Shard, servers: Sequence[str]) -> Transaction | None:
    """Return the transaction that reports who has a shard, its leader first; nothing when that is known."""
    place = path("Current", "Collections", *shard.key)
    known = at(tree, "Current", "Collections", *shard.key)
    said: dict[str, Any] = {
        "error": False, "errorMessage": "", "errorNum": 0, "indexes": shard.entry.get("indexes", []),
        "servers": list(servers), "failoverCandidates": list(servers),
    }  # fmt: skip
    if known == said:
        return None
    planned = path("Plan", "Collections", shard.database, shard.collection, "shards", shard.name)
    expected = {place: {"old": known} if known else {"oldEmpty": True}, planned: {"old": list(shard.servers)}}
    return [{place: said, CURRENT_VERSION: INCREMENT}, expected]
