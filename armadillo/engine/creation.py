"""A service of the Compose text as the engine's create call wants it, with what `up` puts in its place.

Pure translation: speaks to no engine, chooses nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from armadillo import labels
from armadillo.engine.secrets import MOUNT, volume_name
from armadillo.errors import ConfigurationError
from armadillo.topology.composefile import Attachment, ComposeFile, Mount, MountKind, Service, Volume
from armadillo.topology.model import PORT, Role

NANO = 1_000_000_000
COMPOSE_VERSION = "1.29.2"
"""The docker-compose whose labels these are; it and its successors read them."""
SECRETS = Volume(key="secrets")
"""The volume that holds the secrets; the text knows files instead."""


@dataclasses.dataclass(frozen=True, slots=True)
class Binding:
    """A published port, chosen."""

    container: int
    host_ip: str
    host: int
    protocol: str = "tcp"


@dataclasses.dataclass(frozen=True, slots=True)
class Substitutions:
    """What stands for what in the text when it is started: nothing else differs."""

    images: Mapping[str, str]
    marks: Mapping[str, str]
    bindings: Mapping[str, tuple[Binding, ...]] = dataclasses.field(default_factory=dict)
    host: str = "127.0.0.1"

    def marks_of(self, service: str) -> dict[str, str]:
        """Return the run-time labels of one server."""
        ports = ",".join(str(binding.host) for binding in self.bindings.get(service, ()))
        return {**self.marks, **({labels.PORT: ports} if ports else {})}

    def advertised(self, service: Service) -> tuple[str, ...]:
        """Return the option that tells a coordinator where clients reach it, which its host name does not."""
        bound = [one.host for one in self.bindings.get(service.name, ()) if one.container == PORT]
        if service.role is not Role.COORDINATOR or not bound:
            return ()
        return (f"--cluster.my-advertised-endpoint=tcp://{self.host}:{bound[0]}",)


def container(file: ComposeFile, service: Service, given: Substitutions) -> dict[str, Any]:
    """Return the body of the create call."""
    if not service.networks:
        raise ConfigurationError(f"services.{service.name} is in no network", hint="write networks: [lab]")
    first = service.networks[0]
    exposed: dict[str, dict[str, str]] = {f"{port.container}/{port.protocol}": {} for port in service.ports}
    body: dict[str, Any] = {
        "Image": given.images[service.image],
        "Hostname": service.hostname,
        "Env": [f"{name}={value}" for name, value in service.environment],
        "Labels": all_labels(file, service, given),
        "ExposedPorts": exposed or None,
        "Entrypoint": None if service.entrypoint is None else list(service.entrypoint),
        "Cmd": None if service.command is None else [*service.command, *given.advertised(service)],
        "User": service.user,
        "WorkingDir": service.working_dir,
        "StopSignal": service.stop_signal,
        "StopTimeout": None if service.stop_grace_period is None else round(service.stop_grace_period),
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": host_config(file, service, given),
        "NetworkingConfig": {"EndpointsConfig": {network_name(file, first.network): endpoint(service, first)}},
    }
    return {key: value for key, value in body.items() if value is not None}


def all_labels(file: ComposeFile, service: Service, given: Substitutions) -> dict[str, str]:
    """Return the text's labels, those known only now, and Compose's own, so that it takes the container for its."""
    digest = hashlib.sha256(repr(service).encode()).hexdigest()
    return {
        **dict(service.labels),
        **given.marks_of(service.name),
        labels.COMPOSE_PROJECT: file.project,
        labels.COMPOSE_SERVICE: service.name,
        labels.COMPOSE_NUMBER: "1",
        labels.COMPOSE_ONEOFF: "False",
        labels.COMPOSE_HASH: digest,
        labels.COMPOSE_VERSION: COMPOSE_VERSION,
    }


def host_config(file: ComposeFile, service: Service, given: Substitutions) -> dict[str, Any]:
    """Return what the engine gives the container, and what it takes from it."""
    found: dict[str, Any] = {
        "NetworkMode": network_name(file, service.networks[0].network),
        "Mounts": [*mounts(file, service.volumes, given.marks), *secret_mounts(file, service, given.marks)],
        "Tmpfs": dict(tmpfs(service)) or None,
        "PortBindings": bindings(given.bindings.get(service.name, ())) or None,
        "Memory": service.mem_limit,
        "MemorySwap": service.mem_limit,
        "NanoCpus": None if service.cpus is None else round(service.cpus * NANO),
        "CapAdd": list(service.cap_add) or None,
        "CapDrop": list(service.cap_drop) or None,
        "SecurityOpt": list(service.security_opt) or None,
        "ReadonlyRootfs": service.read_only,
        "Ulimits": [{"Name": one.name, "Soft": one.soft, "Hard": one.hard} for one in service.ulimits] or None,
        "RestartPolicy": {"Name": "no"},
        "Init": service.init or None,
        "DnsOptions": list(service.dns_opt) or None,
        "ExtraHosts": [f"{host}:{address}" for host, address in service.extra_hosts] or None,
        "Sysctls": dict(service.sysctls) or None,
    }
    if service.logging:
        found["LogConfig"] = {"Type": service.logging.driver, "Config": dict(service.logging.options)}
    return {key: value for key, value in found.items() if value is not None}


def network_name(file: ComposeFile, key: str) -> str:
    """Return the name a network of the text has on the engine."""
    return f"{file.project}_{key}"


def endpoint(service: Service, one: Attachment) -> dict[str, Any]:
    """Return what a container is called in a network, and its address where it has to have one."""
    return {
        "Aliases": [service.name, *one.aliases],
        **({"IPAMConfig": {"IPv4Address": one.ipv4_address}} if one.ipv4_address else {}),
    }


def further(file: ComposeFile, service: Service) -> dict[str, Attachment]:
    """Return the networks that a container joins after its creation: the engine takes one with the call."""
    return {network_name(file, one.network): one for one in service.networks[1:]}


def on_engine(file: ComposeFile, volume: Volume) -> str:
    """Return the name a volume of the text has on the engine."""
    return volume.name or (volume.key if volume.external else f"{file.project}_{volume.key}")


def mounts(file: ComposeFile, wanted: Iterable[Mount], marks: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the mounts of a service, volumes under the engine's names."""
    volumes = {volume.key: volume for volume in file.volumes}
    return [mounted(file, one, volumes.get(one.source), marks) for one in wanted]


