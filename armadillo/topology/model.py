"""The wish: which servers a deployment has, and what each of them is given.

Knows no text it was read from, and none that it becomes.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from armadillo.errors import ConfigurationError

MIB: Final = 1024 * 1024
PORT: Final = 8529
PORT_STEP: Final = 10
STANDIN: Final = "standin"

Pairs = tuple[tuple[str, str], ...]


class Mode(enum.StrEnum):
    """One server, or many that work as one."""

    SINGLE = "single"
    CLUSTER = "cluster"


class Role(enum.StrEnum):
    """What a server is, in ArangoDB's words."""

    AGENT = "agent"
    DBSERVER = "dbserver"
    COORDINATOR = "coordinator"
    SINGLE = "single"


class Publish(enum.StrEnum):
    """Which servers can be reached from the host, on 127.0.0.1."""

    COORDINATORS = "coordinators"
    ALL = "all"
    NONE = "none"


KEYS: Final[Mapping[Role, str]] = {
    Role.AGENT: "agents",
    Role.DBSERVER: "dbservers",
    Role.COORDINATOR: "coordinators",
    Role.SINGLE: "single",
}
MEMORY: Final[Mapping[Role, int]] = {
    Role.AGENT: 512 * MIB,
    Role.DBSERVER: 2048 * MIB,
    Role.COORDINATOR: 1536 * MIB,
    Role.SINGLE: 1536 * MIB,
}
STANDIN_MEMORY: Final = 128 * MIB


def pairs(values: Mapping[str, str | Sequence[str]]) -> Pairs:
    """Return options or variables in the form the model keeps; an option with a list is given once per item."""
    return tuple((key, one) for key, value in values.items() for one in ([value] if isinstance(value, str) else value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a server is given beside its role."""

    image: str | None = None
    arguments: Pairs = ()
    environment: Pairs = ()
    memory: int | None = None
    cpus: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "arguments", _without_dashes(self.arguments))


@dataclass(frozen=True, slots=True)
class Servers(Given):
    """The servers of one role: how many, and what each of them is given."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Override(Given):
    """What some servers are given instead; `nodes` is dbserver:2, dbserver:1,3, dbserver:* or all."""

    nodes: str


def _without_dashes(arguments: Pairs) -> Pairs:
    return tuple((option.removeprefix("--"), value) for option, value in arguments)


@dataclass(frozen=True, slots=True)
class Tree:
    """A build or install tree of the host whose arangod runs in the image's place; `share` has its scripts."""

    arangod: str
    share: str | None = None
    scripts: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """A deployment as it is wished for; `problems` says whether it can be."""

    mode: Mode = Mode.SINGLE
    image: str | None = None
    single: Servers = Servers()
    agents: Servers = Servers(3)
    dbservers: Servers = Servers(3)
    coordinators: Servers = Servers(1)
    overrides: tuple[Override, ...] = ()
    replication_factor: int | None = None
    auth: bool = True
    publish: Publish = Publish.COORDINATORS
    port: int | None = None
    subnet: str | None = None
    egress: bool = True
    tmpfs: bool = False
    keep: str | None = None
    tree: Tree | None = None

    def roles(self) -> tuple[Role, ...]:
        """Return the roles there are, in the order of starting."""
        return (Role.SINGLE,) if self.mode is Mode.SINGLE else (Role.AGENT, Role.DBSERVER, Role.COORDINATOR)

    def of(self, role: Role) -> Servers:
        """Return what was wished for the servers of a role."""
        servers: Servers = getattr(self, KEYS[role])
        return servers

    def nodes(self) -> Iterator[tuple[Role, int]]:
        """Yield every server as role and number, counting from 1, in the order of starting."""
        return ((role, number) for role in self.roles() for number in range(1, self.of(role).count + 1))

    def with_counts(
        self,
        *,
        agents: int | None = None,
        dbservers: int | None = None,
        coordinators: int | None = None,
        replication_factor: int | None = None,
    ) -> Topology:
        """Return the same with other numbers; any of them means a cluster."""
        if agents is dbservers is coordinators is replication_factor is None:
            return self
        return replace(
            self,
            mode=Mode.CLUSTER,
            agents=_counted(self.agents, agents),
            dbservers=_counted(self.dbservers, dbservers),
            coordinators=_counted(self.coordinators, coordinators),
            replication_factor=self.replication_factor if replication_factor is None else replication_factor,
        )


def _counted(servers: Servers, count: int | None) -> Servers:
    return servers if count is None else replace(servers, count=count)


@dataclass(frozen=True, slots=True)
class Nodes:
    """A choice of servers, read from dbserver:2, dbserver:1,3, dbserver:* or all."""

    role: Role | None = None
    numbers: tuple[int, ...] = ()

    @classmethod
    def read(cls, text: str) -> Nodes:
        """Read the choice; what is not one is refused with the way to write it."""
        if text == "all":
            return cls()
        match = re.fullmatch(r"([a-z]+):(\*|[1-9][0-9]{0,8}(?:,[1-9][0-9]{0,8})*)", text)
        if match is None or match[1] not in tuple(Role):
            raise ConfigurationError(f"{text!r} chooses no servers", hint=_nodes_hint(text))
        numbers = () if match[2] == "*" else tuple(map(int, match[2].split(",")))
        return cls(Role(match[1]), numbers)

    def __contains__(self, node: tuple[Role, int]) -> bool:
        return self.role in (None, node[0]) and (not self.numbers or node[1] in self.numbers)

    @property
    def rank(self) -> int:
        """How exactly they are chosen; the more exact choice wins."""
        return 0 if self.role is None else 1 if not self.numbers else 2


def _nodes_hint(text: str) -> str:
    roles = "|".join(Role)
    if match := re.fullmatch(rf"({roles})s?[ -]?([1-9][0-9]*)?", text):
        return f"write {match[1]}:{match[2] or '*'}"
    return "write role:number (dbserver:2, dbserver:1,3), role:* (dbserver:*) or all"


def ranked(topology: Topology) -> list[tuple[Nodes, int]]:
    """Return which servers each override is for, as its number; the least exact first: the last that matches wins."""
    choices = [(Nodes.read(override.nodes), number) for number, override in enumerate(topology.overrides)]
    return sorted(choices, key=lambda choice: choice[0].rank)


def merged(layers: Iterable[Pairs]) -> Pairs:
    """Lay options or variables over each other: a later layer replaces every value a name had before."""
    values: dict[str, list[str]] = {}
    for layer in layers:
        for name in dict(layer):
            values[name] = [value for key, value in layer if key == name]
    return tuple((name, value) for name, given in values.items() for value in given)
