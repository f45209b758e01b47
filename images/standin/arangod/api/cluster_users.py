"""`/_api/user` on a coordinator: describe and change users there are.

Knows nothing of where users are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arangod.api.call import Call, result
from arangod.failure import ArangoError
from arangod.http.wire import Reply


def _check_allowed(call: Call) -> None:
    """Let administrators at everybody, and everybody at themselves."""
    identity = call.identity
    if identity is None or not (identity.user == call.places[0] or call.node.guard.is_admin(identity)):
        raise ArangoError(11)


def _shown(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"user": entry["user"], "active": entry["authData"]["active"], "extra": entry.get("userData", {})}


def one(call: Call) -> Reply:
    """Describe a user."""
    _check_allowed(call)
    return result(_shown(call.node.front.accounts.find(call.places[0])))


def every(call: Call) -> Reply:
    """List the users, to administrators."""
    return result({"result": [_shown(entry) for entry in call.node.front.accounts.all()]})


def _changed(call: Call, *, whole: bool) -> Reply:
    _check_allowed(call)
    body = call.json_object()
    if not isinstance(body.get("passwd", ""), str) or not isinstance(body.get("active", True), bool):
        raise ArangoError(400, "expecting the string 'passwd' and the boolean 'active'")
    return result(_shown(call.node.front.accounts.change(call.places[0], body, whole=whole)))


def update(call: Call) -> Reply:
    """Change what is given of a user."""
    return _changed(call, whole=False)


def replace(call: Call) -> Reply:
    """Change a user; what is not given is as for a new one."""
    return _changed(call, whole=True)
