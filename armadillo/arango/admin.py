"""What a coordinator tells of its cluster, and the few things it is asked to do.

Asks one coordinator; knows no deployment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from armadillo.arango.http import Client, refused
from armadillo.auth import basic_auth_header

SECONDS = 5.0


def servers(client: Client) -> dict[str, dict[str, Any]]:
    """Return every registered server with its status, by id."""
    said = client.ask("GET", "/_admin/cluster/health", seconds=SECONDS)
    return dict(said.get("Health") or {})


def named(registered: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield each registered server as the host name in its endpoint, its id, and what is told of it."""
    for server, told in registered.items():
        yield str(told.get("Endpoint", "")).rpartition("//")[2].rpartition(":")[0], server, told


def maintenance(client: Client) -> str:
    """Return the supervision's mode: Normal, or Maintenance."""
    return str(client.ask("GET", "/_admin/cluster/maintenance", seconds=SECONDS).get("result", "?"))


def endpoints(client: Client) -> list[str]:
    """Return the coordinators that the cluster itself knows of."""
    said = client.ask("GET", "/_api/cluster/endpoints", seconds=SECONDS)
    return [str(one["endpoint"]) for one in said.get("endpoints") or ()]


def out_of_sync(client: Client, *, besides: str) -> list[str]:
    """Return the collections of all databases that are not in sync or not ready, but for those of a prefix."""
    found: list[str] = []
    for database in client.ask("GET", "/_api/database", seconds=SECONDS)["result"]:
        path = f"/_db/{database}/_api/replication/clusterInventory?includeSystem=true"
        for one in client.ask("GET", path, seconds=SECONDS).get("collections") or ():
            name = str(one.get("parameters", {}).get("name", "?"))
            if not (one.get("allInSync") and one.get("isReady")) and not name.startswith(besides):
                found.append(f"{database}/{name}")
    return found


def logs_in(url: str, user: str, password: str) -> bool:
    """Say whether a user is let in with a password."""
    with Client(url, headers=basic_auth_header(user, password)) as client:
        reply = client.send("GET", "/_api/database/current", seconds=SECONDS)
    if reply.status in (401, 403):
        return False
    if reply.status >= 400:
        raise refused("GET /_api/database/current", reply)
    return True


def set_password(client: Client, user: str, password: str) -> None:
    """Set a user's password."""
    client.ask("PATCH", f"/_api/user/{user}", json={"passwd": password}, seconds=SECONDS)
