"""`armadillo prune`: what nobody owns any more is removed. Decides nothing: the labels say it."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

import typer

from armadillo.cli.lab import Engine, Sure
from armadillo.cli.names import state_folder
from armadillo.cli.output import Output
from armadillo.clock import rfc3339
from armadillo.cluster.deployment import forget
from armadillo.engine import reaper
from armadillo.engine.docker import Connection
from armadillo.engine.leftovers import Leftover, leftovers, things
from armadillo.units import parse_duration


def prune(
    out: Output,
    engine: Engine,
    sure: Sure,
    everything: Annotated[
        bool,
        typer.Option("--all", help="All deployments of yours, and data that was kept; asks.", show_default=False),
    ] = False,
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="DURATION", help="Only those older.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.", show_default=False)] = False,
) -> None:
    """Remove deployments whose time is over or whose process is dead.

    Only yours, started from this machine, and what a start that died has left.
    """
    age = parse_duration(older_than) if older_than else None
    now = datetime.datetime.now(datetime.UTC)
    with engine.opened() as connection:
        found = [
            one
            for one in leftovers(connection, now, everything=everything)
            if age is None or (now - one.created).total_seconds() > age
        ]
        if everything and found and not dry_run:
            sure.confirm(f"remove {', '.join(one.deployment for one in found)}, with all data")
        rows = [row(one, reaper.Swept() if dry_run else removed(connection, one)) for one in found]
    verb = "would remove" if dry_run else "removed"
    text = "".join(f"{verb} {one['deployment']}: {one['why']}\n" for one in rows) or "nothing to remove\n"
    for stuck in (network for one in rows for network in one["quarantined"]):
        out.warn(f"the engine miscounts and keeps {stuck} until its restart")
    out.result("prune", {"dry_run": dry_run, "leftovers": rows}, text)


def removed(connection: Connection, one: Leftover) -> reaper.Swept:
    """Remove what can go together; the copies of secrets go when nothing else of the deployment is left."""
    swept = reaper.sweep(connection, *one.selected)
    if one.deployment not in things(connection).containers:
        forget(state_folder(one.deployment))
    return swept


def row(one: Leftover, swept: reaper.Swept) -> dict[str, Any]:
    """Return one leftover for programs."""
    return {
        "deployment": one.deployment,
        "why": one.why,
        "created": rfc3339(one.created),
        "containers": swept.containers,
        "volumes": swept.volumes,
        "networks": swept.networks,
        "quarantined": list(swept.quarantined),
    }
