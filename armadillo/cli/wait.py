"""`armadillo wait`: until a deployment is as one wants it. Starts and stops nothing."""

from __future__ import annotations

import contextlib
import enum
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from armadillo.cli.lab import Engine, seconds
from armadillo.cli.names import Named
from armadillo.cli.output import Output
from armadillo.cli.progress import Progress, Told
from armadillo.cluster.checks import Needed
from armadillo.cluster.deployment import Deployment, named
from armadillo.cluster.health import health
from armadillo.cluster.readiness import reasons, wait_ready
from armadillo.cluster.whole import heard, leads, of_role, written
from armadillo.deadline import TIMEOUTS
from armadillo.engine import containers
from armadillo.engine.events import DeathWatch, crash
from armadillo.errors import ConfigurationError, NotReadyInTime, TimeoutExpired
from armadillo.units import format_duration
from armadillo.wait import NotYet, until


class For(enum.StrEnum):
    """What can be waited for."""

    READY = "ready"
    HEALTHY = "healthy"
    IN_SYNC = "in-sync"
    LEADER = "leader"
    GONE = "gone"


def wait(
    out: Output,
    which: Named,
    engine: Engine,
    progress: Progress,
    what: Annotated[For, typer.Option("--for", help="What to wait for.")] = For.READY,
    timeout: Annotated[str, typer.Option("--timeout", metavar="DURATION", help="Bounds the whole wait.")] = "60s",
) -> None:
    """Wait until a deployment is ready, healthy, in sync or gone, or its agency has a leader that acknowledges.

    Out of time exits 11, for gone 13; a server that ends while it is waited for, 12.
    """
    limit = seconds(timeout)
    begun = time.monotonic()
    name = which.chosen(out.config)
    with engine.opened() as connection, progress.shown(out) as told:
        if what is For.GONE:
            gone(Deployment(connection, name), limit, told)
        else:
            deployment = named(connection, name)
            with stopped_are_told(deployment):
                until_it_is(what, deployment, limit, told)
    took = round(time.monotonic() - begun, 3)
    is_so = "has a leader" if what is For.LEADER else f"is {what.value.replace('-', ' ')}"
    out.result("wait", {"name": name, "for": what.value, "seconds": took}, f"{name} {is_so}")


@contextlib.contextmanager
def stopped_are_told(deployment: Deployment) -> Iterator[None]:
    """Say of a wait that ran out of time which servers nobody has started."""
    try:
        yield
    except NotReadyInTime as exc:
        stopped = [one.name for one in deployment.servers() if not one.container.running]
        if stopped:
            exc.hint = f"armadillo start {deployment.name} {' '.join(stopped)}"
        raise


def until_it_is(what: For, deployment: Deployment, limit: float, told: Told) -> None:
    """Wait, unless a server has ended by itself: it will not come back."""
    if what is For.LEADER:
        led(deployment, limit, told)
        return
    with DeathWatch(deployment.connection, deployment.name) as watch:
        crashed_before(deployment)
        if what is For.READY:
            wait_ready(deployment, timeout=limit, told=told, watch=watch)
        else:
            healthy(deployment, limit, told, watch, Needed.IN_SYNC if what is For.IN_SYNC else Needed.HEALTHY)


def led(deployment: Deployment, limit: float, told: Told) -> None:
    """Wait until the agency has a leader that a quorum follows; servers that are down do not matter."""
    if not of_role(deployment.servers(), "agent"):
        raise ConfigurationError(
            f"{deployment.name} has no agents", hint=f"armadillo wait {deployment.name} --for ready"
        )

    def look() -> None:
        found = heard(deployment, deployment.servers())
        with reasons("agency: leader?"):
            leads(found)
            written(deployment, found)

    until(look, what=f"the leader of {deployment.name}", timeout=limit, told=told)


def crashed_before(deployment: Deployment) -> None:
    """Raise the crash of a server that has ended, and not because somebody stopped it."""
    for one in deployment.servers():
        if one.container.state in ("exited", "dead"):
            state = containers.inspected(deployment.connection, one.container.id)["State"]
            if state["ExitCode"] != 0:
                raise crash(deployment.connection, one.container.id, one.name)


def healthy(deployment: Deployment, limit: float, told: Told, watch: DeathWatch, needed: Needed) -> None:
    """Wait until every check holds that is needed for it."""

    def look() -> None:
        for death in watch.deaths:
            raise crash(deployment.connection, death.id, death.service)
        for check in health(deployment).checks:
            if not check.holds and check.needed <= needed:
                raise NotYet(f"no, {check.evidence}", question=f"{check.server}: {check.what}?")

    with TIMEOUTS.scope(f"health of {deployment.name}", limit):
        until(look, what=f"health of {deployment.name}", timeout=limit, told=told)


def gone(deployment: Deployment, limit: float, told: Told) -> None:
    """Wait until nothing of it runs on the engine."""

    def look() -> None:
        left = [one.name for one in deployment.servers()]
        if left:
            raise NotYet(f"still there: {', '.join(left)}")

    try:
        until(look, what=f"the end of {deployment.name}", timeout=limit, told=told)
    except NotReadyInTime as exc:
        raise TimeoutExpired(
            f"{deployment.name} is not gone after {format_duration(limit)}: {exc.details['last']}",
            seconds=limit,
            hint=f"armadillo down {deployment.name}",
        ) from exc
