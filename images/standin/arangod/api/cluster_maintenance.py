"""`/_admin/cluster/maintenance`: the supervision off and on, for all or for one dbserver.

Knows nothing of what the supervision does.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from arangod.api.call import Call, result
from arangod.cluster.agreed import DELETE, at, moment, path, short_name, stamp
from arangod.failure import ArangoError
from arangod.http.wire import Reply

_DEFAULT_SECONDS = 3600
_WAIT_SECONDS = 120.0
_OFF = (
    "Cluster supervision deactivated. It will be reactivated automatically in {} unless this call is repeated until "
    "then."
)
_ON = "Cluster supervision reactivated."


def mode(call: Call) -> Reply:
    """Say whether the supervision works."""
    return result({"result": at(call.node.member.tree, "Supervision", "State").get("Mode", "Normal")})


def _seconds(wanted: object) -> int:
    """Read a wish: seconds of maintenance, 0 for none."""
    if wanted in ("on", "off"):
        return _DEFAULT_SECONDS if wanted == "on" else 0
    if isinstance(wanted, str) and wanted.isascii() and wanted.isdecimal():
        return int(wanted)
    raise ArangoError(400, 'expecting "on", "off" or a number of seconds as a text')


def set_mode(call: Call) -> Reply:
    """Turn the supervision off for a time, or on; answer when it has heard."""
    seconds, member, place = _seconds(call.json()), call.node.member, path("Supervision", "Maintenance")
    until = stamp(datetime.now(UTC) + timedelta(seconds=seconds))
    wish: Any = {"op": "set", "new": until, "ttl": seconds} if seconds else DELETE
    member.write([{place: wish}])
    wanted = "Maintenance" if seconds else "Normal"
    heard = member.view.wait(
        lambda tree: True if at(tree, "Supervision", "State").get("Mode") == wanted else None, _WAIT_SECONDS
    )
    if heard is None:
        raise ArangoError(504, "the supervision did not hear in time", status=408)
    spoken = f"{seconds // 60} minutes" if seconds % 60 == 0 else f"{seconds} seconds"
    return result({"warning": _OFF.format(spoken) if seconds else _ON})


def _server(call: Call) -> str:
    tree, wanted = call.node.member.tree, call.places[0]
    servers: list[str] = [one for one in at(tree, "Plan", "DBServers") if wanted in (one, short_name(tree, one))]
    if not servers:
        raise ArangoError(404, f"unknown DB-server '{wanted}'")
    return servers[0]


def of_server(call: Call) -> Reply:
    """Say whether one dbserver is under maintenance, and until when."""
    entry = at(call.node.member.tree, "Current", "MaintenanceDBServers", _server(call))
    until = moment(entry.get("Until")) if entry else None
    return result({"result": entry} if until is not None and until > datetime.now(UTC) else {})


def set_for_server(call: Call) -> Reply:
    """Wish for the maintenance of one dbserver, or for its end; the supervision brings it into effect."""
    body, server = call.json_object(), _server(call)
    place, timeout = path("Target", "MaintenanceDBServers", server), body.get("timeout", _DEFAULT_SECONDS)
    if body.get("mode") not in ("maintenance", "normal"):
        raise ArangoError(400, "'mode' must be 'maintenance' or 'normal'")
    if not isinstance(timeout, int) or isinstance(timeout, bool) or timeout < 1:
        raise ArangoError(400, "'timeout' must be a number of seconds")
    until = stamp(datetime.now(UTC) + timedelta(seconds=timeout))
    wish = {"Mode": "maintenance", "Until": until} if body["mode"] == "maintenance" else DELETE
    call.node.member.write([{place: wish}])
    return result({})
