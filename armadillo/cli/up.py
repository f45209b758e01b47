"""`armadillo up`: a topology started, proved ready, and said where it is; on failure nothing is left of it.

Knows what to ask for and what to tell; how it is done is not its business.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import enum
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from armadillo import assets, labels
from armadillo.auth import read_secret
from armadillo.cli.dryrun import planned, spoken
from armadillo.cli.lab import Engine, cache_folder, copies, seconds, shown
from armadillo.cli.names import state_folder
from armadillo.cli.output import Output
from armadillo.cli.progress import Progress
from armadillo.cli.wishes import Wish, Wished, wished
from armadillo.cluster.deployment import Told, forget
from armadillo.cluster.make import Wanted, secret_names
from armadillo.cluster.plan import Lifetime, Plan, check_ports
from armadillo.cluster.prepare import Choice, prepared
from armadillo.cluster.start import Up
from armadillo.cluster.start import up as bring_up
from armadillo.engine import containers, reaper, tree
from armadillo.engine.docker import Connection
from armadillo.engine.images import ResolvedImage
from armadillo.errors import (
    ArmadilloError,
    ConfigurationError,
    ConflictError,
    NotReadyInTime,
    TimeoutExpired,
)
from armadillo.topology.composefile import ComposeFile
from armadillo.topology.model import Role
from armadillo.topology.plan import JWT, PASSWORD
from armadillo.units import parse_duration


class Keep(enum.StrEnum):
    """What stays after a failure."""

    NEVER = "never"
    ON_FAILURE = "on-failure"
    ALWAYS = "always"


class Pull(enum.StrEnum):
    """When to ask a registry."""

    MISSING = "missing"
    ALWAYS = "always"
    NEVER = "never"


SINGLE_TIME, CLUSTER_TIME = "120s", "300s"


@dataclasses.dataclass(frozen=True, slots=True)
class How:
    """How to go about it."""

    password_file: Annotated[
        str | None,
        typer.Option("--password-file", metavar="FILE", help="Root's password, else a random one.", show_default=False),
    ] = None
    jwt_secret_file: Annotated[
        str | None,
        typer.Option(
            "--jwt-secret-file", metavar="FILE", help="The JWT secret, else a random one.", show_default=False
        ),
    ] = None
    pull: Annotated[Pull, typer.Option("--pull", help="When to ask the registry for the image.")] = Pull.MISSING
    keep: Annotated[Keep, typer.Option("--keep", help="Whether the servers stay after a failure or Ctrl-C.")] = (
        Keep.NEVER
    )
    no_rollback: Annotated[
        bool, typer.Option("--no-rollback", "--retain", help="Short for --keep on-failure.", show_default=False)
    ] = False
    recreate: Annotated[
        bool,
        typer.Option("--recreate", help="Remove what runs under this name first, data and all.", show_default=False),
    ] = False
    ttl: Annotated[
        str | None,
        typer.Option("--ttl", metavar="DURATION", help="May be removed after this time.", show_default=False),
    ] = None
    force: Annotated[
        bool, typer.Option("--force", help="Start it though memory may not suffice.", show_default=False)
    ] = False
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is ready.")] = True
    timeout: Annotated[
        str | None,
        typer.Option(
            "--timeout",
            metavar="DURATION",
            help=f"Bounds the whole command: {SINGLE_TIME}, for a cluster {CLUSTER_TIME}.",
            show_default=False,
        ),
    ] = None
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be done; ask no engine.", show_default=False)
    ] = False

    @property
    def kept(self) -> Keep:
        """What stays after a failure, by whichever word it was said."""
        return Keep.ON_FAILURE if self.no_rollback and self.keep is Keep.NEVER else self.keep


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """What was asked for, checked before any engine is."""

    made: Wished
    file: ComposeFile
    how: How
    given: Mapping[str, bytes]
    life: Lifetime
    limit: float


def up(out: Output, wish: Wish, how: How, engine: Engine, progress: Progress) -> None:
    """Start a topology and wait until it is ready.

    armadillo up --name lab
    """
    order = ordered(out, wish, how)
    if how.dry_run:
        plan = planned(order.made, order.life.word, order.limit, sorted(order.given))
        out.result("up-plan", plan, spoken(plan))
        return
    with engine.opened() as connection:
        with progress.shown(out) as told:
            reap(connection, told)
            plan_made = settled(out, connection, order, told)
            with explained(connection, plan_made, order):
                result = bring_up(connection, plan_made, wanted(order), told=told)
            refuse_other_secrets(result, order)
        if result.adopted and how.ttl:
            out.warn(f"--ttl changes nothing: {plan_made.name} was there already")
        said = described(plan_made, result, order)
        out.result("up", said, summary(said))


def ordered(out: Output, wish: Wish, how: How) -> Order:
    """Check the words; nothing has been done when they are wrong."""
    made = wished(wish, out.config)
    file = made.file
    check_ports(file)
    ttl = parse_duration(how.ttl, zero=False) if how.ttl else None
    cluster = any(service.role is not Role.SINGLE for service in file.services)
    limit = seconds(how.timeout or (CLUSTER_TIME if cluster else SINGLE_TIME))
    return Order(
        made,
        file,
        how,
        secrets_given(how, out.config.jwt_secret_file, file),
        Lifetime.of(ttl, datetime.datetime.now(datetime.UTC)),
        limit,
    )


def secrets_given(how: How, configured: Path | None, file: ComposeFile) -> Mapping[str, bytes]:
    """Return the secrets the user brought, or say that the topology has no use for them."""
    said: dict[str, str | Path | None] = {JWT: how.jwt_secret_file, PASSWORD: how.password_file}
    known = secret_names(file)
    unused = [name for name, path in said.items() if path and name not in known]
    if unused:
        raise ConfigurationError(f"{file.name} has no secret {', '.join(unused)}", hint="leave the file out")
    if JWT in known:
        said[JWT] = said[JWT] or configured
    return {name: read_secret(path) for name, path in said.items() if path}


def reap(connection: Connection, told: Told) -> None:
    """Remove what has expired, before room is asked for."""
    for name in reaper.orphans(connection, datetime.datetime.now(datetime.UTC)):
        told(f"removing {name}, which has expired")
        reaper.sweep(connection, f"{labels.NAME}={name}")
        forget(state_folder(name))


def settled(out: Output, connection: Connection, order: Order, told: Told) -> Plan:
    """Settle image, memory and ports, and say which image it came to when that is not the one wished for."""
    made = order.made
    choice = Choice(
        run_id=out.config.run_id,
        cache=cache_folder(),
        explicit=made.topology is not None and made.topology.image is not None,
        pull=order.how.pull.value,
        lifetime=order.life,
        force=order.how.force,
    )
    plan = prepared(connection, order.file, choice, told=told)
    for image in plan.images.values():
        if image.notice:
            out.warn(calm(image))
    return plan


def calm(image: ResolvedImage) -> str:
    """Return an image's notice in one line; the engine's own words are in the JSON."""
    if not image.standin:
        return image.notice
    return (
        f"this is the Armadillo stand-in, a small server for tests, and not ArangoDB: "
        f"{assets.ARANGODB_IMAGE} is not here, and no registry gives it"
    )


def wanted(order: Order) -> Wanted:
    """Return how to go about it."""
    return Wanted(
        timeout=order.limit,
        state=state_folder(order.file.name),
        wait=order.how.wait,
        keep=order.how.kept is not Keep.NEVER,
        recreate=order.how.recreate,
        given=order.given,
    )


@contextlib.contextmanager
def explained(connection: Connection, plan: Plan, order: Order) -> Iterator[None]:
    """Tell of a failure what it means for an `up`: where its logs are, what stays, how to look and to clean."""
    try:
        yield
    except ArmadilloError as exc:
        error = exc
        if isinstance(exc, TimeoutExpired) and "cancelled" not in exc.details:
            error = NotReadyInTime(
                f"{plan.name} not ready in {order.limit:g} s: {exc}", hint=exc.hint, details=exc.details
            )
        hints = [exc.hint] if exc.hint else []
        if "logs" in exc.details and str(exc.details["logs"]) not in exc.hint:
            hints.append(f"its logs: {exc.details['logs']}")
        if order.how.kept is not Keep.NEVER and is_ours(connection, plan):
            hints += [f"kept; look: armadillo logs {plan.name}", f"remove: armadillo down {plan.name}"]
        error.hint = "\n".join(hints)
        if error is exc:
            raise
        raise error from exc


def is_ours(connection: Connection, plan: Plan) -> bool:
    """Say whether servers of this very run are there."""
    run_id = plan.marks[labels.RUN_ID]
    try:
        return any(one.labels.get(labels.RUN_ID) == run_id for one in containers.servers(connection, plan.name))
    except ArmadilloError:  # what failed before is what counts
        return False


def refuse_other_secrets(result: Up, order: Order) -> None:
    """Refuse to take over a deployment whose secrets are others than those given."""
    there = result.deployment.secrets() if result.adopted and order.given else {}
    other = sorted(name for name, content in order.given.items() if name in there and there[name] != content)
    if other:
        raise ConflictError(
            f"{order.file.name} is there already, with another {', '.join(other)}",
            hint=f"leave the file out; or --recreate, which removes its data; or another --name than {order.file.name}",
        )


def described(plan: Plan, result: Up, order: Order) -> dict[str, Any]:
    """Return what is there now, for programs."""
    deployment = result.deployment
    image = next(iter(plan.images.values()))
    files = copies(deployment)
    return {
        "name": plan.name,
        "adopted": result.adopted,
        "ready": order.how.wait,
        "standin": plan.standin,
        "notice": image.notice or None,
        "image": image.reference,
        "image_digest": image.digest or image.id,
        "version": image.version,
        "arangod": tree.program(plan.file, next(iter(plan.images))),
        "topology_hash": plan.file.hash,
        "endpoints": [one.url for one in deployment.endpoints() if one.url],
        "servers": [shown(one) for one in deployment.servers()],
        "user": "root" if PASSWORD in files else None,
        "password_file": files.get(PASSWORD),
        "jwt_secret_file": files.get(JWT),
        "lifetime": plan.marks[labels.LIFETIME],
    }


def summary(said: Mapping[str, Any]) -> str:
    """Return what a person needs next."""
    name = said["name"]
    state = "there already, and ready" if said["adopted"] else "ready" if said["ready"] else "started"
    if said["adopted"] and not said["ready"]:
        state = "there already"
    image = (
        f"{said['image']} (stand-in, not ArangoDB)" if said["standin"] else f"{said['image']} {said['image_digest']}"
    )
    lines = [f"{name} is {state}", f"  image     {image}"]
    if said["arangod"]:
        lines.append(f"  arangod   {said['version']}, {said['arangod']}")
    lines += [f"  endpoint  {url}" for url in said["endpoints"]]
    if said["user"]:
        lines.append(f"  user      {said['user']}, password in {said['password_file']}")
    elif not said["jwt_secret_file"]:
        lines.append("  user      none: it asks nobody who they are")
    lines.append(f'  shell     eval "$(armadillo env {name})"')
    if said["lifetime"].startswith("until:"):
        lines.append(f"  expires   {said['lifetime'].removeprefix('until:')}, then `armadillo prune` may remove it")
    lines.append(f"  remove    armadillo down {name}   (its data goes too; --keep-data keeps it)")
    return "\n".join(lines)
