"""A plan becomes a running deployment, or nothing is left of it.

The story of `up`: lock, watchdog, what is there already, network, volumes, containers, secrets, start, ready.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from armadillo import labels
from armadillo.arango import Client, admin
from armadillo.cluster.deployment import WORKERS, Deployment, Server, Told, forget
from armadillo.cluster.difference import differences
from armadillo.cluster.make import Wanted, make
from armadillo.cluster.plan import EVERYWHERE, Plan
from armadillo.cluster.readiness import wait_ready
from armadillo.deadline import TIMEOUTS
from armadillo.engine import containers, lock, reaper
from armadillo.engine.docker import Connection
from armadillo.engine.events import DeathWatch
from armadillo.errors import (
    ArmadilloError,
    ConflictError,
    EnvironmentUnusable,
    NotReadyInTime,
    SeveralFailed,
    TimeoutExpired,
)
from armadillo.files import atomic_write
from armadillo.log import get_logger
from armadillo.wait import together

log = get_logger(__name__)

LOG_LINES = 10_000
FOREVER = 1e9
ROOT = "root"


@dataclasses.dataclass(frozen=True, slots=True)
class Up:
    """What came of it."""

    deployment: Deployment
    adopted: bool


def up(connection: Connection, plan: Plan, wanted: Wanted, *, told: Told) -> Up:
    """Bring a deployment up, or take over the one that is there; on failure leave nothing of what was made here."""
    deployment = Deployment(connection, plan.name)
    any_image = next(iter(plan.substitutions.images.values()))
    with (
        in_time(plan.name, wanted.timeout),
        reaper.guarded(connection, *reaper.made_by(plan.marks), keep=wanted.keep) as watched,
        lock.held(connection, plan.name, image=any_image, marks=plan.marks, told=told),
    ):
        adopted = adopt(deployment, plan, wanted, told)
        if not adopted:
            create_all(deployment, plan, wanted, told, watched)
    return Up(deployment, adopted)


@contextlib.contextmanager
def in_time(name: str, timeout: float | None) -> Iterator[None]:
    """Bound the whole, and call its end what it is: not ready in time, whatever was being done."""
    try:
        with TIMEOUTS.scope(f"up {name}", FOREVER if timeout is None else timeout) as scope:
            yield
    except (TimeoutExpired, SeveralFailed) as exc:
        if scope.cancelled is not None or scope.remaining() > 0 or not out_of_time(exc):
            raise
        raise NotReadyInTime(
            f"{name} not ready in {scope.seconds:g} s (last seen: {exc})",
            hint="\n".join(filter(None, ("give it more time: --timeout", exc.hint))),
            details=exc.details,
        ) from exc


def out_of_time(error: ArmadilloError) -> bool:
    """Say whether an error is that there was no time left, of all that failed."""
    if isinstance(error, SeveralFailed):
        return all(isinstance(each, TimeoutExpired) for each in error.exceptions)
    return isinstance(error, TimeoutExpired)


def adopt(deployment: Deployment, plan: Plan, wanted: Wanted, told: Told) -> bool:
    """Take over what is there when it is the same; remove it when it is incomplete or shall be made anew."""
    there = deployment.servers()
    if not there:
        return False
    if wanted.recreate:
        told(f"removing what is there of {plan.name}")
        deployment.stop(told=told)
        deployment.remove(spare_lock=True)
        return False
    if not same(there, plan):
        changed = differences(deployment, plan)
        raise ConflictError(
            f"{plan.name} is there already, from another topology: " + "; ".join(changed),
            hint=f"--recreate removes it, data and all, first; or armadillo down {plan.name}; or another --name",
            details={"differences": changed},
        )
    if {one.name for one in there} != set(plan.file.by_name) or any(one.container.state == "created" for one in there):
        told(f"removing what an unfinished start left of {plan.name}")
        remove_unfinished(deployment, there)
        return False
    told(f"{plan.name} is there already")
    with DeathWatch(deployment.connection, plan.name) as watch:
        deployment.start(told=told)
        if wanted.wait:
            wait_ready(deployment, timeout=None, told=told, watch=watch, settle=partial(settled, deployment))
    keep_copies(deployment, wanted)
    return True


def same(there: Sequence[Server], plan: Plan) -> bool:
    """Say whether servers are from the plan's topology, and of the kind it resolved to: never both in one."""
    marks = [one.container.labels for one in there]
    kinds = {one.get(labels.STANDIN, plan.marks[labels.STANDIN]) for one in marks}
    return kinds == {plan.marks[labels.STANDIN]} and all(
        one.get(labels.TOPOLOGY_HASH) == plan.file.hash for one in marks
    )


