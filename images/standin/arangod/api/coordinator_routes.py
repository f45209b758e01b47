"""The routes of a coordinator.

Knows nothing of what handlers do.
"""

from __future__ import annotations

from arangod.api import cluster_admin as admin
from arangod.api import cluster_data as data
from arangod.api import cluster_maintenance as maintenance
from arangod.api import cluster_users as users
from arangod.api.routes import ADMIN, CLUSTER, SERVER, USER, WRITER, Built, complete

_COLLECTION = "/_api/collection/{collection}"
_DOCUMENT = "/_api/document/{collection}/{key}"
_COMMAND = "/_admin/cluster"

_DATA: Built = [
    ("GET", "/_api/database", USER, data.databases),
    ("GET", "/_api/database/user", USER, data.visible_databases),
    ("GET", "/_api/database/current", USER, data.database),
    ("POST", "/_api/database", ADMIN, data.create_database),
    ("DELETE", "/_api/database/{database}", ADMIN, data.drop_database),
    ("GET", "/_api/collection", USER, data.collections),
    ("POST", "/_api/collection", WRITER, data.create_collection),
    ("GET", _COLLECTION, USER, data.collection),
    ("GET", f"{_COLLECTION}/properties", USER, data.properties),
    ("GET", f"{_COLLECTION}/count", USER, data.count),
    ("GET", f"{_COLLECTION}/shards", USER, data.shards),
    ("PUT", f"{_COLLECTION}/responsibleShard", USER, data.responsible_shard),
    ("DELETE", _COLLECTION, WRITER, data.drop_collection),
    ("POST", "/_api/document", WRITER, data.insert),
    ("POST", "/_api/document/{collection}", WRITER, data.insert),
    ("GET", _DOCUMENT, USER, data.document),
    ("DELETE", _DOCUMENT, WRITER, data.document),
    ("GET", "/_api/user", ADMIN, users.every),
    ("GET", "/_api/user/{user}", USER, users.one),
    ("PATCH", "/_api/user/{user}", USER, users.update),
    ("PUT", "/_api/user/{user}", USER, users.replace),
]

_CLUSTER: Built = [
    ("GET", "/_api/cluster/endpoints", USER, admin.endpoints),
    ("GET", "/_api/cluster/agency-dump", ADMIN, admin.agency_dump),
    ("GET", "/_api/replication/clusterInventory", USER, admin.inventory),
    ("GET", f"{_COMMAND}/health", USER, admin.health),
    ("GET", f"{_COMMAND}/numberOfServers", USER, admin.numbers),
    ("PUT", f"{_COMMAND}/numberOfServers", ADMIN, admin.set_numbers),
    ("GET", f"{_COMMAND}/maintenance", ADMIN, maintenance.mode),
    ("PUT", f"{_COMMAND}/maintenance", ADMIN, maintenance.set_mode),
    ("GET", f"{_COMMAND}/maintenance/{{server}}", ADMIN, maintenance.of_server),
    ("PUT", f"{_COMMAND}/maintenance/{{server}}", ADMIN, maintenance.set_for_server),
    ("GET", f"{_COMMAND}/shardDistribution", ADMIN, admin.shard_distribution),
    ("GET", f"{_COMMAND}/collectionShardDistribution", ADMIN, admin.collection_distribution),
    ("PUT", f"{_COMMAND}/collectionShardDistribution", ADMIN, admin.collection_distribution),
    ("GET", f"{_COMMAND}/shardStatistics", ADMIN, admin.shard_statistics),
    ("POST", f"{_COMMAND}/removeServer", ADMIN, admin.remove_server),
    ("GET", f"{_COMMAND}/nodeVersion", USER, admin.node_version),
    ("GET", f"{_COMMAND}/nodeEngine", USER, admin.node_engine),
    *((method, path, USER, admin.invalid) for method, path in CLUSTER),
]

# What arangod's coordinators have besides: what moves shards, and the making of users.
_NAMED = [
    ("POST", "/_api/user"),
    ("DELETE", "/_api/user/{user}"),
    *(("GET", f"{_COMMAND}/{word}") for word in ("nodeStatistics", "statistics", "queryAgencyJob", "rebalance")),
    *(("PUT", f"{_COMMAND}/{word}") for word in ("rebalance", "uniqId")),
    *(
        ("POST", f"{_COMMAND}/{word}")
        for word in (
            "cancelAgencyJob", "cleanOutServer", "moveShard", "rebalance", "rebalanceShards", "resignLeadership",
        )
    ),
    ("POST", f"{_COMMAND}/rebalance/execute"),
    *(("GET", f"{_COMMAND}/vpackSortMigration/{word}") for word in ("check", "status")),
    ("PUT", f"{_COMMAND}/vpackSortMigration/migrate"),
]  # fmt: skip

ROUTES = complete([*SERVER, *_DATA, *_CLUSTER], _NAMED)
