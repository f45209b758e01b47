"""Small repairs of the plan the supervision makes at once: copies that are due, and leftovers of servers that are gone.

Knows nothing of jobs: what moves data away from a server is theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from arangod.cluster.agreed import (
    CURRENT_VERSION,
    DELETE,
    GOOD,
    INCREMENT,
    PLAN_VERSION,
    Node,
    Transaction,
    at,
    copies_wanted,
    current_shards,
    path,
    planned_shards,
    reboot_id,
    status_of,
    texts,
)  # fmt: skip


def decide(tree: Node) -> list[Transaction]:
    """Return every repair that is due."""
    return [*_abandoned(tree), *_missing_copies(tree), *_lost(tree)]


def usable_servers(tree: Node) -> list[str]:
    """Return the dbservers new copies may go to, the one with the fewest first."""
    load = Counter(server for shard in planned_shards(tree) for server in shard.servers)
    leaving = {*texts(tree, "Target", "CleanedServers"), *texts(tree, "Target", "ToBeCleanedServers")}
    maintained = at(tree, "Current", "MaintenanceDBServers")
    known = [server for server in at(tree, "Plan", "DBServers") if server not in leaving and server not in maintained]
    return sorted((one for one in known if status_of(tree, one) == GOOD), key=lambda one: (load[one], one))


def _missing_copies(tree: Node) -> Iterator[Transaction]:
    """Plan one more copy for every shard that has fewer than it should, as soon as there is a server for it."""
    servers = usable_servers(tree)
    for shard in planned_shards(tree):
        entry = shard.entry
        if entry.get("isBuilding") or len(shard.servers) >= copies_wanted(entry, len(servers)):
            continue
        free = next((server for server in servers if server not in shard.servers), None)
        if free is not None:
            place = path("Plan", "Collections", shard.database, shard.collection, "shards", shard.name)
            operations = {place: [*shard.servers, free], PLAN_VERSION: INCREMENT}
            yield [operations, {place: {"old": list(shard.servers)}}]


def _abandoned(tree: Node) -> Iterator[Transaction]:
    """Take back collections whose coordinator went away while it created them."""
    for database, collections in at(tree, "Plan", "Collections").items():
        for number, entry in collections.items():
            owner = entry.get("coordinator", "")
            if entry.get("isBuilding") and reboot_id(tree, owner) != entry.get("coordinatorRebootId"):
                place = path("Plan", "Collections", database, number)
                yield [{place: DELETE, PLAN_VERSION: INCREMENT}, {place: {"old": entry}}]


def _lost(tree: Node) -> Iterator[Transaction]:
    """Take back reports of shards nobody plans any more, when who made them is not there to do it."""
    plan = at(tree, "Plan", "Collections")
    for place, entry in current_shards(tree):
        database, collection, name = place
        leader = next(iter(entry.get("servers", ())), "")
        if collection in plan.get(database, {}) or status_of(tree, leader) == GOOD:
            continue
        report = path("Current", "Collections", database, collection, name)
        unplanned = path("Plan", "Collections", database, collection)
        yield [{report: DELETE, CURRENT_VERSION: INCREMENT}, {report: {"old": entry}, unplanned: {"oldEmpty": True}}]
