"""The servers of a topology one by one: image, command line, limits and places of each, computed and not yet written.

Knows no Compose text and no engine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from armadillo import __version__
from armadillo.assets import ARANGODB_IMAGE, STANDIN_ALIAS
from armadillo.topology.model import (
    MEMORY,
    PORT,
    PORT_STEP,
    STANDIN,
    STANDIN_MEMORY,
    Given,
    Mode,
    Pairs,
    Publish,
    Role,
    Topology,
    Tree,
    merged,
    ranked,
)

DATA: Final = "/var/lib/arangodb3"
APPS: Final = "/var/lib/arangodb3-apps"
ARANGOD: Final = "/usr/sbin/arangod"
SHARE: Final = "/usr/share/arangodb3"
JWT: Final = "jwt"
PASSWORD: Final = "root-password"

GRACE: Final = {Role.AGENT: 60, Role.DBSERVER: 300, Role.COORDINATOR: 60, Role.SINGLE: 120}
"""Seconds to stop in before the engine kills."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A place of a server that outlives its container; `external` names a volume that outlives the deployment too."""

    key: str
    target: str
    external: str | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """Everything that is particular to one server."""

    role: Role
    index: int
    image: str
    command: Pairs
    environment: Pairs
    memory: int
    cpus: float | None
    ports: tuple[str, ...]
    volumes: tuple[Volume, ...]
    binds: Pairs
    tmpfs: tuple[str, ...]
    after: tuple[str, ...]
    standin: bool

    @property
    def service(self) -> str:
        """Return its name in the network, which is its service's name too."""
        return service(self.role, self.index)

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return its command line, an element per option."""
        options = tuple(f"--{option}={value}" for option, value in self.command)
        return ("arangod", *options) if self.role is Role.SINGLE else options

    @property
    def grace(self) -> int:
        """Return how many seconds it may take to stop."""
        return GRACE[self.role]


def service(role: Role, index: int) -> str:
    """Return the name of a server: agent1, dbserver2, coordinator1, single."""
    return role.value if role is Role.SINGLE else f"{role}{index}"


def secrets(topology: Topology) -> tuple[str, ...]:
    """Return the secrets its servers read, by name."""
    if not topology.auth:
        return ()
    return (JWT, PASSWORD) if topology.mode is Mode.SINGLE else (JWT,)


def servers(topology: Topology) -> tuple[Server, ...]:
    """Return every server, in the order of starting."""
    choices = ranked(topology)
    names = {
        role: tuple(service(it, index) for it, index in topology.nodes() if it is role) for role in topology.roles()
    }
    before: dict[Role, tuple[str, ...]] = {}
    for role in topology.roles():
        before[role] = tuple(name for earlier in before for name in names[earlier])
    return tuple(
        _server(
            topology,
            role,
            index,
            [topology.of(role), *(topology.overrides[number] for nodes, number in choices if (role, index) in nodes)],
            agents=names.get(Role.AGENT, ()),
            after=before[role],
        )
        for role, index in topology.nodes()
    )


def _server(
    topology: Topology,
    role: Role,
    index: int,
    layers: Sequence[Given],
    *,
    agents: tuple[str, ...],
    after: tuple[str, ...],
) -> Server:
    """Lay what a server is given over what its role needs; the last layer wins."""
    image = next((it.image for it in reversed(layers) if it.image is not None), topology.image)
    cpus = next((it.cpus for it in reversed(layers) if it.cpus is not None), None)
    wished = next((it.memory for it in reversed(layers) if it.memory is not None), None)
    memory = wished or (STANDIN_MEMORY if image == STANDIN else MEMORY[role])
    return Server(
        role=role,
        index=index,
        image=image_name(image),
        command=merged([tuple(_options(topology, role, index, agents)), *(it.arguments for it in layers)]),
        environment=merged([tuple(_variables(topology, role, memory, cpus)), *(it.environment for it in layers)]),
        memory=memory,
        cpus=cpus,
        ports=_ports(topology, role, index),
        volumes=_volumes(topology, role, index),
        binds=tuple(_binds(topology.tree)),
        tmpfs=_tmpfs(topology, role),
        after=after,
        standin=image == STANDIN,
    )


def image_name(wished: str | None) -> str:
    """Return the image that is meant: the pinned one, the stand-in of this version, or what was said."""
    if wished == STANDIN:
        return f"{STANDIN_ALIAS}:{__version__}"
    return wished or ARANGODB_IMAGE


def _options(topology: Topology, role: Role, index: int, agents: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    yield "server.endpoint", f"tcp://0.0.0.0:{PORT}"
    yield from _authentication(topology, role)
    yield "database.directory", DATA
    yield "log.output", "-"
    yield from _part(topology, role, service(role, index), agents)
    yield "foxx.queues", "true" if role in (Role.SINGLE, Role.COORDINATOR) else "false"


def _authentication(topology: Topology, role: Role) -> Iterator[tuple[str, str]]:
    """Yield who is let in; of a single server the image's own entrypoint says it, from the environment."""
    if role is not Role.SINGLE:
        yield "server.authentication", "true" if topology.auth else "false"
    if topology.auth:
        yield "server.jwt-secret-keyfile", f"/run/secrets/{JWT}"


