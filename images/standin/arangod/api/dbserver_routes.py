"""The routes of a dbserver, for other servers of its cluster: it knows no users.

Knows nothing of what handlers do.
"""

from __future__ import annotations

from arangod.api import collections, copies, databases, documents
from arangod.api.routes import SERVER, SUPERUSER, USER, WRITER, Built, complete

_COPY = "/_standin/shard/{shard}"

_SHARDS: Built = [
    ("GET", "/_api/database", USER, databases.every),
    ("GET", "/_api/database/user", USER, databases.visible),
    ("GET", "/_api/database/current", USER, databases.current),
    ("GET", "/_api/collection", USER, collections.every),
    ("GET", "/_api/collection/{collection}", USER, collections.one),
    ("GET", "/_api/collection/{collection}/properties", USER, collections.properties),
    ("GET", "/_api/collection/{collection}/count", USER, collections.count),
    ("POST", "/_api/document", WRITER, documents.insert),
    ("POST", "/_api/document/{collection}", WRITER, documents.insert),
    ("GET", "/_api/document/{collection}/{key}", USER, documents.read),
    ("DELETE", "/_api/document/{collection}/{key}", WRITER, documents.remove),
    ("GET", _COPY, SUPERUSER, copies.show),
    ("POST", _COPY, SUPERUSER, copies.change),
    ("PUT", _COPY, SUPERUSER, copies.replace),
]

ROUTES = complete([*SERVER, *_SHARDS])
