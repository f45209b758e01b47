"""`/_admin/cluster` and what else tells about the cluster as a whole, on a coordinator.

Knows nothing of how the cluster is kept as it is.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from arangod import jsontext
from arangod.api.call import Call, reply, result
from arangod.cluster import reports
from arangod.cluster.agreed import at, endpoint_of, path, short_name
from arangod.cluster.member import Member, agency_errors
from arangod.cluster.peers import Unreachable
from arangod.cluster.removal import kind_of, may_be_removed, removal
from arangod.failure import ArangoError
from arangod.http.wire import Reply

_AGENT_SECONDS = 1.0
_REMOVAL_TRIES = 60
_STATES = path("Sync", "ServerStates")


def _tree(call: Call) -> dict[str, Any]:
    return call.node.member.tree


def health(call: Call) -> Reply:
    """Describe every server: agents are asked now, the others as the supervision last judged them."""
    member = call.node.member
    with agency_errors():
        known = member.quick.read(path("Cluster"), path("Supervision", "Health"), path("Plan"), path("Current"))
        read = member.quick.transient([_STATES])
        pool = member.quick.config()["configuration"]["pool"]
    states = at(read[0], "Sync", "ServerStates") if read and isinstance(read[0], dict) else {}
    return result(reports.health(known, states, _asked(member, pool), pool))


def _asked(member: Member, pool: Mapping[str, str]) -> dict[str, Any]:
    """Ask all agents at once what they say of themselves; who does not answer has nothing to say."""
    said: dict[str, Any] = dict.fromkeys(pool)

    def ask(agent: str) -> None:
        try:
            said[agent] = member.peers.json(pool[agent], "GET", "/_api/agency/config", timeout=_AGENT_SECONDS)
        except (Unreachable, ArangoError):
            said[agent] = None

    threads = [threading.Thread(target=ask, args=(agent,), daemon=True) for agent in pool]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def endpoints(call: Call) -> Reply:
    """List where clients reach coordinators."""
    return result({"endpoints": [{"endpoint": one} for one in reports.coordinators(_tree(call))]})


def agency_dump(call: Call) -> Reply:
    """Return the agency's tree."""
    with agency_errors():
        return result({"agency": call.node.member.agency.read("/")})


def inventory(call: Call) -> Reply:
    """Describe the collections of the database, and whether they are in sync."""
    shown = reports.inventory(_tree(call), call.database, system=call.flag("includeSystem"))
    return reply({**shown, "tick": str(at(_tree(call), "Plan").get("Version", 0)), "state": "unused"})


def shard_distribution(call: Call) -> Reply:
    """Describe where all shards of the database should be and are."""
    return result({"results": reports.distribution(_tree(call), call.database)})


def collection_distribution(call: Call) -> Reply:
    """Describe where the shards of one collection should be and are, with how far copies have come."""
    name = call.target.parameters.get("collection")
    if call.request.method == "PUT":
        name = call.json_object().get("collection")
    if not isinstance(name, str):
        raise ArangoError(400, "expecting the name of a collection")
    held = call.node.front.coordination.collection(call.database, name)
    return result({"results": {held["name"]: reports.distribution(_tree(call), call.database)[held["name"]]}})


def shard_statistics(call: Call) -> Reply:
    """Count databases, collections and shards."""
    wanted = call.target.parameters.get("DBserver", "")
    if wanted == "all":
        servers = at(_tree(call), "Plan", "DBServers")
        return result({"result": {server: reports.statistics(_tree(call), server) for server in servers}})
    if wanted and kind_of(_tree(call), wanted) != "DBServers":
        raise ArangoError(400, f"unknown DB-server '{wanted}'")
    return result({"result": reports.statistics(_tree(call), wanted)})


def numbers(call: Call) -> Reply:
    """Say how many servers there should be."""
    return result(reports.wanted_numbers(_tree(call)))


_NUMBERS = {"numberOfDBServers": "NumberOfDBServers", "numberOfCoordinators": "NumberOfCoordinators"}


def set_numbers(call: Call) -> Reply:
    """Set how many servers there should be."""
    body, operations = call.json_object(), dict[str, Any]()
    for name, place in _NUMBERS.items():
        wanted = body.get(name)
        if wanted is not None and (not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 0):
            raise ArangoError(400, f"'{name}' must be a whole number or null")
        if name in body:
            operations[path("Target", place)] = wanted
    cleaned = body.get("cleanedServers")
    if cleaned is not None:
        if not isinstance(cleaned, list) or not all(isinstance(one, str) for one in cleaned):
            raise ArangoError(400, "'cleanedServers' must be a list of texts")
        operations[path("Target", "CleanedServers")] = cleaned
    if not operations:
        raise ArangoError(400, "neither numbers nor cleaned servers are given")
    call.node.member.write([operations])
    return result({})


def remove_server(call: Call) -> Reply:
    """Forget a server that failed and holds nothing, waiting a minute for that."""
    body, member = call.json(), call.node.member
    wanted = body.get("server") if isinstance(body, dict) else body
    server = _by_name(member.tree, wanted) if isinstance(wanted, str) else ""
    if not server:
        raise ArangoError(404, f"unknown server '{wanted}'", status=404)
    for _ in range(_REMOVAL_TRIES):
        tree = member.tree
        kind = kind_of(tree, server)
        if not kind or (
            may_be_removed(tree, kind, server) and member.write(removal(tree, kind, server, datetime.now(UTC)))
        ):
            return result({})
        if member.stopping.wait(1.0):
            break
    raise ArangoError(412, "server may not be deleted")


def _by_name(tree: Mapping[str, Any], wanted: str) -> str:
    """Return the id of a server named by its id or its short name."""
    every = (*at(tree, "Plan", "DBServers"), *at(tree, "Plan", "Coordinators"))
    return next((one for one in every if wanted in (one, short_name(tree, one))), "")


def _node(call: Call) -> str:
    wanted = call.target.parameters.get("ServerID") or call.target.parameters.get("DBserver", "")
    endpoint = endpoint_of(_tree(call), wanted) if wanted else ""
    if not endpoint:
        raise ArangoError(400, "missing or unknown ServerID")
    return endpoint


def _proxied(call: Call, target: str) -> Reply:
    try:
        answer = call.node.member.peers.ask(_node(call), "GET", target)
    except Unreachable as exc:
        raise ArangoError(408, str(exc)) from None
    return reply(jsontext.decode(answer.body), answer.status)


def node_version(call: Call) -> Reply:
    """Return the version of another server."""
    return _proxied(call, "/_api/version?details=true")


def node_engine(call: Call) -> Reply:
    """Return the engine of another server."""
    return _proxied(call, "/_api/engine")


def invalid(call: Call) -> Reply:
    """Refuse a command there is not."""
    raise ArangoError(400, f"invalid command '{call.places[0]}'")
