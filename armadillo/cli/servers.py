"""`armadillo stop`, `start` and `restart`: servers of a deployment, which keeps its data, its ports and its name.

Removes nothing.
"""

from __future__ import annotations

from typing import Annotated

import typer

from armadillo.cli.lab import Engine, Several, seconds, shown
from armadillo.cli.output import Output
from armadillo.cli.progress import Progress, Told
from armadillo.cluster.deployment import Deployment, Server, named
from armadillo.cluster.readiness import wait_ready
from armadillo.engine import containers
from armadillo.engine.events import DeathWatch
from armadillo.errors import ConfigurationError
from armadillo.topology.plan import DATA

Timeout = Annotated[str, typer.Option("--timeout", metavar="DURATION", help="Bounds the whole command.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is ready.")]
Grace = Annotated[
    str | None,
    typer.Option("--grace", metavar="DURATION", help="Time to stop in before the kill.", show_default=False),
]
Nodes = tuple[str, ...]


def stop(out: Output, several: Several, engine: Engine, progress: Progress, grace: Grace = None) -> None:
    """Stop servers in an orderly way, coordinators first; their data stays."""
    name, nodes = several.chosen(out)
    with engine.opened() as connection:
        deployment = named(connection, name)
        with progress.shown(out) as told:
            killed = stopped(deployment, nodes, grace, told)
        tell(out, "stop", deployment, killed)


def start(
    out: Output, several: Several, engine: Engine, progress: Progress, wait: Wait = True, timeout: Timeout = "300s"
) -> None:
    """Start stopped servers, agents first, on the ports they had."""
    name, nodes = several.chosen(out)
    limit = seconds(timeout)
    with engine.opened() as connection:
        deployment = named(connection, name)
        with progress.shown(out) as told:
            started(deployment, nodes, limit if wait else None, told)
        tell(out, "start", deployment, [])


def restart(
    out: Output,
    several: Several,
    engine: Engine,
    progress: Progress,
    grace: Grace = None,
    wait: Wait = True,
    timeout: Timeout = "300s",
) -> None:
    """Stop servers and start them again, on the ports they had."""
    name, nodes = several.chosen(out)
    limit = seconds(timeout)
    with engine.opened() as connection:
        deployment = named(connection, name)
        with progress.shown(out) as told:
            killed = stopped(deployment, nodes, grace, told)
            started(deployment, nodes, limit if wait else None, told)
        tell(out, "restart", deployment, killed)


def stopped(deployment: Deployment, nodes: Nodes, grace: str | None, told: Told) -> list[str]:
    """Stop servers whose data outlives it; return those that had to be killed."""
    forgetful = [one.name for one in deployment.chosen(nodes) if in_memory(deployment, one)]
    if forgetful:
        raise ConfigurationError(
            f"{', '.join(forgetful)} of {deployment.name} would lose all data: it is in memory (tmpfs)",
            hint=f"armadillo down {deployment.name} removes it; leave `volumes: tmpfs` out to keep data over a stop",
        )
    return deployment.stop(nodes, told=told, grace=None if grace is None else seconds(grace))


def in_memory(deployment: Deployment, server: Server) -> bool:
    """Say whether a server's data is gone when it stops."""
    seen = containers.inspected(deployment.connection, server.container.id)
    mounts = {mount["Target"] for mount in seen["HostConfig"].get("Mounts") or () if mount["Type"] == "tmpfs"}
    return DATA in {*mounts, *(seen["HostConfig"].get("Tmpfs") or {})}


def started(deployment: Deployment, nodes: Nodes, limit: float | None, told: Told) -> None:
    """Start servers and, with a limit, see them ready; one that ends again is heard at once."""
    with DeathWatch(deployment.connection, deployment.name) as watch:
        deployment.start(nodes, told=told)
        if limit is not None:
            wait_ready(deployment, timeout=limit, told=told, watch=watch, nodes=nodes)


def tell(out: Output, what: str, deployment: Deployment, killed: list[str]) -> None:
    """Write how the servers are now, and which of them had to be killed."""
    rows = [shown(one) for one in deployment.servers()]
    lines = [
        f"{row['name']}: {row['state']}" + (f" at {row['endpoint']}" if row["state"] == "running" else "")
        for row in rows
    ]
    if killed:
        out.warn(f"{', '.join(killed)} had to be killed: no end in time")
    out.result(what, {"name": deployment.name, "servers": rows, "killed": killed}, "\n".join(lines))
