"""The deployment's own network: a small subnet nobody else uses, and what the engine's miscount leaves behind.

Knows subnets and names; which servers are on a network is not its business.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import docker.types

from armadillo.engine.docker import Connection, translated
from armadillo.errors import ArmadilloError, ConflictError, EnvironmentUnusable, NotFoundError, NotReadyInTime
from armadillo.wait import NotYet, until

POOL = "10.213.0.0/16"
PREFIX = 26
BUSY_SECONDS = 1.0
ROUTES = Path("/proc/net/route")


@dataclasses.dataclass(frozen=True, slots=True)
class Network:
    """A network to make."""

    name: str
    labels: Mapping[str, str]
    subnet: str | None = None
    driver: str = "bridge"
    options: Mapping[str, str] = dataclasses.field(default_factory=dict)
    internal: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Taken:
    """A subnet that is in use, and by what."""

    subnet: ipaddress.IPv4Network
    by: str


def taken(connection: Connection) -> list[Taken]:
    """Return the subnets that the engine's networks have, and where it is on this host, those of its routes."""
    with translated("listing networks"):
        rows = connection.api.networks()
    pools = ((row["Name"], pool.get("Subnet")) for row in rows for pool in (row.get("IPAM") or {}).get("Config") or ())
    found = [Taken(ipaddress.IPv4Network(pool), f"network {name}") for name, pool in pools if pool and ":" not in pool]
    return found + (list(routes(ROUTES)) if connection.endpoint.local else [])


def routes(table: Path) -> Iterator[Taken]:
    """Yield the destinations of this host's routes, without the default one."""
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        device, destination, *rest = line.split()
        address, mask = (int.from_bytes(bytes.fromhex(word), sys.byteorder) for word in (destination, rest[5]))
        if mask:
            yield Taken(ipaddress.IPv4Network((address, mask.bit_count())), f"a route of this host ({device})")


def candidates(name: str, pool: str, used: Sequence[Taken]) -> Iterator[str]:
    """Yield the free subnets of the pool, from a place that depends on the name: two that start at once seldom meet.

    What goes around the whole pool, such as a route into a private network, leaves it to whoever is more specific.
    """
    whole = ipaddress.IPv4Network(pool)
    inside = [other.subnet for other in used if other.subnet.overlaps(whole) and not whole.subnet_of(other.subnet)]
    subnets = list(whole.subnets(new_prefix=max(PREFIX, whole.prefixlen)))
    first = zlib.crc32(name.encode()) % len(subnets)
    for subnet in subnets[first:] + subnets[:first]:
        if not any(subnet.overlaps(other) for other in inside):
            yield str(subnet)


def create(connection: Connection, wanted: Network, *, pool: str = POOL) -> str:
    """Make a network and return its id; a subnet of the pool that turns out to be taken is followed by the next."""
    used = taken(connection)
    if wanted.subnet:
        refuse_overlap(wanted.subnet, used)
        return create_in(connection, wanted, wanted.subnet)
    for subnet in candidates(wanted.name, pool, used):
        try:
            return create_in(connection, wanted, subnet)
        except ConflictError as exc:
            if "subnet" not in exc.details:
                raise
    raise EnvironmentUnusable(
        f"no free subnet is left in {pool}",
        hint="armadillo prune, or give another pool: network.pool in armadillo.yaml",
    )


def refuse_overlap(subnet: str, used: Iterable[Taken]) -> None:
    """Raise ConflictError when a subnet that was asked for is in use."""
    wanted = ipaddress.ip_network(subnet)
    for other in used:
        if isinstance(wanted, ipaddress.IPv4Network) and wanted.overlaps(other.subnet):
            raise overlap(f"subnet {subnet} overlaps {other.subnet} of {other.by}", subnet)


def overlap(words: str, subnet: str) -> ConflictError:
    """Return the error for a subnet that somebody has."""
    return ConflictError(words, hint="give another subnet, or none for a free one", details={"subnet": subnet})


def create_in(connection: Connection, wanted: Network, subnet: str) -> str:
    """Make a network on one subnet."""
    try:
        with translated(f"creating network {wanted.name} ({subnet})"):
            made = connection.api.create_network(
                wanted.name,
                driver=wanted.driver,
                options=dict(wanted.options) or None,
                ipam=docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet=subnet)]),
                labels=dict(wanted.labels),
                internal=wanted.internal,
                check_duplicate=True,
            )
    except ConflictError as exc:
        raise ConflictError(
            str(exc), hint=f"docker network rm {wanted.name}, if it is nobody's; or another --name"
        ) from exc
    except ArmadilloError as exc:
        if "overlap" in str(exc).lower():
            raise overlap(str(exc), subnet) from exc
        raise
    return str(made["Id"])


def found(connection: Connection, *wanted: str) -> list[dict[str, Any]]:
    """Return the networks that carry all the labels given."""
    with translated("listing networks"):
        return list(connection.api.networks(filters={"label": list(wanted)}))


def remove(connection: Connection, network: str) -> bool:
    """Remove a network by its id; False when the engine's own miscount keeps it, for a later sweep."""

    def attempt() -> None:
        try:
            with translated(f"removing network {network[:12]}"):
                connection.api.remove_network(network)
        except NotFoundError:
            return
        except ArmadilloError as exc:
            if "active endpoints" not in str(exc):
                raise
            raise NotYet(str(exc)) from exc

    try:
        until(attempt, what=f"network {network[:12]} to be free", timeout=BUSY_SECONDS)
    except NotReadyInTime as exc:
        if there := attached(connection, network):
            raise ConflictError(
                f"network {network[:12]} is in use by {', '.join(there)}",
                hint=f"docker network disconnect -f {network[:12]} {there[0]}, then the same again",
            ) from exc
        return False
    return True


def attached(connection: Connection, network: str) -> list[str]:
    """Return the names of the containers that are really on a network."""
    try:
        with translated(f"inspecting network {network[:12]}"):
            there = connection.api.inspect_network(network).get("Containers") or {}
    except NotFoundError:
        return []
    return sorted(one["Name"] for one in there.values())
