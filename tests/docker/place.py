"""A deployment's name on a real engine that nobody else has, what may be done under it, and what is left of it."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from armadillo import labels
from armadillo.clock import rfc3339
from armadillo.cluster.deployment import Deployment
from armadillo.cluster.make import Wanted
from armadillo.cluster.plan import Lifetime, Plan, chosen_ports, marks
from armadillo.cluster.start import Up, up
from armadillo.engine import containers, reaper
from armadillo.engine.docker import Connection
from armadillo.engine.images import ResolvedImage
from armadillo.topology import ComposeFile, Topology, load_compose, render
from armadillo.topology.composefile import Service

TIMEOUT = 60.0


def unheard(line: str) -> None:
    """Hear of progress and say nothing."""


@dataclasses.dataclass(slots=True)
class Place:
    """One name, the engine it is on, and a folder for this user's copies of its secrets."""

    connection: Connection
    image: ResolvedImage
    state: Path
    name: str = dataclasses.field(default_factory=lambda: f"e1-{secrets.token_hex(4)}")

    @property
    def deployment(self) -> Deployment:
        return Deployment(self.connection, self.name)

    @property
    def server(self) -> containers.Container:
        """The one server, as it is now."""
        return containers.servers(self.connection, self.name)[0]

    def seen(self) -> dict[str, Any]:
        """Return all the engine knows of the one server."""
        return containers.inspected(self.connection, self.server.id)

    def file(self, topology: Topology | None = None) -> ComposeFile:
        return load_compose(render(topology or Topology(image="standin"), self.name))

    def plan(self, file: ComposeFile | None = None, *, lifetime: str = "manual") -> Plan:
        """Plan a deployment, as a run of its own."""
        file = file or self.file()
        known = marks(
            file,
            run_id=f"run-{secrets.token_hex(6)}",
            lifetime=Lifetime(lifetime),
            standin=True,
            version=self.image.version,
            created=rfc3339(datetime.datetime.now(datetime.UTC)),
        )
        images = {service.image: self.image for service in file.services}
        return Plan(file, images, chosen_ports(self.connection, file), known)

    def up(self, file: ComposeFile | None = None, *, told: Callable[[str], None] = unheard, **wanted: Any) -> Up:
        """Bring it up."""
        return up(self.connection, self.plan(file), self.wanted(**wanted), told=told)

    def wanted(self, **given: Any) -> Wanted:
        return Wanted(**{"timeout": TIMEOUT, "state": self.state / self.name, **given})

    def left(self) -> list[str]:
        """Return everything on the engine that has the name, by label or by its beginning."""
        api, mark = self.connection.api, f"{labels.NAME}={self.name}"
        beginning = labels.project(self.name)
        rows = [name.lstrip("/") for row in api.containers(all=True) for name in row["Names"] or ()]
        rows += [row["Name"] for row in api.volumes()["Volumes"] or ()]
        rows += [row["Name"] for row in api.networks()]
        labelled = [one.name for one in containers.found(self.connection, mark)]
        return sorted({*labelled, *(name for name in rows if name.startswith(beginning))})

    def sweep(self) -> None:
        """Remove what a test left; what is not ours by label is the test's own to remove."""
        for one in containers.servers(self.connection, self.name):
            with contextlib.suppress(Exception):
                containers.signal(self.connection, one, "KILL")
        reaper.sweep_all(self.connection, f"{labels.NAME}={self.name}")


@contextlib.contextmanager
def placed(connection: Connection, image: ResolvedImage, state: Path) -> Iterator[Place]:
    """Give a place, and see to it that nothing is left there."""
    place = Place(connection, image, state)
    try:
        yield place
    finally:
        place.sweep()
    assert place.left() == []


def running(file: ComposeFile, script: str) -> ComposeFile:
    """Return a deployment whose servers run a Python script instead of a server."""

    def changed(service: Service) -> Service:
        return dataclasses.replace(service, entrypoint=("/usr/bin/python3", "-u", "-c", script), command=())

    return dataclasses.replace(file, services=tuple(map(changed, file.services)))


def twins(file: ComposeFile, count: int) -> ComposeFile:
    """Return a deployment of several single servers, all on the first one's volumes."""
    one = file.services[0]
    numbered = [
        dataclasses.replace(
            one,
            name=f"single{number}",
            container_name=f"{one.container_name}{number}",
            hostname=f"single{number}",
            labels=tuple({**dict(one.labels), labels.INDEX: str(number)}.items()),
            volumes=(),
            tmpfs=(*one.tmpfs, "/var/lib/arangodb3", "/var/lib/arangodb3-apps"),
        )
        for number in range(1, count + 1)
    ]
    return dataclasses.replace(file, services=tuple(numbered), volumes=())
