"""One `up` of a name at a time: the lock is a container that is created and never started.

The engine refuses a second container of the same name, on every host that can reach it. Knows nothing of what is
done under the lock, but that what a dead holder's run had made is to go before the next may begin.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from armadillo import labels
from armadillo.deadline import TIMEOUTS
from armadillo.engine import containers, identity, reaper
from armadillo.engine.docker import Connection, translated
from armadillo.errors import ArmadilloError, ConflictError, NotFoundError, NotReadyInTime
from armadillo.wait import NotYet, until

LONGEST = 600.0


def lock_name(name: str) -> str:
    """Return the name of a deployment's lock."""
    return f"{labels.project(name)}-{containers.LOCK}"


@contextlib.contextmanager
def held(
    connection: Connection, name: str, *, image: str, marks: Mapping[str, str], told: Callable[[str], object]
) -> Iterator[None]:
    """Hold a deployment's lock; somebody else's is waited for, a dead holder's is taken over."""
    taken = ""
    try:
        taken = wait_for(connection, name, image, marks, told)
        yield
    except BaseException:
        with contextlib.suppress(ArmadilloError):
            give_back(connection, taken, marks)
        raise
    give_back(connection, taken, marks)


def give_back(connection: Connection, taken: str, marks: Mapping[str, str]) -> None:
    """Remove the lock, also one that was made without our hearing of it."""
    with TIMEOUTS.scope("giving back the lock", shielded=True):
        if mine := taken or lock_of(connection, marks):
            containers.remove(connection, mine)


def wait_for(
    connection: Connection, name: str, image: str, marks: Mapping[str, str], told: Callable[[str], object]
) -> str:
    """Return the id of the lock when it is ours."""

    def take() -> str:
        try:
            return create(connection, name, image, marks)
        except ConflictError as exc:
            raise NotYet(f"another process is at {name}: {holder(connection, name)}") from exc

    try:
        return until(take, what=f"the lock of {name}", timeout=LONGEST, cap=0.3, told=told)
    except NotReadyInTime as exc:
        raise ConflictError(
            str(exc), hint=f"wait for it; or armadillo down {name} takes away what it made", details=exc.details
        ) from exc


def create(connection: Connection, name: str, image: str, marks: Mapping[str, str]) -> str:
    """Create the lock's container, or raise ConflictError."""
    with translated(f"taking the lock of {name}"):
        made = connection.api.create_container(
            image,
            entrypoint=["true"],
            name=lock_name(name),
            labels={**marks, labels.ROLE: containers.LOCK},
            network_disabled=True,
        )
    return str(made["Id"])


def holder(connection: Connection, name: str) -> str:
    """Say who has the lock; what a dead one's run had made is removed, its lock last."""
    try:
        there = containers.inspected(connection, lock_name(name))
    except NotFoundError:
        return "it is just leaving"
    marks = there["Config"]["Labels"] or {}
    process, owner = marks.get(labels.PROCESS, ""), marks.get(labels.OWNER, "")
    if owner.partition("@")[2] != identity.machine():
        return f"process {process} of {owner or 'somebody else'} has its lock"
    if identity.alive(process):
        return f"process {process.split(':')[1]} has its lock"
    with contextlib.suppress(ArmadilloError):  # others who wait, and its watchdog, may be at it too
        reaper.sweep(connection, *reaper.made_by(marks))
    return "it died, and what it had made is being removed"


def lock_of(connection: Connection, marks: Mapping[str, str]) -> str:
    """Return the id of the lock that a run took without hearing that it had; nothing when it took none."""
    wanted = (f"{labels.ROLE}={containers.LOCK}", f"{labels.PROCESS}={marks[labels.PROCESS]}", *reaper.made_by(marks))
    return next((one.id for one in containers.found(connection, *wanted)), "")
