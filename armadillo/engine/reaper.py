"""What removes things: the sweep of a deployment or of orphans, and the watchdog started before anything is made.

Selects by our labels and nothing else; knows no topology.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from armadillo import labels
from armadillo.deadline import TIMEOUTS
from armadillo.engine import containers, identity, network, watchdog
from armadillo.engine.docker import Connection, translated
from armadillo.engine.leftovers import ended
from armadillo.errors import ArmadilloError, ConflictError, EnvironmentUnusable, NotFoundError, NotReadyInTime, meaning
from armadillo.wait import NotYet, together, until

T = TypeVar("T")

WORKERS = 4
BUSY_SECONDS = 10.0
AGAIN_SECONDS = 0.1


@dataclasses.dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep removed, and what the engine would not let go."""

    containers: int = 0
    volumes: int = 0
    networks: int = 0
    quarantined: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.containers or self.volumes or self.networks)


def made_by(marks: Mapping[str, str]) -> tuple[str, ...]:
    """Return the labels of what one `up` made: a run may start several deployments, and one of them again."""
    return tuple(f"{key}={marks.get(key, '')}" for key in (labels.RUN_ID, labels.NAME, labels.CREATED))


def sweep(connection: Connection, *wanted: str, keep_volumes: bool = False, spare: str = "") -> Swept:
    """Remove everything of ours that carries the labels: containers, then volumes, then networks; may be repeated.

    A lock goes last: whoever waits for it finds nothing in the way. `spare` is the name of the sweeper's own.
    """
    marks = (f"{labels.MANAGED}=true", *wanted)
    found = [one for one in containers.found(connection, *wanted) if one.name != spare]
    locks = [one.id for one in found if one.role == containers.LOCK]
    try:
        each("containers", containers.remove, connection, [one.id for one in found if one.id not in locks])
        names = [] if keep_volumes else volumes(connection, *marks)
        each("volumes", remove_volume, connection, names)
        networks = network.found(connection, *marks)
        gone = each("networks", network.remove, connection, [row["Id"] for row in networks])
    finally:
        each("locks", containers.remove, connection, locks)
    stuck = tuple(row["Name"] for row, removed in zip(networks, gone, strict=True) if not removed)
    return Swept(len(found), len(names), len(networks) - len(stuck), stuck)


def each(what: str, remove: Callable[[Connection, str], T], connection: Connection, ids: Sequence[str]) -> list[T]:
    """Remove side by side; all are tried."""
    return together(f"remove {what}", [partial(remove, connection, one) for one in ids], workers=WORKERS)


def sweep_all(connection: Connection, *wanted: str, spare: str = "") -> None:
    """Sweep until there is nothing twice in a row: a call that was cut short can still land."""
    empty = 0
    while empty < 2:
        empty = 0 if sweep(connection, *wanted, spare=spare) else empty + 1
        TIMEOUTS.sleep(AGAIN_SECONDS)


def nothing(connection: Connection, *wanted: str) -> bool:
    """Say whether nothing carries the labels."""
    marks = (f"{labels.MANAGED}=true", *wanted)
    return not (
        containers.found(connection, *wanted) or volumes(connection, *marks) or network.found(connection, *marks)
    )


def volumes(connection: Connection, *wanted: str) -> list[str]:
    """Return the names of the volumes that carry all the labels given."""
    with translated("listing volumes"):
        return [row["Name"] for row in connection.api.volumes(filters={"label": list(wanted)})["Volumes"] or ()]


def remove_volume(connection: Connection, name: str) -> None:
    """Remove a volume; a container that is on its way out may hold it for a moment."""

    def attempt() -> None:
        try:
            with translated(f"removing volume {name}"):
                connection.api.remove_volume(name, force=True)
        except NotFoundError:
            return
        except ConflictError as exc:
            raise NotYet(str(exc)) from exc

    try:
        until(attempt, what=f"volume {name} to be free", timeout=BUSY_SECONDS)
    except NotReadyInTime as exc:
        raise ConflictError(
            f"volume {name} is in use: {exc.details['last']}", hint=f"docker ps -a --filter volume={name} tells by whom"
        ) from exc


def orphans(connection: Connection, now: datetime.datetime) -> list[str]:
    """Return the names of this user's deployments on this machine whose time is over, or their process."""
    mine = containers.found(connection, f"{labels.OWNER}={identity.owner()}")
    return sorted({one.deployment for one in mine if ended(one.labels, now)})


@contextlib.contextmanager
def guarded(connection: Connection, *wanted: str, keep: bool = False) -> Iterator[Callable[[], None]]:
    """Have a watchdog look after a run while the block lasts, started before anything is made.

    Yields what makes sure that it watches; it has its orders before that, and follows them if this process ends now.
    When the block fails and something is left, or may still land, it is sent to clean up by itself.
    """
    process = spawn(connection, *wanted)
    try:
        yield partial(confirm, process)
    except BaseException as exc:
        if keep or (heard_out(exc) and clean(connection, *wanted)):
            dismiss(process)
        else:
            leave(process)
        raise
    dismiss(process)


def heard_out(error: BaseException) -> bool:
    """Say whether no call can be under way in the engine that nobody waits for any more."""
    return isinstance(error, Exception) and meaning(error).code not in (
        "timeout_expired",
        "not_ready_in_time",
        "network",
    )


def clean(connection: Connection, *wanted: str) -> bool:
    """Say whether it is certain that nothing is left, whatever the time."""
    with TIMEOUTS.scope("looking for what is left", shielded=True), contextlib.suppress(ArmadilloError):
        return nothing(connection, *wanted)
    return False


def confirm(process: subprocess.Popen[bytes]) -> None:
    """Wait until the watchdog says that it watches."""
    assert process.stdout is not None
    if process.stdout.readline() != watchdog.WATCHING.encode():
        raise EnvironmentUnusable("the watchdog did not start", hint=f"{sys.executable} -I -S {watchdog.__file__}")


def dismiss(process: subprocess.Popen[bytes]) -> None:
    """Send the watchdog home: what was made stays."""
    try:
        process.communicate(b"bye\n", timeout=BUSY_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def leave(process: subprocess.Popen[bytes]) -> None:
    """Send the watchdog to clean up; it ends by itself, and nobody waits for that."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(b"go\n")
        process.stdin.close()
    process.stdout.close()
    process.returncode = 0


def spawn(connection: Connection, *wanted: str) -> subprocess.Popen[bytes]:
    """Start the watchdog, detached, and give it its orders."""
    orders = watchdog.Orders(
        parent=os.getpid(),
        labels=wanted,
        last=f"{labels.ROLE}={containers.LOCK}",
        engine=connection.endpoint.url,
        certificates=connection.endpoint.certificates,
    )
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", watchdog.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as exc:
        raise EnvironmentUnusable(f"the watchdog cannot be started: {exc}", hint="ulimit -u; ulimit -n") from exc
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # who confirms it hears of it
        process.stdin.write(json.dumps(dataclasses.asdict(orders)).encode() + b"\n")
        process.stdin.flush()
    return process
