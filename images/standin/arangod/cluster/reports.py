"""What a coordinator tells about the cluster: health, where shards are, and whether they are in sync.

Knows nothing of who asks or of how the agency is reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arangod.cluster.agreed import FAILED, GOOD, Node, at, in_sync, planned_shards, short_name, texts
from arangod.cluster.removal import kind_of, may_be_removed

ROLES = {"DBServers": "DBServer", "Coordinators": "Coordinator"}


def health(tree: Node, states: Node, agents: Mapping[str, Node | None], endpoints: Mapping[str, str]) -> dict[str, Any]:
    """Describe every server; `states` are the last heartbeats, `agents` what each agent says of itself now."""
    servers = {server: _server(tree, states, server) for server in at(tree, "Supervision", "Health")}
    leader = next((str(said.get("leaderId", "")) for said in agents.values() if said and said.get("lastAcked")), "")
    acked: Node = next((said["lastAcked"] for name, said in agents.items() if said and name == leader), {})
    told = {name: _agent(name, said, endpoints[name], leader, acked) for name, said in agents.items()}
    return {"ClusterId": str(at(tree, "Cluster") or ""), "Health": {**servers, **told}}


def _server(tree: Node, states: Node, server: str) -> dict[str, Any]:
    kind = kind_of(tree, server)
    said = dict(at(tree, "Supervision", "Health", server))
    beat = states.get(server, {})
    if said.get("Status") == GOOD and beat:
        said |= {"SyncStatus": beat.get("status", said.get("SyncStatus")), "SyncTime": beat.get("time", "")}
    return {**said, "Role": ROLES.get(kind, "Unknown"), "CanBeDeleted": may_be_removed(tree, kind, server)}


def _agent(name: str, said: Node | None, endpoint: str, leader: str, acked: Node) -> dict[str, Any]:
    told: dict[str, Any] = {
        "Role": "Agent", "Endpoint": endpoint, "Leader": leader, "Leading": name == leader,
        "Status": GOOD if said else "BAD", "CanBeDeleted": False,
    }  # fmt: skip
    if said:
        told |= {"Leader": said.get("leaderId", leader), "Version": said.get("version", ""), "Engine": "rocksdb"}
    if "lastAckedTime" in acked.get(name, {}):
        told["LastAckedTime"] = acked[name]["lastAckedTime"]
    return told


def coordinators(tree: Node) -> list[str]:
    """Return where clients reach the coordinators that have not failed."""
    found = []
    for server in at(tree, "Current", "Coordinators"):
        said = at(tree, "Current", "ServersRegistered", server)
        if at(tree, "Supervision", "Health", server).get("Status") != FAILED and said:
            found.append(said.get("advertisedEndpoint") or said.get("endpoint", ""))
    return found


def distribution(tree: Node, database: str) -> dict[str, Any]:
    """Describe where the shards of every collection should be, and are, by short names."""
    results: dict[str, Any] = {
        entry["name"]: {"Plan": {}, "Current": {}} for entry in at(tree, "Plan", "Collections", database).values()
    }
    for shard in planned_shards(tree):
        if shard.database == database:
            told = results[shard.entry["name"]]
            told["Plan"][shard.name] = _placed(tree, list(shard.servers))
            reported = in_sync(tree, shard.key)
            if reported:
                told["Current"][shard.name] = _placed(tree, reported)
    return results


def _placed(tree: Node, servers: list[str]) -> dict[str, Any]:
    names = [short_name(tree, server.removeprefix("_")) for server in servers]
    return {"leader": names[0] if names else "", "followers": names[1:]}


def is_in_sync(tree: Node, database: str, number: str, entry: Node) -> bool:
    """Tell whether every shard of a collection is where it should be."""
    shards = entry.get("shards", {}).items()
    return all(_as_planned(servers, in_sync(tree, (database, number, name))) for name, servers in shards)


def _as_planned(planned: list[str], reported: list[str]) -> bool:
    return planned[:1] == reported[:1] and set(planned) == set(reported)


def inventory(tree: Node, database: str, *, system: bool) -> dict[str, Any]:
    """Describe every collection of a database, and whether it is ready and in sync."""
    version = at(tree, "Plan").get("Version", 0)
    collections = [
        {
            "parameters": {name: value for name, value in entry.items() if name != "indexes"},
            "indexes": [index for index in entry.get("indexes", ()) if index.get("type") not in ("primary", "edge")],
            "planVersion": version,
            "isReady": not entry.get("isBuilding") and _is_reported(tree, database, number, entry),
            "allInSync": is_in_sync(tree, database, number, entry),
        }
        for number, entry in at(tree, "Plan", "Collections", database).items()
        if system or not entry.get("isSystem")
    ]
    return {"collections": collections, "views": [], "properties": at(tree, "Plan", "Databases", database)}


def _is_reported(tree: Node, database: str, number: str, entry: Node) -> bool:
    return all(in_sync(tree, (database, number, name)) for name in entry.get("shards", ()))


def statistics(tree: Node, server: str = "") -> dict[str, int]:
    """Count databases, collections and shards, of all servers or of one."""
    shards = [shard for shard in planned_shards(tree) if not server or server in shard.servers]
    leaders = [shard for shard in shards if not server or shard.servers[:1] == (server,)]
    real = sum(shard.entry.get("distributeShardsLike") is None for shard in leaders)
    followers = sum(len(shard.servers) - 1 for shard in shards) if not server else len(shards) - len(leaders)
    return {
        "databases": len({shard.database for shard in shards}),
        "collections": len({shard.collection for shard in shards}),
        "shards": len(leaders) + followers,
        "leaders": len(leaders),
        "realLeaders": real,
        "followers": followers,
        "servers": 1 if server else len(at(tree, "Plan", "DBServers")),
    }


def wanted_numbers(tree: Node) -> dict[str, Any]:
    """Return how many servers there should be, as far as somebody said so."""
    target = at(tree, "Target")
    return {
        "numberOfDBServers": target.get("NumberOfDBServers"),
        "numberOfCoordinators": target.get("NumberOfCoordinators"),
        "cleanedServers": texts(tree, "Target", "CleanedServers"),
    }
