"""What is on an engine without anybody who still wants it: found by labels, told why, and only then removed.

Only this user's things of this machine are looked at. Knows labels and lifetimes; which topology it was is not its
business.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterator, Mapping

from armadillo import labels
from armadillo.engine import containers, identity, network
from armadillo.engine.docker import Connection, translated

Marks = Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Leftover:
    """Things that can go together: the labels that select them, and why nobody wants them."""

    deployment: str
    selected: tuple[str, ...]
    why: str
    created: datetime.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Things:
    """All that one user has on an engine, by deployment."""

    containers: Mapping[str, list[Marks]]
    volumes: Mapping[str, list[Marks]]
    networks: Mapping[str, list[Marks]]

    def names(self) -> list[str]:
        """Return the deployments that have anything."""
        return sorted({*self.containers, *self.volumes, *self.networks})

    def of(self, name: str) -> list[Marks]:
        """Return the labels of everything a deployment has."""
        return [*self.containers.get(name, ()), *self.volumes.get(name, ()), *self.networks.get(name, ())]


def things(connection: Connection) -> Things:
    """Look for everything that this user made from this machine."""
    mine = f"{labels.OWNER}={identity.owner()}"
    wanted = (f"{labels.MANAGED}=true", mine)
    with translated("listing volumes"):
        volumes = connection.api.volumes(filters={"label": list(wanted)})["Volumes"] or ()
    return Things(
        by_deployment(one.labels for one in containers.found(connection, mine)),
        by_deployment(row["Labels"] or {} for row in volumes),
        by_deployment(row.get("Labels") or {} for row in network.found(connection, *wanted)),
    )


def by_deployment(found: Iterator[Marks]) -> dict[str, list[Marks]]:
    grouped: dict[str, list[Marks]] = defaultdict(list)
    for marks in found:
        grouped[marks.get(labels.NAME, "")].append(marks)
    return dict(grouped)


def kept(connection: Connection) -> list[str]:
    """Return the deployments of which only the data is there."""
    found = things(connection)
    return [name for name in found.names() if name in found.volumes and name not in found.containers]


def leftovers(connection: Connection, now: datetime.datetime, *, everything: bool = False) -> list[Leftover]:
    """Return what can go; with `everything` also what somebody may still want."""
    found = things(connection)
    gone: list[Leftover] = []
    for name in found.names():
        marks = found.of(name)
        why = next(filter(None, (ended(one, now) for one in marks)), "")
        if not why and name not in found.containers and name not in found.volumes:
            why = "a network without servers"
        if not why and everything:
            why = "asked for" if name in found.containers else "data that was kept"
        if why:
            gone.append(Leftover(name, (f"{labels.NAME}={name}",), why, oldest(marks, now)))
        else:
            gone += half_made(name, marks, now)
    return gone


def half_made(name: str, marks: list[Marks], now: datetime.datetime) -> Iterator[Leftover]:
    """Yield what an `up` that died has left: it held the lock to its end."""
    for one in marks:
        if one.get(labels.ROLE) == containers.LOCK and not identity.alive(one.get(labels.PROCESS, "")):
            yield Leftover(
                name,
                (f"{labels.RUN_ID}={one.get(labels.RUN_ID, '')}", f"{labels.NAME}={name}"),
                "its `up` died",
                oldest([one], now),
            )


def ended(marks: Marks, now: datetime.datetime) -> str:
    """Return why the time of something is over, empty when it is not."""
    life = marks.get(labels.LIFETIME, "manual")
    if life == "process" and not identity.alive(marks.get(labels.PROCESS, "")):
        return "its process is gone"
    if life.startswith("until:") and datetime.datetime.fromisoformat(life.removeprefix("until:")) <= now:
        return "expired"
    return ""


def oldest(marks: list[Marks], now: datetime.datetime) -> datetime.datetime:
    """Return when the first of some things was made."""
    return min(
        (datetime.datetime.fromisoformat(one[labels.CREATED]) for one in marks if labels.CREATED in one), default=now
    )
