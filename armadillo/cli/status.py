"""`armadillo status`: how a deployment is now, check by check. Changes nothing."""

from __future__ import annotations

import dataclasses
import sys
import time
from typing import Annotated, Any

import typer

from armadillo.arango.agency import Agency
from armadillo.cli.globals import Form
from armadillo.cli.lab import Engine, seconds, shown
from armadillo.cli.names import Named
from armadillo.cli.output import Output, table, write
from armadillo.cluster.checks import CLUSTER, Health
from armadillo.cluster.deployment import Deployment, Server, named
from armadillo.cluster.health import health
from armadillo.errors import ConfigurationError

HEALTHY = "healthy"
AGAIN = "\x1b[H\x1b[J"


def status(
    out: Output,
    which: Named,
    engine: Engine,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again and again, until Ctrl-C.", show_default=False)
    ] = False,
    interval: Annotated[str, typer.Option("--interval", metavar="DURATION", help="Between two looks.")] = "1s",
    check: Annotated[bool, typer.Option("--check", help="Exit 1 unless it is healthy.", show_default=False)] = False,
) -> int:
    """Show how a deployment is: its servers, and each check with its evidence."""
    pause = seconds(interval)
    if watch and check:
        raise ConfigurationError("--watch has no end that --check could tell", hint="give one of them")
    name = which.chosen(out.config)
    with engine.opened() as connection:
        if not watch:
            return 1 if told(out, named(connection, name)).word != HEALTHY and check else 0
        # A stream of documents has one a line.
        out = dataclasses.replace(out, form=Form.JSONL) if out.form is Form.JSON else out
        repaint = out.form is Form.TEXT and sys.stdout.isatty()
        between = AGAIN if repaint else "---\n" if out.form is Form.YAML else ""
        while True:
            told(out, named(connection, name), before=between)
            time.sleep(pause)


def told(out: Output, deployment: Deployment, *, before: str = "") -> Health:
    """Look once and write what was seen."""
    seen = health(deployment)
    servers = deployment.servers()
    write(before)
    out.result("status", described(deployment, seen, servers), spoken(deployment, seen, servers))
    return seen


def described(deployment: Deployment, seen: Health, servers: list[Server]) -> dict[str, Any]:
    """Return what was seen, for programs."""
    return {
        "name": deployment.name,
        "status": seen.word,
        "percentage": seen.percentage,
        "in_sync": seen.in_sync,
        "causes": [f"{check.server}: {check.what}: {check.evidence}" for check in seen.causes()],
        "agency": of_agency(seen.agency),
        "checks": lines_of(seen, CLUSTER),
        "servers": [{**shown(one), "checks": lines_of(seen, one.name)} for one in servers],
    }


def lines_of(seen: Health, server: str) -> list[dict[str, Any]]:
    """Return the checks of a server, or of the cluster as a whole, for programs."""
    return [{"what": c.what, "holds": c.holds, "evidence": c.evidence} for c in seen.of(server)]


def of_agency(agency: Agency | None) -> dict[str, Any] | None:
    """Return how the agency is, for programs; a single server has none."""
    if agency is None:
        return None
    return {
        "leader": agency.leader,
        "term": agency.term,
        "agents": sorted(agency.agents),
        "answering": sorted(agency.heard),
        "lag": agency.lag,
        "quorum": agency.quorum,
        "quorum_margin": agency.margin,
    }


def spoken(deployment: Deployment, seen: Health, servers: list[Server]) -> str:
    """Return what was seen, for people: the word, why, where, and the list."""
    lines = [(c.server, c.what, "yes" if c.holds else "NO", c.evidence) for c in seen.checks]
    head = f"{deployment.name}: {seen.word} ({seen.percentage} %)\n"
    why = "".join(f"  {check.server}: {check.what}? no, {check.evidence}\n" for check in seen.causes())
    ends = "".join(f"{one.name} {one.url}\n" for one in servers if one.url)
    return head + why + ends + "\n" + table(("SERVER", "CHECK", "HOLDS", "EVIDENCE"), lines) + "\n"
