"""What `up` is going to do, as values: the Compose text, and what stands for what in it. Does nothing.

Looks at the engine for free ports and memory, and changes nothing there.
"""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
from collections.abc import Iterator, Mapping

from armadillo import __version__, labels
from armadillo.clock import rfc3339
from armadillo.engine import containers, identity, ports
from armadillo.engine.containers import Container
from armadillo.engine.creation import Binding, Substitutions
from armadillo.engine.docker import Connection
from armadillo.engine.images import ResolvedImage
from armadillo.errors import ConfigurationError, EnvironmentUnusable, NotFoundError
from armadillo.topology.composefile import ComposeFile, Port, Service

STANDIN_MEMORY = 128 * 1024 * 1024
EVERYWHERE = "0.0.0.0"


@dataclasses.dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a deployment lives: until it is taken down, as long as its process, or to a moment."""

    word: str = "manual"

    @classmethod
    def of(cls, ttl: float | None, now: datetime.datetime) -> Lifetime:
        """Return the lifetime for a time to live; without one it is taken down by hand."""
        return cls() if ttl is None else cls(f"until:{rfc3339(now + datetime.timedelta(seconds=ttl))}")


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """Everything `up` needs to know before it does the first thing."""

    file: ComposeFile
    images: Mapping[str, ResolvedImage]
    bindings: Mapping[str, tuple[Binding, ...]]
    marks: Mapping[str, str]
    host: str = ports.LOOPBACK

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def standin(self) -> bool:
        """Say whether any of it is the stand-in."""
        return any(image.standin for image in self.images.values())

    @property
    def substitutions(self) -> Substitutions:
        """What stands for what in the text."""
        references = {wish: image.reference for wish, image in self.images.items()}
        return Substitutions(references, self.marks, self.bindings, self.host)

    def groups(self) -> tuple[tuple[Service, ...], ...]:
        """Return the services in the order of starting, those side by side that can be."""
        order = ("agent", "dbserver", "coordinator", "single")
        grouped = (tuple(one for one in self.file.services if one.role.value == role) for role in order)
        return tuple(group for group in grouped if group)


def marks(
    file: ComposeFile, *, run_id: str, lifetime: Lifetime, standin: bool, version: str, created: str
) -> dict[str, str]:
    """Return the labels that only a start knows."""
    return {
        labels.MANAGED: "true",
        labels.NAME: file.name,
        labels.TOPOLOGY_HASH: file.hash,
        labels.SCHEMA: "1",
        labels.RUN_ID: run_id,
        labels.OWNER: identity.owner(),
        labels.PROCESS: identity.process(),
        labels.LIFETIME: lifetime.word,
        labels.CREATED: created,
        labels.VERSION: version or __version__,
        labels.STANDIN: "true" if standin else "false",
    }


def wanted_ports(file: ComposeFile) -> Iterator[tuple[Service, Port]]:
    """Yield the ports to publish."""
    return ((service, port) for service in file.services for port in service.ports)


def check_ports(file: ComposeFile) -> None:
    """Refuse two servers on one host port."""
    seen: dict[int, str] = {}
    for service, port in wanted_ports(file):
        if port.host is None:
            continue
        if port.host in seen:
            raise ConfigurationError(
                f"{service.name} and {seen[port.host]} both want port {port.host}", hint="give each its own, or none"
            )
        seen[port.host] = service.name


def check_memory(file: ComposeFile, *, standin: bool, total: int, used: int) -> None:
    """Refuse a deployment whose limits do not fit beside those that run: thrashing is a silent failure."""
    needed = sum(
        min(service.mem_limit or 0, STANDIN_MEMORY) if standin else service.mem_limit or 0 for service in file.services
    )
    if needed + used > total:
        gib = 1024**3
        raise EnvironmentUnusable(
            f"{file.name} may use {needed / gib:.1f} GiB, our running servers {used / gib:.1f} GiB, "
            f"and the engine has {total / gib:.1f} GiB",
            hint="take another deployment down, give less memory per role, or --force",
        )


def memory_used(connection: Connection, *, besides: str = "") -> int:
    """Return the sum of the limits of our running servers, but for one deployment; a stand-in needs little of its."""
    running = [one for one in containers.found(connection) if one.running and one.deployment != besides]
    return sum(memory_of(connection, one) for one in running)


def memory_of(connection: Connection, one: Container) -> int:
    try:
        limit = int(containers.inspected(connection, one.id)["HostConfig"].get("Memory") or 0)
    except NotFoundError:
        return 0
    return min(limit, STANDIN_MEMORY) if one.labels.get(labels.STANDIN) == "true" else limit


def chosen_ports(connection: Connection, file: ComposeFile) -> dict[str, tuple[Binding, ...]]:
    """Return a host port for each published one: the text's, that of before, else one that nobody has or keeps."""
    ours = containers.found(connection)
    kept = {one.service: numbers(one) for one in ours if one.deployment == file.name}
    wanted = list(wanted_ports(file))
    if wanted:
        check_exposure(connection, file)
    found: dict[str, tuple[Binding, ...]] = {}
    with ports.reserved(len(wanted), besides={number for one in ours for number in numbers(one)}) as free:
        for (service, port), spare in zip(wanted, free, strict=True):
            mine = found.setdefault(service.name, ())
            before = kept.get(service.name, [])[len(mine) :]
            number = port.host or (before[0] if before else spare)
            if port.host and port.host not in before and connection.endpoint.local:
                ports.ensure_free(port.host, port.host_ip)
            found[service.name] = (
                *mine,
                Binding(port.container, address(connection, port), number, protocol=port.protocol),
            )
    return found


def numbers(one: Container) -> list[int]:
    """Return the host ports that a server keeps while it is stopped."""
    return [int(number) for number in one.labels.get(labels.PORT, "").split(",") if number.isdigit()]


def address(connection: Connection, port: Port) -> str:
    """Return the address to publish on; the loopback of an engine elsewhere is not ours."""
    away = not connection.endpoint.local and ipaddress.ip_address(port.host_ip).is_loopback
    return EVERYWHERE if away else port.host_ip


def check_exposure(connection: Connection, file: ComposeFile) -> None:
    """Refuse to publish servers without authentication on an engine elsewhere, where others reach them too."""
    if not connection.endpoint.local and not file.secrets:
        raise ConfigurationError(
            f"{file.name} has no authentication, and {connection.endpoint.url} is reached by others too",
            hint="leave --no-auth out, or use an engine of this machine",
        )
