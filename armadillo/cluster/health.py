"""How a deployment is now: checks with their evidence, per server and for the whole. Waits for nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

from armadillo.cluster.deployment import WORKERS, Deployment, Server
from armadillo.cluster.readiness import SAYS, asked, field, probe
from armadillo.errors import ArmadilloError
from armadillo.wait import NotYet, together


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """One line of the list: what was looked at, whether it holds, and what was seen."""

    server: str
    what: str
    holds: bool
    evidence: str


@dataclasses.dataclass(frozen=True, slots=True)
class Health:
    """How a deployment is."""

    name: str
    checks: tuple[Check, ...]

    @property
    def percentage(self) -> int:
        """The share of checks that hold."""
        return round(100 * sum(check.holds for check in self.checks) / len(self.checks)) if self.checks else 0

    @property
    def word(self) -> str:
        """healthy, when everything holds; unhealthy otherwise: a single server has nothing to fall back on."""
        return "healthy" if self.checks and all(check.holds for check in self.checks) else "unhealthy"

    def of(self, server: str) -> tuple[Check, ...]:
        """Return the checks of one server."""
        return tuple(check for check in self.checks if check.server == server)


def health(deployment: Deployment) -> Health:
    """Look at every server, side by side."""
    calls = [partial(of_server, deployment, server) for server in deployment.servers()]
    found = together("look at the servers", calls, workers=WORKERS)
    return Health(deployment.name, tuple(check for checks in found for check in checks))


def of_server(deployment: Deployment, server: Server) -> list[Check]:
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
            looks.append(("probe", lambda: probed(partial(probe, client, server))))
        for what, look in looks:
            holds = checks[-1].holds
            checks.append(
                looked(server.name, what, look) if holds else Check(server.name, what, False, "not looked at")
            )
    return checks


def looked(server: str, what: str, look: Callable[[], str]) -> Check:
    """Make one check of one look."""
    try:
        return Check(server, what, True, look())
    except (ArmadilloError, NotYet) as exc:
        return Check(server, what, False, str(exc))


def version(said: Any) -> str:
    return f"{field(said, 'server')} {field(said, 'version')}"


def role(said: Any, server: Server) -> str:
    found = field(said, "role")
    if found != SAYS[server.role]:
        raise NotYet(f"is {found}, not {SAYS[server.role]}")
    return found


def probed(look: Callable[[], None]) -> str:
    look()
    return "created, wrote, read, dropped"
