"""What this server is doing: role, id, availability, status, time, metrics, echo, shutdown.

Knows nothing of what is stored.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from arangod import ARANGO_VERSION, STANDIN
from arangod.api.call import Call, reply, result
from arangod.api.version import LICENSE
from arangod.failure import ArangoError, not_built
from arangod.http.wire import Reply
from arangod.node import Node
from arangod.store.names import SYSTEM


def availability(call: Call) -> Reply:
    """Say that requests are taken."""
    return reply({"mode": call.node.mode})


def role(call: Call) -> Reply:
    """Name the role."""
    return result({"role": call.node.identity.role, "mode": call.node.mode})


def id_(call: Call) -> Reply:
    """Name the server; only servers of a cluster have an id to the outside."""
    if call.node.identity.role == "SINGLE":
        raise ArangoError(500)
    return result({"id": call.node.identity.id})


def mode(call: Call) -> Reply:
    """Say whether writes are taken."""
    return reply({"mode": call.node.mode})


def state(node: Node) -> dict[str, Any]:
    """Return what a server of any role says of its state."""
    progress = {"phase": "in wait", "feature": "", "recoveryTick": 0}
    return {
        "server": "arango",
        "license": LICENSE,
        "version": ARANGO_VERSION,
        "mode": "server",
        "operationMode": "server",
        "foxxApi": False,
        "host": node.host,
        "hostname": node.host,
        "pid": os.getpid(),
        "serverInfo": {
            "progress": progress,
            "role": node.identity.role,
            "writeOpsEnabled": node.mode == "default",
            "readOnly": node.mode == "readonly",
            "maintenance": False,
        },
    }


def status(call: Call) -> Reply:
    """Describe the state of the server."""
    told, more = state(call.node), call.node.more_status()
    server = {**told["serverInfo"], **more.pop("serverInfo", {})}
    return reply({**told, "serverInfo": server, **more})


def time_(call: Call) -> Reply:
    """Return the time of day."""
    return result({"time": time.time()})


def support_info(call: Call) -> Reply:
    """Describe host and deployment, to whom the options allow."""
    node, identity = call.node, call.identity
    policy = node.options.text("server.support-info-api")
    if call.database != SYSTEM or policy == "disabled":
        raise ArangoError(403 if policy == "disabled" else 405)
    superuser = identity is not None and identity.superuser
    if policy != "public" and not (superuser or (policy == "admin" and identity and node.guard.is_admin(identity))):
        raise ArangoError(11)
    machine = node.machine
    host = {
        "role": node.identity.role,
        "maintenance": False,
        "readOnly": node.mode == "readonly",
        "persistedId": node.identity.id,
        "version": ARANGO_VERSION,
        "build": STANDIN,
        "license": LICENSE,
        "physicalMemory": {"value": machine.memory, "overridden": machine.memory_overridden},
        "numberOfCores": {"value": machine.cores, "overridden": machine.cores_overridden},
        "processStats": {"processUptime": node.uptime},
    }
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return reply({"deployment": {"type": "single"}, "host": host, "date": date})


def measures(node: Node) -> dict[str, tuple[str, float]]:
    """Return the few measures a server of any role has, each with its kind."""
    return {
        "arangodb_server_statistics_server_uptime_total": ("counter", node.uptime),
        "arangodb_server_statistics_physical_memory": ("gauge", node.machine.memory),
        "arangodb_server_statistics_cpu_cores": ("gauge", node.machine.cores),
    }


def exposed(measured: Mapping[str, tuple[str, float]]) -> Reply:
    """Answer with measures, for Prometheus."""
    lines = [f"# TYPE {name} {kind}\n{name} {value}\n" for name, (kind, value) in measured.items()]
    return Reply(200, "".join(lines).encode(), (), "text/plain; charset=utf-8; version=0.0.4")


def metrics(call: Call) -> Reply:
    """Return the measures."""
    return exposed({**measures(call.node), **call.node.more_measures()})


def shutdown(call: Call) -> Reply:
    """Begin the orderly end."""
    if call.database != SYSTEM:
        raise ArangoError(1230)
    if call.flag("soft"):
        raise not_built("soft shutdown: only coordinators have it")
    call.node.stop()
    return reply("OK")


def echo(call: Call) -> Reply:
    """Return the request as it was understood."""
    request, identity = call.request, call.identity
    assert identity is not None
    address, _, port = call.peer.rpartition(":")
    return reply(
        {
            "authorized": True,
            "user": identity.user or None,
            "isAdminUser": call.node.guard.is_admin(identity),
            "database": call.database,
            "url": request.target,
            "protocol": "http",
            "portType": "tcp/ip" if address else "unix",
            "server": {"endpoint": call.node.options.texts("server.endpoint")[0]},
            "client": {"address": address, "port": int(port) if port.isdecimal() else 0},
            "internals": {},
            "headers": request.headers,
            "requestType": request.method,
            "requestBody": request.body.decode("utf-8", "replace"),
            "rawRequestBody": {"type": "Buffer", "data": list(request.body)},
            "parameters": call.target.parameters,
            "cookies": {},
            "suffix": [],
            "rawSuffix": [],
            "prefix": "/",
            "path": "/_admin/echo",
        }
    )
