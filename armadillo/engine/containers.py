"""The containers of deployments: find them by label, tell what they are, stop, signal, read, run in them.

Knows labels and the engine; which servers a topology wants is not its business.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator, Mapping
from typing import Any, Self

from armadillo import labels
from armadillo.engine.docker import Connection, translated
from armadillo.errors import ConflictError, NotFoundError
from armadillo.wait import NotYet, until

LOCK = "lock"
ROLE_ORDER = {"agent": 0, "dbserver": 1, "coordinator": 2, "single": 3}
BUSY_SECONDS = 10.0


@dataclasses.dataclass(frozen=True, slots=True)
class Container:
    """One container as the engine tells it."""

    id: str
    name: str
    state: str
    image: str
    labels: Mapping[str, str]
    created: datetime.datetime
    address: str = ""
    ports: tuple[tuple[int, int], ...] = ()
    status: str = ""

    @classmethod
    def listed(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of the engine's list."""
        networks = (row.get("NetworkSettings") or {}).get("Networks") or {}
        address = next((net.get("IPAddress", "") for net in networks.values()), "")
        bound = {(int(p["PrivatePort"]), int(p["PublicPort"])) for p in row.get("Ports") or () if p.get("PublicPort")}
        return cls(
            id=row["Id"],
            name=row["Names"][0].lstrip("/") if row.get("Names") else row["Id"][:12],
            state=row["State"],
            image=row["Image"],
            labels=dict(row.get("Labels") or {}),
            created=datetime.datetime.fromtimestamp(row["Created"], datetime.UTC),
            address=address,
            ports=tuple(sorted(bound)),
            status=row.get("Status", ""),
        )

    @property
    def deployment(self) -> str:
        return self.labels.get(labels.NAME, "")

    @property
    def service(self) -> str:
        """The service's name, which is the server's too."""
        return self.labels.get(labels.COMPOSE_SERVICE, "") or self.role + self.labels.get(labels.INDEX, "")

    @property
    def role(self) -> str:
        return self.labels.get(labels.ROLE, "")

    @property
    def running(self) -> bool:
        return self.state == "running"


def found(connection: Connection, *wanted: str) -> list[Container]:
    """Return our containers that carry all the labels given (`key` or `key=value`), servers in their order."""
    filters = {"label": [f"{labels.MANAGED}=true", *wanted]}
    with translated("listing containers"):
        rows = connection.api.containers(all=True, filters=filters)
    listed = [Container.listed(row) for row in rows]
    return sorted(
        listed, key=lambda one: (one.deployment, ROLE_ORDER.get(one.role, 9), one.labels.get(labels.INDEX, "").zfill(6))
    )


def servers(connection: Connection, name: str) -> list[Container]:
    """Return a deployment's servers, without its lock."""
    return [one for one in found(connection, f"{labels.NAME}={name}") if one.role in ROLE_ORDER]


def inspected(connection: Connection, container: str) -> dict[str, Any]:
    """Return all the engine knows of a container."""
    with translated(f"inspecting {container}"):
        return dict(connection.api.inspect_container(container))


def start(connection: Connection, container: str, *, name: str = "") -> None:
    """Start a created or stopped container."""
    with translated(f"starting {name or container}"):
        connection.api.start(container)


def revive(connection: Connection, container: Container) -> None:
    """Make a container run again: a frozen one is thawed, a stopped one started."""
    if container.state == "paused":
        signal(connection, container, "UNPAUSE")
    else:
        start(connection, container.id, name=container.name)


def stop(connection: Connection, container: Container, *, seconds: float) -> bool:
    """Stop a container in an orderly way, a frozen one thawed first; say whether it had to be killed."""
    if container.state == "paused":
        signal(connection, container, "UNPAUSE")
    with translated(f"stopping {container.name}"):
        connection.api.stop(container.id, timeout=max(0, round(seconds)))
    state = inspected(connection, container.id)["State"]
    return state.get("ExitCode") == 137 and not state.get("OOMKilled")


def signal(connection: Connection, container: Container, name: str) -> None:
    """Send a signal, or freeze and thaw the whole container with PAUSE and UNPAUSE."""
    with translated(f"{name} to {container.name}"):
        if name == "PAUSE":
            connection.api.pause(container.id)
        elif name == "UNPAUSE":
            connection.api.unpause(container.id)
        else:
            connection.api.kill(container.id, name)


def remove(connection: Connection, container: str) -> None:
    """Remove a container with its anonymous volumes; gone already is as good, and so is gone by another's hand."""

    def attempt() -> None:
        try:
            with translated(f"removing {container}"):
                connection.api.remove_container(container, force=True, v=True)
        except NotFoundError:
            return
        except ConflictError as exc:
            raise NotYet(str(exc)) from exc

    until(attempt, what=f"removal of {container[:12]}", timeout=BUSY_SECONDS)


def log_text(connection: Connection, container: str, *, lines: int) -> str:
    """Return the end of a container's log."""
    with translated(f"reading the log of {container}"):
        raw = connection.api.logs(container, tail=lines)
    return bytes(raw).decode(errors="replace")


def log_lines(
    connection: Connection, container: Container, *, follow: bool, lines: int | None = None
) -> Iterator[tuple[str, str]]:
    """Yield the lines of a log with the engine's time stamps, on a connection of its own."""
    with connection.streaming() as client, translated(f"reading the log of {container.name}"):
        stream = client.logs(
            container.id, stream=True, follow=follow, timestamps=True, tail="all" if lines is None else lines
        )
        rest = b""
        for chunk in stream:
            *whole, rest = (rest + chunk).split(b"\n")
            yield from map(stamped, whole)
        if rest:
            yield stamped(rest)


def stamped(line: bytes) -> tuple[str, str]:
    """Split a line into the engine's time stamp and the text."""
    stamp, _, text = line.decode(errors="replace").partition(" ")
    return stamp, text.rstrip("\r")
