"""When a server may be forgotten, and the transaction that forgets it.

Knows nothing of who asks for it.
"""

from __future__ import annotations

from datetime import datetime

from arangod.cluster.agreed import (
    CURRENT_VERSION,
    DELETE,
    FAILED,
    INCREMENT,
    PLAN_VERSION,
    Node,
    Transaction,
    at,
    current_shards,
    path,
    planned_shards,
    stamp,
    status_of,
)  # fmt: skip

_KEPT_AT = (
    ("Supervision", "Health"), ("Current", "ServersRegistered"), ("Current", "ServersKnown"),
    ("Current", "MaintenanceDBServers"), ("Target", "FailedServers"), ("Target", "MaintenanceDBServers"),
    ("Target", "MapUniqueToShortID"),
)  # fmt: skip


def kind_of(tree: Node, server: str) -> str:
    """Return the kind of a server of the plan, or an empty text."""
    return next((kind for kind in ("DBServers", "Coordinators") if server in at(tree, "Plan", kind)), "")


def is_needed(tree: Node, server: str) -> bool:
    """Tell whether a shard is planned for a server or reported by it."""
    planned = any(server in shard.servers for shard in planned_shards(tree))
    return planned or any(server in entry.get("servers", ()) for _, entry in current_shards(tree))


def may_be_removed(tree: Node, kind: str, server: str) -> bool:
    """Tell whether a server failed and nothing is lost without it."""
    return status_of(tree, server) == FAILED and (kind == "Coordinators" or not is_needed(tree, server))


def removal(tree: Node, kind: str, server: str, now: datetime) -> Transaction:
    """Return the transaction that forgets a server, unless something has changed meanwhile."""
    operations = {path(*place, server): DELETE for place in _KEPT_AT if server in at(tree, *place)}
    for part in ("Plan", "Current"):
        if server in at(tree, part, kind):
            operations[path(part, kind, server)] = DELETE
    for database in at(tree, "Current", "Databases"):
        if server in at(tree, "Current", "Databases", database):
            operations[path("Current", "Databases", database, server)] = DELETE
    more = {
        PLAN_VERSION: INCREMENT, CURRENT_VERSION: INCREMENT, path("Target", "RemovedServers", server): stamp(now),
    }  # fmt: skip
    health = path("Supervision", "Health", server)
    expected = {
        health: {"old": at(tree, "Supervision", "Health", server)},
        PLAN_VERSION: {"old": at(tree, "Plan", "Version")},
    }
    return [{**operations, **more}, expected]
