"""One server as an object of its own: started, asked, stopped, and heard when it dies.

Knows one server of a deployment; started where there is none, it is a deployment of a single server.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from armadillo.arango import simple_health_check
from armadillo.auth import AuthProvider
from armadillo.cluster.deployment import Deployment, Server
from armadillo.cluster.make import Wanted
from armadillo.cluster.prepare import Choice, prepared
from armadillo.cluster.readiness import wait_ready
from armadillo.cluster.start import up
from armadillo.config import load_config
from armadillo.engine.docker import Connection
from armadillo.errors import EnvironmentUnusable, HealthCheckError
from armadillo.topology import Topology, load_compose, render
from armadillo.topology.plan import JWT

SECONDS = 120.0


class ArangoServer:
    """A server by its deployment's name and its own; `with` takes down what it brought up."""

    def __init__(
        self,
        connection: Connection,
        name: str,
        node: str = "single",
        *,
        image: str | None = None,
        state: Path | None = None,
    ) -> None:
        self.name = node
        self.deployment = Deployment(connection, name)
        self._image = image
        self._state = state or Path.home() / ".local" / "state" / "armadillo" / name
        self._made = False

    def start(self, timeout: float | None = None) -> None:
        """Start it, and return when it answers as its role; ends at once when its container dies."""
        limit = SECONDS if timeout is None else timeout
        if self.deployment.servers():
            self.deployment.start((self.name,), told=_unheard)
            wait_ready(self.deployment, timeout=limit, told=_unheard, nodes=(self.name,))
            return
        file = load_compose(render(Topology(image=self._image), self.deployment.name))
        choice = Choice(run_id=load_config().run_id, explicit=self._image is not None)
        plan = prepared(self.deployment.connection, file, choice, told=_unheard)
        up(self.deployment.connection, plan, Wanted(timeout=limit, state=self._state), told=_unheard)
        self._made = True

    def stop(self, timeout: float | None = None) -> None:
        """Stop it in an orderly way; it is killed when it takes longer than the time-out, or than its role may."""
        self.deployment.stop((self.name,), told=_unheard, grace=timeout)

    def restart(self) -> None:
        """Stop it and start it again, on its port and with its data."""
        self.stop()
        self.start()

    def is_running(self) -> bool:
        """Say whether its container runs."""
        return any(one.name == self.name and one.container.running for one in self.deployment.servers())

    @property
    def url(self) -> str:
        """Where it is reached now."""
        found = self._server()
        if not found.url:
            raise EnvironmentUnusable(f"{self.name} is not reached from here", hint="start it, or publish it")
        return found.url

    def endpoint(self) -> str:
        """Return where it is reached now."""
        return self.url

    def health(self, timeout: float | None = None) -> dict[str, Any]:
        """Return what it says of itself; NetworkError when nobody answers, HealthCheckError when not well."""
        secret = self.deployment.secrets().get(JWT)
        headers = AuthProvider(secret.strip()).authorization_header() if secret else None
        if not self.is_running():
            raise HealthCheckError(f"{self.name} does not run", status=0, hint="start() it")
        return simple_health_check(self.url, 10.0 if timeout is None else timeout, headers=headers)

    def remove(self) -> None:
        """Remove its deployment with everything it had."""
        self.deployment.remove()

    def _server(self) -> Server:
        return self.deployment.server(self.name)

    def __enter__(self) -> ArangoServer:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._made:
            self.remove()


def _unheard(line: str) -> None:
    """Nobody follows the progress of a call."""