def remove_unfinished(deployment: Deployment, there: Sequence[Server]) -> None:
    """Remove servers that are not all there, or never ran; what has run may have left data that somebody wants."""
    if all(one.container.state == "created" for one in there):
        for run in {reaper.made_by(one.container.labels) for one in there}:
            reaper.sweep(deployment.connection, *run, spare=lock.lock_name(deployment.name))
    deployment.remove(keep_data=True, spare_lock=True)


def create_all(deployment: Deployment, plan: Plan, wanted: Wanted, told: Told, watched: Callable[[], None]) -> None:
    """Make everything, start it and see it ready; what failed is undone, with its logs told."""
    if plan.bindings and not deployment.connection.endpoint.local:
        told(f"the engine is elsewhere: ports are published on {EVERYWHERE}, for whoever reaches it")
    with undone(deployment, plan, wanted, told):
        told(f"creating {plan.name}: {len(plan.file.services)} servers")
        made = make(deployment, plan, wanted)
        forget(wanted.state)
        keep_copies(deployment, wanted)
        watched()
        with DeathWatch(deployment.connection, plan.name) as watch:
            start(deployment.connection, plan, made, told)
            if wanted.wait:
                wait_ready(deployment, timeout=None, told=told, watch=watch, settle=partial(settled, deployment))
                log.info("cluster.ready", deployment=plan.name)


def settled(deployment: Deployment, coordinator: Client) -> None:
    """See that root has the deployment's password in a cluster, which starts with none; a single reads it itself."""
    password = deployment.password
    if password is None or admin.logs_in(coordinator.url, ROOT, password):
        return
    admin.set_password(coordinator, ROOT, password)


@contextlib.contextmanager
def undone(deployment: Deployment, plan: Plan, wanted: Wanted, told: Told) -> Iterator[None]:
    """Keep the logs of what failed, then remove what this run made, unless it shall be kept."""
    try:
        yield
    except BaseException as exc:
        with TIMEOUTS.scope("clean-up", shielded=True):
            try:
                clean_up(deployment, plan, wanted, exc)
            except ArmadilloError as left:
                told(f"not all could be cleaned up: {left}; armadillo down {plan.name}")
            if wanted.keep:
                told(f"kept: armadillo logs {plan.name}; armadillo down {plan.name}")
        raise


def clean_up(deployment: Deployment, plan: Plan, wanted: Wanted, failure: BaseException) -> None:
    """Keep the logs, remove the rest, unless it shall be kept."""
    if not wanted.keep:
        forget(wanted.state)
    try:
        keep_logs(deployment, wanted, failure)
    finally:
        if not wanted.keep:
            reaper.sweep_all(deployment.connection, *reaper.made_by(plan.marks), spare=lock.lock_name(plan.name))


def keep_logs(deployment: Deployment, wanted: Wanted, failure: BaseException) -> None:
    """Write every server's log to a file before it is gone, and tell where, in the error too."""
    folder = wanted.state / "logs"
    for server in deployment.servers():
        text = containers.log_text(deployment.connection, server.container.id, lines=LOG_LINES)
        if text:
            make_private(folder)
            atomic_write(folder / f"{server.name}.log", text)
            if isinstance(failure, ArmadilloError) and "logs" not in failure.details:
                failure.details["logs"] = str(folder)
                failure.hint = "\n".join(filter(None, (failure.hint, f"its logs are in {folder}")))


def keep_copies(deployment: Deployment, wanted: Wanted) -> None:
    """Write copies of the secrets beside this user, for other programs; the ones that count are on the engine."""
    for name, content in deployment.secrets().items():
        make_private(wanted.state)
        atomic_write(wanted.state / name, content, "wb", secret=True)


def make_private(folder: Path) -> None:
    """Make a folder for this user alone."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise EnvironmentUnusable(f"{folder} cannot be made: {exc.strerror}", hint="set XDG_STATE_HOME") from exc


def start(connection: Connection, plan: Plan, made: Mapping[str, str], told: Told) -> None:
    """Start the servers side by side, agents first: each waits by itself for those it needs."""
    services = [service for group in plan.groups() for service in group]
    told(f"starting {', '.join(service.name for service in services)}")
    calls = [partial(containers.start, connection, made[one.name], name=one.name) for one in services]
    together("start servers", calls, workers=WORKERS)
    for one in services:
        log.info("server.start", deployment=plan.name, server=one.name)