def _part(topology: Topology, role: Role, name: str, agents: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the part a server has in its cluster."""
    address = f"tcp://{name}:{PORT}"
    if role is Role.AGENT:
        yield "agency.activate", "true"
        yield "agency.my-address", address
        yield "agency.size", str(len(agents))
        yield "agency.supervision", "true"
        yield from (("agency.endpoint", f"tcp://{agent}:{PORT}") for agent in agents if agent != name)
    elif role is not Role.SINGLE:
        yield "cluster.my-role", "PRIMARY" if role is Role.DBSERVER else "COORDINATOR"
        yield "cluster.my-address", address
        yield from (("cluster.agency-endpoint", f"tcp://{agent}:{PORT}") for agent in agents)
    if role is Role.COORDINATOR and topology.replication_factor is not None:
        yield "cluster.default-replication-factor", str(topology.replication_factor)


def _variables(topology: Topology, role: Role, memory: int, cpus: float | None) -> Iterator[tuple[str, str]]:
    if role is Role.SINGLE:
        yield ("ARANGO_ROOT_PASSWORD_FILE", f"/run/secrets/{PASSWORD}") if topology.auth else ("ARANGO_NO_AUTH", "1")
    yield "ARANGODB_OVERRIDE_DETECTED_TOTAL_MEMORY", str(memory * 3 // 4)
    if cpus is not None:
        yield "ARANGODB_OVERRIDE_DETECTED_NUMBER_OF_CORES", str(math.ceil(cpus))


def _ports(topology: Topology, role: Role, index: int) -> tuple[str, ...]:
    outward = role in (Role.SINGLE, Role.COORDINATOR)
    if topology.publish is Publish.NONE or (topology.publish is Publish.COORDINATORS and not outward):
        return ()
    fixed = str(topology.port + PORT_STEP * (index - 1)) if outward and topology.port is not None else ""
    return (f"127.0.0.1:{fixed}:{PORT}",)


def _volumes(topology: Topology, role: Role, index: int) -> tuple[Volume, ...]:
    if topology.tmpfs:
        return ()
    name = service(role, index)
    external = f"{topology.keep}-{name}" if topology.keep else None
    data = Volume(f"{name}-data", DATA, external)
    return (
        (data, Volume(f"{name}-apps", APPS, f"{external}-apps" if external else None)) if _has_apps(role) else (data,)
    )


def _binds(tree: Tree | None) -> Iterator[tuple[str, str]]:
    """Yield what of a tree lies over what of the image: whatever runs arangod there, or is linked to it, runs ours."""
    if tree is not None:
        places = {ARANGOD: tree.arangod, SHARE: tree.share, f"{SHARE}/js": tree.scripts}
        yield from ((source, target) for target, source in places.items() if source)


def _tmpfs(topology: Topology, role: Role) -> tuple[str, ...]:
    if topology.tmpfs:
        return ("/tmp", DATA, APPS)
    return ("/tmp",) if _has_apps(role) else ("/tmp", APPS)


def _has_apps(role: Role) -> bool:
    """Say whether a server keeps Foxx services on disk; in a cluster they come from the database at every start."""
    return role is Role.SINGLE
