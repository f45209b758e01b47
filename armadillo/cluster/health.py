"""How a deployment is now: checks with their evidence, per server and for the whole. Waits for nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

from armadillo.cluster.checks import NOT_LOOKED, Check, Health, looked
from armadillo.cluster.deployment import WORKERS, Deployment, Server
from armadillo.cluster.readiness import HASTE, SAYS, asked, field, probe
from armadillo.cluster.whole import heard, of_role, whole
from armadillo.wait import NotYet, together

HASTY = 3
"""How often a probe is tried in haste: a dbserver that has just gone is given new collections until it is missed."""


def health(deployment: Deployment) -> Health:
    """Look at every server, side by side, and at the cluster as a whole."""
    servers = deployment.servers()
    found = heard(deployment, servers) if of_role(servers, "agent") else None
    hasty = HASTY if found and found.leader else 0
    calls = [partial(of_server, deployment, server, hasty) for server in servers]
    if found:
        calls.append(partial(whole, deployment, servers, found))
    seen = together("look at the servers", calls, workers=WORKERS)
    agency = found.agency if found else None
    return Health(deployment.name, tuple(check for checks in seen for check in checks), agency)


def of_server(deployment: Deployment, server: Server, hasty: int = 0) -> list[Check]:
    """Go down one server's list; what cannot be looked at because of what is above it does not hold either."""
    checks = [Check(server.name, "running", server.container.running, server.container.status)]
    if server.container.running and not server.url:
        return checks  # published nowhere, on an engine elsewhere: those who are tell whether it does its work
    with deployment.client(server) as client:
        looks: list[tuple[str, Callable[[], str]]] = [
            ("answers", lambda: version(asked(client, "GET", "/_api/version"))),
            ("role", lambda: role(asked(client, "GET", "/_admin/server/role"), server)),
            ("available", lambda: field(asked(client, "GET", "/_admin/server/availability"), "mode")),
        ]
        if server.role in ("single", "coordinator"):
            looks.append(("probe", lambda: probed(partial(probe, client, server), hasty)))
        for what, look in looks:
            holds = checks[-1].holds
            checks.append(looked(server.name, what, look) if holds else Check(server.name, what, False, NOT_LOOKED))
    return checks


def version(said: Any) -> str:
    return f"{field(said, 'server')} {field(said, 'version')}"


def role(said: Any, server: Server) -> str:
    found = field(said, "role")
    if found != SAYS[server.role]:
        raise NotYet(f"is {found}, not {SAYS[server.role]}")
    return found


def probed(look: Callable[..., None], hasty: int) -> str:
    """Try a few times for a short while, then once with patience."""
    done = "created, wrote, read, dropped"
    for _ in range(hasty):
        with contextlib.suppress(NotYet):
            look(seconds=HASTE)
            return done
    look()
    return done
