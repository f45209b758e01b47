"""How a server makes itself known: the first tree, and its entries in the plan and among the servers.

Knows nothing of how transactions reach the agency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from arangod.cluster.agreed import CURRENT_VERSION, GONE, INCREMENT, PLAN_VERSION, ROOT, Transaction, path
from arangod.store.names import SYSTEM

KIND_OF_ROLE = {"PRIMARY": "DBServers", "COORDINATOR": "Coordinators"}


class Facts(NamedTuple):
    """What a server says of itself."""

    id: str
    role: str
    endpoint: str
    advertised: str
    host: str
    version: str
    cores: int
    memory: int
    extended_names: bool

    @property
    def kind(self) -> str:
        """Where servers of this role stand in Plan and Current."""
        return KIND_OF_ROLE[self.role]


def version_number(version: str) -> int:
    """Write a version as the agency keeps it: 3.12.5 is 31205."""
    major, minor, patch = (int(part) for part in version.split("-")[0].split("."))
    return major * 10000 + minor * 100 + patch


def system_database(replication_factor: int) -> dict[str, Any]:
    """Return the plan's entry of the system database."""
    return database_entry("1", SYSTEM) | {"replicationFactor": replication_factor, "isSystem": True}


def database_entry(number: str, name: str) -> dict[str, Any]:
    """Return the plan's entry of a database."""
    plain = {"sharding": "", "replicationFactor": 1, "writeConcern": 1, "replicationVersion": "1"}
    return {"id": number, "name": name, **plain}


def skeleton(cluster: str, replication_factor: int) -> Transaction:
    """Return the transaction that makes the first tree, if there is none."""
    servers: dict[str, Any] = {"DBServers": {}, "Coordinators": {}, "Singles": {}, "Lock": "UNLOCKED"}
    jobs: dict[str, Any] = {state: {} for state in ("ToDo", "Pending", "Finished", "Failed")}
    plan = {
        "Version": 1, "Databases": {SYSTEM: system_database(replication_factor)}, "Collections": {SYSTEM: {}},
        "Views": {SYSTEM: {}}, "Analyzers": {}, "AsyncReplication": {}, **servers,
    }  # fmt: skip
    current = {
        "Version": 1, "NewServers": {}, "ServersRegistered": {"Version": 1}, "ServersKnown": {}, "Databases": {},
        "Collections": {}, "Foxxmaster": "", "FoxxmasterQueueupdate": False, "ShardsCopied": {},
        "AsyncReplication": {}, "MaintenanceDBServers": {}, **servers,
    }  # fmt: skip
    target = {
        **jobs, "FailedServers": {}, "CleanedServers": [], "ToBeCleanedServers": [], "RemovedServers": {},
        "NumberOfDBServers": None, "NumberOfCoordinators": None, "MapUniqueToShortID": {}, "LatestDBServerId": 0,
        "LatestCoordinatorId": 0, "MapLocalToID": {}, "Lock": "UNLOCKED", "Version": 1, "MaintenanceDBServers": {},
    }  # fmt: skip
    tree = {
        "Agency": {"Definition": 1}, "Cluster": cluster, "Readonly": False, "Plan": plan, "Current": current,
        "Target": target, "Supervision": {"Health": {}, "Shards": {}, "DBServers": {}},
        "Sync": {
            "LatestID": 1, "Problems": {}, "UserVersion": 1, "HeartbeatIntervalMs": 1000, "ServerStates": {},
        },
        "InitDone": True,
    }  # fmt: skip
    return [{f"{ROOT}/{name}": value for name, value in tree.items()}, {f"{ROOT}/Plan": GONE}]


def registration(facts: Facts, timestamp: str) -> Transaction:
    """Return the transaction that makes a server known, once more at every start."""
    entry = {
        "endpoint": facts.endpoint, "advertisedEndpoint": facts.advertised, "host": facts.host,
        "version": version_number(facts.version), "versionString": facts.version, "engine": "rocksdb",
        "timestamp": timestamp, "numberOfCores": facts.cores, "physicalMemory": facts.memory,
        "extendedNamesDatabases": facts.extended_names,
    }  # fmt: skip
    operations: Mapping[str, Any] = {
        path("Plan", facts.kind, facts.id): "none",
        PLAN_VERSION: INCREMENT,
        path("Current", facts.kind, facts.id): "none",
        CURRENT_VERSION: INCREMENT,
        path("Current", "ServersRegistered", facts.id): entry,
        path("Current", "ServersRegistered", "Version"): INCREMENT,
        path("Current", "ServersKnown", facts.id, "rebootId"): INCREMENT,
        path("Target", "RemovedServers", facts.id): {"op": "delete"},
    }
    return [operations]


def mastership(server: str) -> Transaction:
    """Return the transaction that makes a coordinator the one for queues, when there is none."""
    place = path("Current", "Foxxmaster")
    return [{place: server, CURRENT_VERSION: INCREMENT}, {place: {"old": ""}}]
