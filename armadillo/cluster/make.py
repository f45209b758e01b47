"""What a plan wants, made on the engine: networks, volumes, containers, and the secrets in them. Nothing is started.

Undoes nothing: everything carries the run's labels from its first moment, and whoever called sweeps by them.
"""

from __future__ import annotations

import dataclasses
import secrets as chance
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from armadillo import labels
from armadillo.cluster.deployment import WORKERS, Deployment
from armadillo.cluster.plan import Plan
from armadillo.engine import creation, network, secrets
from armadillo.engine.docker import Connection, translated
from armadillo.errors import ConflictError
from armadillo.topology.composefile import ComposeFile, Network, Service, Volume
from armadillo.topology.plan import JWT, PASSWORD
from armadillo.wait import together

SECRET_BYTES = 24


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """How to go about it."""

    timeout: float | None
    state: Path
    wait: bool = True
    keep: bool = False
    recreate: bool = False
    pool: str = network.POOL
    given: Mapping[str, bytes] = dataclasses.field(default_factory=dict)


def make(deployment: Deployment, plan: Plan, wanted: Wanted) -> dict[str, str]:
    """Make the networks beside everything else, which needs them no earlier than at its start; returns the ids."""
    made: dict[str, str] = {}
    calls: list[Callable[[], object]] = [
        partial(make_network, deployment.connection, plan, one, wanted.pool) for one in plan.file.networks
    ]
    together(f"create {plan.name}", [*calls, lambda: made.update(make_servers(deployment, plan, wanted))])
    for service in plan.file.services:
        join_further(deployment.connection, plan, service, made[service.name])
    return made


def make_network(connection: Connection, plan: Plan, one: Network, pool: str) -> None:
    """Make a network of the text."""
    network.create(
        connection,
        network.Network(
            name=creation.network_name(plan.file, one.key),
            labels={**dict(one.labels), **creation.own(plan.file, plan.marks), labels.COMPOSE_NETWORK: one.key},
            subnet=one.subnet,
            driver=one.driver,
            options=dict(one.driver_opts),
            internal=one.internal,
        ),
        pool=pool,
    )


def join_further(connection: Connection, plan: Plan, service: Service, container: str) -> None:
    """Put a container into the networks beyond its first."""
    for name, one in creation.further(plan.file, service).items():
        with translated(f"putting {service.name} into network {name}"):
            connection.api.connect_container_to_network(
                container, name, aliases=[service.name, *one.aliases], ipv4_address=one.ipv4_address
            )


def make_servers(deployment: Deployment, plan: Plan, wanted: Wanted) -> dict[str, str]:
    """Make volumes, containers and secrets; returns the containers' ids by service."""
    connection, file = deployment.connection, plan.file
    kept = bool(file.secrets) and secrets.kept(connection, file.project)
    volumes = [*file.volumes, *([creation.SECRETS] if file.secrets else [])]
    making = [partial(make_volume, connection, file, volume, plan.marks) for volume in volumes]
    together("create volumes", making, workers=WORKERS)
    calls = [partial(create_one, connection, plan, service.name) for service in file.services]
    ids = together("create servers", calls, workers=WORKERS)
    made = dict(zip((service.name for service in file.services), ids, strict=True))
    deployment.know(write_secrets(connection, plan, wanted, made, kept=kept))
    return made


def make_volume(connection: Connection, file: ComposeFile, volume: Volume, marks: Mapping[str, str]) -> None:
    """Make a volume, or use the one kept from before; the user's own has to be there, another's is left alone."""
    name = creation.on_engine(file, volume)
    if volume.external:
        with translated(f"looking for the external volume {name}"):
            connection.api.inspect_volume(name)
        return
    with translated(f"creating volume {volume.key}"):
        made = connection.api.create_volume(
            name,
            driver=volume.driver,
            driver_opts=dict(volume.driver_opts) or None,
            labels=creation.volume_labels(file, volume, marks),
        )
    if (made.get("Labels") or {}).get(labels.NAME) != file.name:
        raise ConflictError(
            f"volume {name} is there already and not of {file.name}",
            hint=f"docker volume rm {name}, if it is nobody's; or another --name",
        )


def create_one(connection: Connection, plan: Plan, service: str) -> str:
    """Create one server's container and return its id."""
    wanted = plan.file.by_name[service]
    body = creation.container(plan.file, wanted, plan.substitutions)
    with translated(f"creating {wanted.container_name}"):
        made = connection.api.create_container_from_config(body, wanted.container_name)  # type: ignore[no-untyped-call]
        return str(made["Id"])


def secret_names(file: ComposeFile) -> tuple[str, ...]:
    """Return the secrets of a deployment: those of the text, and root's password, which a cluster reads nowhere."""
    named = [secret.key for secret in file.secrets]
    return tuple(dict.fromkeys([*named, PASSWORD])) if JWT in named else tuple(named)


def write_secrets(
    connection: Connection, plan: Plan, wanted: Wanted, made: Mapping[str, str], *, kept: bool
) -> dict[str, bytes]:
    """Put the secrets where the servers read them, and return them; those kept from before stay."""
    readers = [service for service in plan.file.services if service.secrets]
    if not readers:
        return {}
    container = made[readers[0].name]
    there = secrets.get(connection, container) if kept else {}
    fresh = {
        name: wanted.given.get(name) or chance.token_hex(SECRET_BYTES).encode()
        for name in secret_names(plan.file)
        if name not in there or name in wanted.given
    }
    if fresh:
        secrets.put(connection, container, fresh)
    return {**there, **fresh}
