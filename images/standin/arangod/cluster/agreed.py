"""Where things stand in the agency's tree, and how to look them up in a tree that may lack them.

Knows nothing of who reads or writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

Node = Mapping[str, Any]
Transaction = list[Any]

ROOT = "/arango"
PLAN_VERSION = f"{ROOT}/Plan/Version"
CURRENT_VERSION = f"{ROOT}/Current/Version"
INCREMENT: Node = {"op": "increment"}
DELETE: Node = {"op": "delete"}
GONE: Node = {"oldEmpty": True}
THERE: Node = {"oldEmpty": False}
KINDS = {"DBServers": "DBServer", "Coordinators": "Coordinator"}
GOOD, BAD, FAILED = "GOOD", "BAD", "FAILED"


def at(tree: Node, *parts: str) -> Any:
    """Return what stands at a path below `/arango`; nothing is an empty mapping."""
    value: Any = tree.get("arango", {})
    for part in parts:
        value = value.get(part, {}) if isinstance(value, Mapping) else {}
    return value


def texts(tree: Node, *parts: str) -> list[str]:
    """Return the list of texts at a path; what is no list is an empty one."""
    value = at(tree, *parts)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def path(*parts: str) -> str:
    """Write a path below `/arango`."""
    return "/".join((ROOT, *parts))


def stamp(now: datetime) -> str:
    """Write a time as the agency keeps it."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: object) -> datetime | None:
    """Read a time; nothing when it is none."""
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


class Shard(NamedTuple):
    """One shard as planned: its collection's entry, and its servers, the leader first."""

    database: str
    collection: str
    name: str
    entry: Node
    servers: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """The place of the shard below Plan/Collections and Current/Collections."""
        return self.database, self.collection, self.name


def planned_shards(tree: Node) -> Iterator[Shard]:
    """Yield every shard of the plan."""
    for database, collections in at(tree, "Plan", "Collections").items():
        for number, entry in collections.items():
            for name, servers in entry.get("shards", {}).items():
                yield Shard(database, number, name, entry, tuple(servers))


def current_shards(tree: Node) -> Iterator[tuple[tuple[str, str, str], Node]]:
    """Yield every shard reported, by its place."""
    for database, collections in at(tree, "Current", "Collections").items():
        for number, shards in collections.items():
            for name, entry in shards.items():
                yield (database, number, name), entry


def in_sync(tree: Node, place: tuple[str, str, str]) -> list[str]:
    """Return the servers reported for a shard, the leader first."""
    return texts(tree, "Current", "Collections", *place, "servers")


def copies_wanted(entry: Node, servers: int) -> int:
    """Return how many copies a collection should have when there are this many servers."""
    factor = entry.get("replicationFactor", 1)
    return min(factor, servers) if isinstance(factor, int) and factor > 0 else servers


def status_of(tree: Node, server: str) -> str:
    """Return what the supervision says of a server, or an empty text."""
    return str(at(tree, "Supervision", "Health", server).get("Status", ""))


def short_name(tree: Node, server: str) -> str:
    """Return the short name of a server, or its id while it has none."""
    return str(at(tree, "Target", "MapUniqueToShortID", server).get("ShortName", server))


def endpoint_of(tree: Node, server: str) -> str:
    """Return where a server said it is, or an empty text."""
    return str(at(tree, "Current", "ServersRegistered", server).get("endpoint", ""))


def reboot_id(tree: Node, server: str) -> int:
    """Return how often a server started or failed."""
    return int(at(tree, "Current", "ServersKnown", server).get("rebootId", 0))
