"""`/_api/database`: which databases there are, create and drop.

Knows nothing of how they are stored.
"""

from __future__ import annotations

from arangod.api.call import Call, result
from arangod.auth.guard import NONE
from arangod.failure import ArangoError, not_built
from arangod.http.wire import Reply
from arangod.store.names import SYSTEM


def in_system(call: Call) -> None:
    """Refuse what is allowed in the system database alone."""
    if call.database != SYSTEM:
        raise ArangoError(1230)


def every(call: Call) -> Reply:
    """List all databases, asked in `_system`."""
    in_system(call)
    return result({"result": list(call.node.store.model.databases)})


def visible(call: Call) -> Reply:
    """List the databases the user may read."""
    guard, identity = call.node.guard, call.identity
    names = list(call.node.store.model.databases)
    return result({"result": [name for name in names if identity and guard.level(identity, name) != NONE]})


def current(call: Call) -> Reply:
    """Describe the database of the request."""
    held = call.node.store.database(call.database)
    return result({"result": {"id": held.id, "name": held.name, "isSystem": held.name == SYSTEM, "path": ""}})


def create(call: Call) -> Reply:
    """Create a database."""
    in_system(call)
    body = call.json_object()
    if body.get("users"):
        raise not_built("'users' when a database is created")
    call.node.store.create_database(body.get("name"))
    return result({"result": True}, 201)


def drop(call: Call) -> Reply:
    """Drop a database."""
    in_system(call)
    call.node.store.drop_database(call.places[0])
    return result({"result": True})
