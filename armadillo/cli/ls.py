"""`armadillo ls`: the deployments on an engine, whoever started them. Asks no server."""

from __future__ import annotations

from collections import Counter
from typing import Any

from armadillo import labels
from armadillo.cli.lab import Engine
from armadillo.cli.output import Output, table
from armadillo.clock import rfc3339
from armadillo.cluster.deployment import listed, mine
from armadillo.engine.containers import Container
from armadillo.engine.leftovers import kept


def ls(out: Output, engine: Engine) -> None:
    """List the deployments on this engine."""
    with engine.opened() as connection:
        rows = [row(name, servers) for name, servers in sorted(listed(connection).items())]
        data = kept(connection)
    cells = [
        (
            one["name"],
            one["servers"],
            one["state"],
            "yes" if one["mine"] else "no",
            one["image"] + (" (stand-in)" if one["standin"] else ""),
            one["created"],
        )
        for one in rows
    ]
    text = table(("NAME", "SERVERS", "STATE", "MINE", "IMAGE", "CREATED"), cells) if rows else "no deployments\n"
    text += f"data kept of: {', '.join(data)}\n" if data else ""
    out.result("deployments", {"deployments": rows, "data_kept": data}, text)


def row(name: str, servers: list[Container]) -> dict[str, Any]:
    """Return one deployment for programs."""
    first = servers[0]
    states = Counter(one.state for one in servers)
    return {
        "name": name,
        "servers": len(servers),
        "state": ", ".join(f"{count} {state}" if len(states) > 1 else state for state, count in states.items()),
        "image": first.image,
        "standin": first.labels.get(labels.STANDIN) == "true",
        "mine": mine(first),
        "lifetime": first.labels.get(labels.LIFETIME, "manual"),
        "topology_hash": first.labels.get(labels.TOPOLOGY_HASH, ""),
        "created": first.labels.get(labels.CREATED) or rfc3339(first.created),
    }
