"""`/_api/collection`: create, describe, count, drop.

Knows nothing of how collections are stored.
"""

from __future__ import annotations

from typing import Any

from arangod.api.call import Call, result
from arangod.failure import ArangoError, not_built
from arangod.http.wire import Reply
from arangod.store.model import DOCUMENTS, EDGES, Collection

_BOOLEANS = ("waitForSync", "isSystem", "cacheEnabled")
_LOADED = 3


def _summary(held: Collection, server: str) -> dict[str, Any]:
    unique = held.name if held.is_system else f"h{server[-12:].upper()}/{held.id}"
    return {
        "id": held.id,
        "name": held.name,
        "status": _LOADED,
        "type": held.type,
        "isSystem": held.is_system,
        "globallyUniqueId": unique,
    }


def _details(call: Call, held: Collection) -> dict[str, Any]:
    last_value = max((int(key) for key in held.documents if key.isdecimal()), default=0)
    return {
        **_summary(held, call.node.identity.id),
        "statusString": "loaded",
        "waitForSync": held.waits_for_sync,
        "cacheEnabled": bool(held.properties.get("cacheEnabled")),
        "keyOptions": {"allowUserKeys": True, "type": "traditional", "lastValue": last_value},
        "schema": None,
        "computedValues": None,
        "syncByRevision": True,
        "usesRevisionsAsDocumentIds": True,
        "internalValidatorType": 0,
        "isSmart": False,
        "isDisjoint": False,
        "isSmartChild": False,
        "writeConcern": 1,
    }


def _find(call: Call) -> Collection:
    return call.node.store.collection(call.database, call.places[0])


def every(call: Call) -> Reply:
    """List the collections of the database."""
    held = list(call.node.store.database(call.database).collections.values())
    without_system = call.flag("excludeSystem")
    shown = [_summary(one, call.node.identity.id) for one in held if not (without_system and one.is_system)]
    return result({"result": shown})


def one(call: Call) -> Reply:
    """Describe a collection in short."""
    return result(_summary(_find(call), call.node.identity.id))


def properties(call: Call) -> Reply:
    """Describe a collection in full."""
    return result(_details(call, _find(call)))


def count(call: Call) -> Reply:
    """Describe a collection in full, with the number of its documents."""
    held = _find(call)
    return result({**_details(call, held), "count": len(held.documents)})


def _check_key_options(options: object) -> None:
    if options is None:
        return
    if not isinstance(options, dict):
        raise ArangoError(10, "keyOptions must be an object")
    if options.get("type", "traditional") != "traditional" or options.get("allowUserKeys", True) is not True:
        raise not_built("keyOptions other than the traditional generator with user keys")


def checked_body(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Return the type and the properties asked for; the number of shards and copies means nothing here."""
    kind = body.get("type", DOCUMENTS)
    if kind not in (DOCUMENTS, EDGES) or isinstance(kind, bool | float):
        raise ArangoError(1218)
    _check_key_options(body.get("keyOptions"))
    for name in ("schema", "computedValues"):
        if body.get(name):
            raise not_built(f"'{name}' of a collection")
    for name in _BOOLEANS:
        if not isinstance(body.get(name, False), bool):
            raise ArangoError(10, f"'{name}' must be a boolean")
    return kind, {name: True for name in _BOOLEANS if body.get(name)}


def create(call: Call) -> Reply:
    """Create a collection."""
    body = call.json_object()
    kind, wanted = checked_body(body)
    held = call.node.store.create_collection(call.database, body.get("name"), kind, wanted)
    return result(_details(call, held))


def drop(call: Call) -> Reply:
    """Drop a collection."""
    dropped = call.node.store.drop_collection(call.database, call.places[0], system=call.flag("isSystem"))
    return result({"id": dropped})
