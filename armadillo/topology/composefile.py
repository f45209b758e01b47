"""What a Compose text says, as values: all that an engine needs to create the deployment.

Knows neither how it was written nor how it is created.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from armadillo import labels
from armadillo.topology.model import Pairs, Role


class MountKind(enum.StrEnum):
    """Where the files of a mount are."""

    VOLUME = "volume"
    BIND = "bind"
    TMPFS = "tmpfs"


@dataclass(frozen=True, slots=True)
class Mount:
    """A place in a container; `source` is a volume's key, a host path or empty, `size` that of a tmpfs in bytes."""

    kind: MountKind
    target: str
    source: str = ""
    read_only: bool = False
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Port:
    """A published port; without a host port the engine chooses one."""

    container: int
    host: int | None = None
    host_ip: str = "0.0.0.0"
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A network a container is in, and what else it is called there."""

    network: str
    aliases: tuple[str, ...] = ()
    ipv4_address: str | None = None


@dataclass(frozen=True, slots=True)
class SecretUse:
    """A secret and the path a container reads it from."""

    secret: str
    target: str


@dataclass(frozen=True, slots=True)
class Ulimit:
    """A limit of a container's processes."""

    name: str
    soft: int
    hard: int


@dataclass(frozen=True, slots=True)
class Logging:
    """Where the engine puts a container's output."""

    driver: str
    options: Pairs = ()


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """How the engine asks a container whether it is well; a test of NONE asks nothing. Times in seconds."""

    test: tuple[str, ...]
    interval: float | None = None
    timeout: float | None = None
    retries: int | None = None
    start_period: float | None = None


@dataclass(frozen=True, slots=True)
class Dependency:
    """A service that is started before."""

    service: str
    condition: str = "service_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One server as it is to be created; what is None or empty is left to the image and the engine."""

    name: str
    role: Role
    index: int
    image: str
    container_name: str
    hostname: str
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    environment: Pairs = ()
    labels: Pairs = ()
    networks: tuple[Attachment, ...] = ()
    volumes: tuple[Mount, ...] = ()
    tmpfs: tuple[str, ...] = ()
    secrets: tuple[SecretUse, ...] = ()
    ports: tuple[Port, ...] = ()
    depends_on: tuple[Dependency, ...] = ()
    mem_limit: int | None = None
    cpus: float | None = None
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    security_opt: tuple[str, ...] = ()
    read_only: bool = False
    ulimits: tuple[Ulimit, ...] = ()
    logging: Logging | None = None
    stop_grace_period: float | None = None
    stop_signal: str | None = None
    healthcheck: Healthcheck | None = None
    init: bool = False
    user: str | None = None
    working_dir: str | None = None
    dns_opt: tuple[str, ...] = ()
    extra_hosts: Pairs = ()
    sysctls: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network of the deployment, under its key."""

    key: str
    driver: str = "bridge"
    internal: bool = False
    driver_opts: Pairs = ()
    subnet: str | None = None
    labels: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume under its key; an external one is neither made nor removed with the deployment."""

    key: str
    name: str | None = None
    external: bool = False
    driver: str | None = None
    driver_opts: Pairs = ()
    labels: Pairs = ()


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret under its key, and the file it is read from, relative to the Compose file."""

    key: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeFile:
    """A deployment as its Compose text says; `hash` is computed from the text, `written_hash` is the label's."""

    name: str
    hash: str
    written_hash: str
    services: tuple[Service, ...]
    networks: tuple[Network, ...] = ()
    volumes: tuple[Volume, ...] = ()
    secrets: tuple[Secret, ...] = ()

    @property
    def project(self) -> str:
        """Return the name of the Compose project."""
        return labels.project(self.name)

    @property
    def by_name(self) -> Mapping[str, Service]:
        """Return the services by name."""
        return {service.name: service for service in self.services}
