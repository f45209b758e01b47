"""The routes of a single server, and the families of routes it names as not supported.

Knows nothing of what handlers do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from arangod.api import collections, databases, documents, login, logs, server, version
from arangod.api.call import Call
from arangod.failure import ArangoError, not_built
from arangod.http.wire import Reply

ANYBODY, USER, WRITER, ADMIN, SUPERUSER = "anybody", "user", "writer", "admin", "superuser"


class Route(NamedTuple):
    """A handler, and who may call it."""

    handler: Callable[[Call], Reply]
    need: str


def _unbuilt(call: Call) -> Reply:
    raise not_built(f"{call.request.method} {call.target.path}")


def _coordinators_only(call: Call) -> Reply:
    raise ArangoError(403, "only allowed on coordinators")


def _index(call: Call) -> Reply:
    location = f"/_db/{call.database}/_admin/aardvark/index.html"
    return Reply(301, b"", (f"location: {location}",), "text/html")


Built = list[tuple[str, str, str, Callable[[Call], Reply]]]

SERVER: Built = [
    ("GET", "/", ANYBODY, _index),
    ("POST", "/_open/auth", ANYBODY, login.log_in),
    ("GET", "/_api/version", USER, version.version),
    ("GET", "/_admin/version", USER, version.version),
    ("GET", "/_admin/database/target-version", USER, version.target_version),
    ("GET", "/_admin/license", USER, version.license_),
    ("GET", "/_api/engine", USER, version.engine),
    ("GET", "/_admin/server/availability", ANYBODY, server.availability),
    ("GET", "/_admin/server/role", USER, server.role),
    ("GET", "/_admin/server/id", USER, server.id_),
    ("GET", "/_admin/server/mode", USER, server.mode),
    ("GET", "/_admin/status", USER, server.status),
    ("GET", "/_admin/time", USER, server.time_),
    ("GET", "/_admin/support-info", USER, server.support_info),
    ("GET", "/_admin/metrics", USER, server.metrics),
    ("GET", "/_admin/metrics/v2", USER, server.metrics),
    ("DELETE", "/_admin/shutdown", ADMIN, server.shutdown),
    ("GET", "/_admin/log/level", ADMIN, logs.levels),
    ("PUT", "/_admin/log/level", ADMIN, logs.set_levels),
    *((method, "/_admin/echo", USER, server.echo) for method in ("GET", "POST", "PUT", "DELETE", "PATCH")),
]

DATA: Built = [
    ("GET", "/_api/database", USER, databases.every),
    ("GET", "/_api/database/user", USER, databases.visible),
    ("GET", "/_api/database/current", USER, databases.current),
    ("POST", "/_api/database", ADMIN, databases.create),
    ("DELETE", "/_api/database/{database}", ADMIN, databases.drop),
    ("GET", "/_api/collection", USER, collections.every),
    ("POST", "/_api/collection", WRITER, collections.create),
    ("GET", "/_api/collection/{collection}", USER, collections.one),
    ("GET", "/_api/collection/{collection}/properties", USER, collections.properties),
    ("GET", "/_api/collection/{collection}/count", USER, collections.count),
    ("DELETE", "/_api/collection/{collection}", WRITER, collections.drop),
    ("POST", "/_api/document", WRITER, documents.insert),
    ("POST", "/_api/document/{collection}", WRITER, documents.insert),
    ("GET", "/_api/document/{collection}/{key}", USER, documents.read),
    ("DELETE", "/_api/document/{collection}/{key}", WRITER, documents.remove),
]

# What arangod has under a path that is built here for other methods or other words.
_NAMED = [
    ("PUT", "/_admin/server/mode"),
    ("GET", "/_admin/shutdown"),
    ("DELETE", "/_admin/log/level"),
    ("GET", "/_admin/metrics/{kind}"),
    ("PUT", "/_api/document"),
    ("PATCH", "/_api/document"),
    ("DELETE", "/_api/document"),
    ("PUT", "/_api/document/{collection}"),
    ("PATCH", "/_api/document/{collection}"),
    ("DELETE", "/_api/document/{collection}"),
    ("PUT", "/_api/document/{collection}/{key}"),
    ("PATCH", "/_api/document/{collection}/{key}"),
    ("GET", "/_api/collection/{collection}/checksum"),
    ("GET", "/_api/collection/{collection}/figures"),
    ("GET", "/_api/collection/{collection}/revision"),
    ("GET", "/_api/collection/{collection}/shards"),
    ("GET", "/_api/engine/stats"),
    *(
        ("PUT", f"/_api/collection/{{collection}}/{action}")
        for action in (
            "compact", "load", "loadIndexesIntoMemory", "properties", "recalculateCount", "rename",
            "responsibleShard", "truncate", "unload",
        )
    ),
]  # fmt: skip

CLUSTER = [
    (method, path)
    for method in ("GET", "POST", "PUT", "DELETE")
    for path in ("/_admin/cluster/{command}", "/_admin/cluster/{command}/{argument}")
]


def complete(built: Built, named: Iterable[tuple[str, str]] = ()) -> list[tuple[str, str, Route]]:
    """Return the routes of a server: what is built, and beside it what is named as not supported, or as not for it."""
    known = {(method, path) for method, path, _, _ in built}
    return [
        *((method, path, Route(handler, need)) for method, path, need, handler in built),
        *((method, path, Route(_unbuilt, USER)) for method, path in (*_NAMED, *named) if (method, path) not in known),
        *((method, path, Route(_coordinators_only, USER)) for method, path in CLUSTER if (method, path) not in known),
    ]


ROUTES = complete([*SERVER, *DATA])

# Families arangod has and this server has not; everything else is an unknown path.
_ADMIN = (
    "aardvark auth backup compact deployment execute log options options-description repair routing statistics "
    "statistics-description wal work-monitor"
)
_API = (
    "analyzer aqlfunction batch cluster control_pregel cursor dump edges endpoint explain export foxx gharial import "
    "index job key-generators query query-cache query-plan-cache replication schema simple tasks token transaction "
    "traversal ttl upload user view wal"
)
FAMILIES = frozenset({("_admin", word) for word in _ADMIN.split()} | {("_api", word) for word in _API.split()})
