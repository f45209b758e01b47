"""A started topology: where its servers are reached, what its secrets are, and how it is stopped, started, taken down.

All it knows is on the engine's objects: any process can find it by its name. Knows no command.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from armadillo import labels
from armadillo.arango import Client
from armadillo.auth import AuthProvider
from armadillo.deadline import TIMEOUTS
from armadillo.engine import containers, identity, reaper, secrets
from armadillo.engine.containers import Container
from armadillo.engine.docker import Connection
from armadillo.engine.lock import lock_name
from armadillo.errors import NotFoundError
from armadillo.topology.model import Role
from armadillo.topology.plan import GRACE, JWT, PASSWORD
from armadillo.wait import together

PORT = 8529
WORKERS = 4

Told = Callable[[str], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """One server of a deployment, and where this process reaches it."""

    container: Container
    url: str

    @property
    def name(self) -> str:
        return self.container.service

    @property
    def role(self) -> str:
        return self.container.role


class Deployment:
    """A deployment that is on the engine."""

    def __init__(self, connection: Connection, name: str) -> None:
        self.connection = connection
        self.name = name
        self._secrets: dict[str, bytes] | None = None

    def servers(self) -> list[Server]:
        """Return the servers as they are now, in the order of starting."""
        found = containers.servers(self.connection, self.name)
        return [Server(one, self._url(one)) for one in found]

    def _url(self, container: Container) -> str:
        bound = dict(container.ports)
        if PORT in bound:
            return f"http://{self.connection.endpoint.host}:{bound[PORT]}"
        near = container.address if self.connection.endpoint.local else ""
        return f"http://{near}:{PORT}" if near else ""

    def server(self, node: str) -> Server:
        """Return one server by its name."""
        servers = self.servers()
        for one in servers:
            if one.name == node or (node == one.role and sum(each.role == node for each in servers) == 1):
                return one
        raise NotFoundError(
            f"{self.name} has no server {node}", hint=f"it has {', '.join(one.name for one in servers)}"
        )

    def chosen(self, nodes: tuple[str, ...]) -> list[Server]:
        """Return the servers named, each by its name or all of a role; all when none is named."""
        servers = self.servers()
        for node in nodes:
            if node not in {one.name for one in servers} | {one.role for one in servers}:
                self.server(node)
        return [one for one in servers if not nodes or one.name in nodes or one.role in nodes]

    def endpoints(self) -> list[Server]:
        """Return the servers that clients speak to: coordinators, or the single."""
        return [one for one in self.servers() if one.role in ("coordinator", "single")]

    def secrets(self) -> dict[str, bytes]:
        """Return JWT secret and root password as the servers have them; empty without authentication."""
        if self._secrets is None:
            found = secrets.of_deployment(self.connection, self.name)
            self._secrets = found or None  # an `up` that is under way may not have written them yet
            return found
        return self._secrets

    def know(self, found: Mapping[str, bytes]) -> None:
        """Take over the secrets from who has just written them."""
        self._secrets = dict(found)

    @property
    def password(self) -> str | None:
        """The root password, where there is one."""
        found = self.secrets().get(PASSWORD)
        return None if found is None else found.decode().strip()

    def client(self, server: Server) -> Client:
        """Return a client that may do everything on a server."""
        secret = self.secrets().get(JWT)
        headers = AuthProvider(secret.strip()).authorization_header() if secret else {}
        return Client(server.url, headers=headers)

    def start(self, nodes: tuple[str, ...] = (), *, told: Told) -> list[Server]:
        """Start stopped servers and thaw frozen ones, agents first; their ports and data are as before."""
        started = [one for one in self.chosen(nodes) if not one.container.running]
        for group in grouped(started):
            told(f"starting {', '.join(one.name for one in group)}")
            calls = [partial(containers.revive, self.connection, one.container) for one in group]
            together("start servers", calls, workers=WORKERS)
        return started

    def stop(self, nodes: tuple[str, ...] = (), *, told: Told, grace: float | None = None) -> list[str]:
        """Stop servers in an orderly way, coordinators first; returns those that had to be killed."""
        killed: list[str] = []
        alive = [one for one in self.chosen(nodes) if one.container.state in ("running", "paused")]
        for group in reversed(list(grouped(alive))):
            told(f"stopping {', '.join(one.name for one in group)}")
            calls = [
                partial(
                    containers.stop,
                    self.connection,
                    one.container,
                    seconds=TIMEOUTS.clamp(GRACE[Role(one.role)] if grace is None else grace),
                )
                for one in group
            ]
            hard = together("stop servers", calls, workers=WORKERS)
            killed += [one.name for one, was_killed in zip(group, hard, strict=True) if was_killed]
        return killed

    def remove(self, *, keep_data: bool = False, spare_lock: bool = False) -> reaper.Swept:
        """Remove everything the deployment has on the engine; with `keep_data` its volumes stay for the next `up`."""
        spare = lock_name(self.name) if spare_lock else ""
        return reaper.sweep(self.connection, f"{labels.NAME}={self.name}", keep_volumes=keep_data, spare=spare)


def grouped(servers: list[Server]) -> Iterator[list[Server]]:
    """Yield servers by role, in the order of starting."""
    for role in containers.ROLE_ORDER:
        group = [one for one in servers if one.role == role]
        if group:
            yield group


def named(connection: Connection, name: str) -> Deployment:
    """Return a deployment that is there."""
    found = Deployment(connection, name)
    if not found.servers():
        there = sorted({one.deployment for one in containers.found(connection)})
        raise NotFoundError(
            f"no deployment {name!r}", hint=f"there is {', '.join(there)}" if there else f"armadillo up --name {name}"
        )
    return found


def listed(connection: Connection) -> dict[str, list[Container]]:
    """Return all deployments of everybody on this engine, with their servers."""
    found: dict[str, list[Container]] = {}
    for one in containers.found(connection):
        if one.role in containers.ROLE_ORDER:
            found.setdefault(one.deployment, []).append(one)
    return found


def mine(container: Container) -> bool:
    """Say whether this user on this machine started it."""
    return container.labels.get(labels.OWNER) == identity.owner()


def forget(folder: Path) -> None:
    """Remove this host's copies of a deployment's secrets."""
    shutil.rmtree(folder, ignore_errors=True)