def mounted(file: ComposeFile, one: Mount, volume: Volume | None, marks: Mapping[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"Type": one.kind.value, "Target": one.target, "ReadOnly": one.read_only}
    if one.kind is MountKind.TMPFS:
        return {**entry, **({"TmpfsOptions": {"SizeBytes": one.size}} if one.size else {})}
    if volume is None or one.kind is MountKind.BIND:
        return {**entry, "Source": one.source}
    return {**entry, "Source": on_engine(file, volume), **made_with(file, volume, marks)}


def made_with(file: ComposeFile, volume: Volume, marks: Mapping[str, str]) -> dict[str, Any]:
    """Label what the engine makes when the volume was swept while the container's creation was under way."""
    return {} if volume.external else {"VolumeOptions": {"Labels": volume_labels(file, volume, marks)}}


def volume_labels(file: ComposeFile, volume: Volume, marks: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of a volume."""
    return {**dict(volume.labels), **own(file, marks), labels.COMPOSE_VOLUME: volume.key}


def own(file: ComposeFile, marks: Mapping[str, str]) -> dict[str, str]:
    """Return the labels that networks and volumes have in common."""
    return {**marks, labels.COMPOSE_PROJECT: file.project, labels.COMPOSE_VERSION: COMPOSE_VERSION}


def secret_mounts(file: ComposeFile, service: Service, marks: Mapping[str, str]) -> list[dict[str, Any]]:
    """Mount the volume that holds the secrets where the text wants them."""
    for use in service.secrets:
        if use.target != f"{MOUNT}/{use.secret}":
            raise ConfigurationError(
                f"services.{service.name}.secrets: {use.secret} at {use.target}: `up` puts secrets below {MOUNT} only",
                hint=f"leave the target out; the secret is at {MOUNT}/{use.secret}",
            )
    if not service.secrets:
        return []
    entry = {"Type": "volume", "Target": MOUNT, "Source": volume_name(file.project), "ReadOnly": False}
    return [{**entry, **made_with(file, SECRETS, marks)}]


def tmpfs(service: Service) -> Iterable[tuple[str, str]]:
    """Yield the memory file systems with their options."""
    for entry in service.tmpfs:
        target, _, options = entry.partition(":")
        yield target, options


def bindings(chosen: Iterable[Binding]) -> dict[str, list[dict[str, str]]]:
    """Return the published ports by number."""
    found: dict[str, list[dict[str, str]]] = {}
    for one in chosen:
        at = found.setdefault(f"{one.container}/{one.protocol}", [])
        at.append({"HostIp": one.host_ip, "HostPort": str(one.host)})
    return found
