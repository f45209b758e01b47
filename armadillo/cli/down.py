"""`armadillo down`: a deployment stopped in an orderly way and removed, with everything it had.

Knows how a person is told; what a deployment consists of is the engine's to say.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from armadillo import labels
from armadillo.cli.interrupts import Interrupts
from armadillo.cli.lab import Engine, Sure
from armadillo.cli.names import Named, state_folder
from armadillo.cli.output import Output
from armadillo.cli.progress import Progress, Told
from armadillo.cluster.deployment import Deployment, Server, forget, listed, mine
from armadillo.engine import containers, identity
from armadillo.engine.docker import Connection
from armadillo.engine.events import reason_of
from armadillo.wait import together

LOG_LINES = 2000
FATAL = " FATAL "


def down(
    out: Output,
    named: Named,
    engine: Engine,
    sure: Sure,
    progress: Progress,
    everything: Annotated[
        bool, typer.Option("--all", help="All deployments of yours on this engine; asks.", show_default=False)
    ] = False,
    keep_data: Annotated[
        bool,
        typer.Option(
            "--keep-data", help="Keep volumes and secrets for the next `up` of that name.", show_default=False
        ),
    ] = False,
    volumes: Annotated[
        bool,
        typer.Option("--volumes", help="Accepted as Compose spells it: the data goes anyway.", show_default=False),
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 when nothing is there.", show_default=False)] = False,
) -> int:
    """Stop a deployment and remove everything it had.

    Its data goes too. Nothing there is fine. Ctrl-C goes on, a second one kills at once, a third one leaves.
    """
    del volumes
    with engine.opened() as connection:
        names = all_of_mine(connection) if everything else [named.chosen(out.config)]
        if everything and names:
            sure.confirm(f"take down {', '.join(names)}")
        elif not everything:
            whose = foreign_owner(connection, names[0])
            if whose:
                sure.confirm(f"take down {names[0]}, which {whose} started")
        with progress.shown(out) as told:
            interrupts = Interrupts(told, partial(kill, connection, names))
            with interrupts.heard():
                rows = all_down(connection, names, keep_data=keep_data, told=told, out=out)
    for row in rows:
        for line in row["warnings"]:
            out.warn(line)
    text = "".join(said(row) for row in rows) or "nothing was there\n"
    out.result("down", {"deployments": rows}, text)
    nothing = not any(row["removed"] for row in rows)
    return interrupts.code or (1 if strict and nothing else 0)


def all_of_mine(connection: Connection) -> list[str]:
    """Return the deployments that this user started from this machine."""
    return [name for name, servers in listed(connection).items() if all(mine(one) for one in servers)]


def foreign_owner(connection: Connection, name: str) -> str:
    """Return who else started a deployment; what Compose started has no owner."""
    owners = {one.labels.get(labels.OWNER, "") for one in containers.servers(connection, name)}
    return ", ".join(sorted(owners - {"", identity.owner()}))


def all_down(
    connection: Connection, names: list[str], *, keep_data: bool, told: Told, out: Output
) -> list[dict[str, Any]]:
    """Take one after the other down; who leaves half-way is told how to go on."""
    rows: list[dict[str, Any]] = []
    try:
        for name in names:
            rows.append(taken_down(Deployment(connection, name), keep_data=keep_data, told=told))
    except KeyboardInterrupt:
        for name in names[len(rows) :]:
            out.say(f"what is left goes with: armadillo down {name}")
        raise
    return rows


def taken_down(deployment: Deployment, *, keep_data: bool, told: Told) -> dict[str, Any]:
    """Stop, look how the servers ended, remove, and tell what was not as it should be."""
    killed = deployment.stop(told=told)
    servers = deployment.servers()
    ends = together("look how servers ended", [partial(ending, deployment.connection, one) for one in servers])
    told(f"removing {deployment.name}")
    swept = deployment.remove(keep_data=keep_data)
    if not keep_data:
        forget(state_folder(deployment.name))
    bad = [end for end in ends if end["server"] not in killed and (end["exit_code"] or end["fatal"])]
    return {
        "name": deployment.name,
        "removed": bool(swept),
        "containers": swept.containers,
        "volumes": swept.volumes,
        "networks": swept.networks,
        "quarantined": list(swept.quarantined),
        "servers": ends,
        "killed": killed,
        "data_kept": keep_data and bool(swept),
        "warnings": [
            *(f"{deployment.name}: {server} had to be killed: it did not stop in time" for server in killed),
            *(f"{deployment.name}: {end['server']} ended with {end['reason']}{end['fatal']}" for end in bad),
        ],
    }


def ending(connection: Connection, server: Server) -> dict[str, Any]:
    """Return how a server ended, and the last fatal line of its log."""
    state = containers.inspected(connection, server.container.id)["State"]
    log = containers.log_text(connection, server.container.id, lines=LOG_LINES).splitlines()
    fatal = next((f": {line}" for line in reversed(log) if FATAL in line), "")
    code = 0 if state["Status"] == "created" else int(state["ExitCode"])
    return {"server": server.name, "exit_code": code, "reason": reason_of(code, state), "fatal": fatal}


def kill(connection: Connection, names: list[str]) -> None:
    """Kill every server that still runs."""
    running = [one for name in names for one in containers.servers(connection, name) if one.running]
    together("kill servers", [partial(containers.signal, connection, one, "KILL") for one in running])


def said(row: dict[str, Any]) -> str:
    """Return what a person wants to know about one deployment that was taken down."""
    if not row["removed"]:
        return f"{row['name']}: nothing was there\n"
    counts = [f"{row[what]} {what[: -1 if row[what] == 1 else None]}" for what in ("containers", "volumes", "networks")]
    lines = [f"{row['name']}: removed {', '.join(counts)}"]
    if row["quarantined"]:
        lines.append(f"  the engine miscounts and keeps until its restart: {', '.join(row['quarantined'])}")
    if row["data_kept"]:
        lines.append(f"  its data is kept: armadillo up --name {row['name']}")
    return "\n".join(lines) + "\n"
