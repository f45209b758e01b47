"""Reads a Compose file back, ours or one edited by hand; what is not supported is refused by line and name.

Knows no engine and starts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from armadillo import labels
from armadillo.problems import KeyPath, nearest
from armadillo.topology import parts
from armadillo.topology.check import NAME, NODE
from armadillo.topology.composefile import ComposeFile, Network, Secret, Service, Volume
from armadillo.topology.fingerprint import topology_hash
from armadillo.topology.model import Role
from armadillo.topology.plan import service as service_name
from armadillo.topology.reading import Reader
from armadillo.yamltext import load as load_yaml

_SERVICE: Final[Mapping[str, Callable[[Reader, KeyPath, Any], Any]]] = {
    "image": Reader.text,
    "container_name": Reader.text,
    "hostname": Reader.text,
    "entrypoint": Reader.words,
    "command": Reader.words,
    "environment": Reader.pairs,
    "labels": Reader.pairs,
    "networks": parts.attachments,
    "volumes": parts.mounts,
    "tmpfs": Reader.one_or_more,
    "secrets": parts.secret_uses,
    "ports": parts.ports,
    "depends_on": parts.dependencies,
    "mem_limit": Reader.size,
    "cpus": Reader.number,
    "cap_add": Reader.texts,
    "cap_drop": Reader.texts,
    "security_opt": Reader.texts,
    "read_only": Reader.flag,
    "ulimits": parts.ulimits,
    "logging": parts.logging,
    "stop_grace_period": Reader.duration,
    "stop_signal": Reader.text,
    "healthcheck": parts.healthcheck,
    "init": Reader.flag,
    "user": Reader.loose,
    "working_dir": Reader.text,
    "dns_opt": Reader.texts,
    "extra_hosts": parts.extra_hosts,
    "sysctls": Reader.pairs,
}

_INSTEAD: Final[Mapping[str, str]] = {
    "build": "build the image first and name it under image",
    "cgroup_parent": "leave it out",
    "configs": "use a secret or a bind mount",
    "deploy": "use mem_limit and cpus",
    "env_file": "write the variables under environment",
    "expose": "leave it out: servers of a network reach every port of each other",
    "extends": "write the service out",
    "links": "leave it out: servers reach each other by name",
    "network_mode": "use networks",
    "pid": "leave it out",
    "privileged": "name the capabilities it needs under cap_add",
    "profiles": "write a file for each choice",
    "restart": "leave it out: a crash is to be seen, not healed",
    "scale": "write a service for each server",
}

_LABELS: Final = (labels.MANAGED, labels.NAME, labels.ROLE, labels.INDEX, labels.TOPOLOGY_HASH, labels.SCHEMA)


def load(text: str, name: str = "compose.yml") -> ComposeFile:
    """Return what the text says; everything that is wrong with it is told in one error, with places under that name."""
    document = load_yaml(text, name)
    reader = Reader(document)
    known = ("version", "name", "services", "networks", "volumes", "secrets")
    top = reader.mapping((), document.value, known)
    _refuse_instead(reader, (), top, known)
    if not top.get("services"):
        if isinstance(document.value, dict | None):
            where = ("services",) if "services" in top else ()
            reader.note(where, "there are no services", "armadillo render prints a file")
        reader.problems.raise_any()
    services = tuple(
        _service(reader, ("services", key), key, value)
        for key, value in reader.mapping(("services",), top["services"]).items()
    )
    networks = _networks(reader, top.get("networks"), services)
    volumes = tuple(_each(reader, "volumes", top.get("volumes"), _volume))
    secrets = tuple(_each(reader, "secrets", top.get("secrets"), _secret))
    _references(reader, services, networks, volumes, secrets)
    deployment = _deployment(reader, services, top.get("name"))
    reader.problems.raise_any()
    return ComposeFile(
        name=deployment,
        hash=topology_hash(text, deployment),
        written_hash=dict(services[0].labels).get(labels.TOPOLOGY_HASH, ""),
        services=services,
        networks=networks,
        volumes=volumes,
        secrets=secrets,
    )


def _refuse_instead(reader: Reader, path: KeyPath, value: Mapping[str, Any], known: Iterable[str]) -> None:
    """Note what Compose knows and Armadillo does not, with what to write instead."""
    for key in value:
        if key in _INSTEAD and key not in known:
            reader.note((*path, key), "is not supported here", _INSTEAD[key])


def _service(reader: Reader, path: KeyPath, key: str, value: Any) -> Service:
    wanted = {it: part for it, part in reader.mapping(path, value).items() if it not in _INSTEAD}
    _refuse_instead(reader, path, reader.mapping(path, value), _SERVICE)
    reader.mapping(path, wanted, _SERVICE)
    read = {it: _SERVICE[it](reader, (*path, it), part) for it, part in wanted.items() if it in _SERVICE}
    if "image" not in read:
        reader.note(path, "has no image", "write image: arangodb/arangodb:3.12.5")
    role, index = _identity(reader, path, key, dict(read.get("labels", ())))
    name = dict(read.get("labels", ())).get(labels.NAME, "")
    defaults = {
        "image": "",
        "container_name": f"{labels.project(name)}-{key}",
        "hostname": key,
        "networks": parts.attachments(reader, path, ["default"]),
    }
    return Service(name=key, role=role, index=index, **{**defaults, **read})


def _identity(reader: Reader, path: KeyPath, key: str, given: Mapping[str, str]) -> tuple[Role, int]:
    """Read from its labels which server this is."""
    fallback = Role.SINGLE, 1
    if given.get(labels.MANAGED) != "true":
        hint = f"label every server as armadillo render does: {', '.join(_LABELS)}"
        reader.note(path, f"carries no label {labels.MANAGED}: this is no server of ours", hint)
        return fallback
    at = (*path, "labels")
    for label in given:
        if label.startswith(labels.PREFIX) and label not in _LABELS:
            _refuse_label(reader, at, label)
    if given.get(labels.SCHEMA, "1") != "1":
        reader.note(at, f"{labels.SCHEMA} {given[labels.SCHEMA]} is of another version", "render the file again")
    role, index = given.get(labels.ROLE, ""), given.get(labels.INDEX, "")
    if role not in tuple(Role) or not re.fullmatch("[1-9][0-9]{0,8}", index):
        reader.note(
            at, f"{labels.ROLE} {role!r} and {labels.INDEX} {index!r} name no server", f"roles are {', '.join(Role)}"
        )
        return fallback
    name = service_name(Role(role), int(index))
    if name != key:
        reader.problems.add(
            path, f"is labelled as {name}", hint=f"call the service {name}, or mend its labels", key=True
        )
    return Role(role), int(index)


def _refuse_label(reader: Reader, path: KeyPath, label: str) -> None:
    if label in labels.LATE:
        reader.note(path, f"{label} is set when the deployment starts", "leave it out")
        return
    meant = nearest(label, _LABELS)
    reader.note(path, f"unknown label {label}" + (f", did you mean {meant}?" if meant else ""))


def _deployment(reader: Reader, services: Iterable[Service], project: Any) -> str:
    """Read the deployment's name, which all servers carry."""
    ours = [(service.name, dict(service.labels)) for service in services]
    named = {service: given.get(labels.NAME, "") for service, given in ours if given.get(labels.MANAGED) == "true"}
    first = next(iter(named.values()), "")
    for service, name in named.items():
        at = ("services", service, "labels")
        if name != first:
            reader.note(at, f"{labels.NAME} is {name!r}, and elsewhere {first!r}", "give all servers the same name")
        elif not re.fullmatch(NAME, name) or re.fullmatch(NODE, name):
            reader.note(at, f"{labels.NAME} {name!r} cannot be the name of a deployment", "call it, say, default")
    if named and project is not None and project != labels.project(first):
        reader.note(("name",), f"must be {labels.project(first)}, as the labels say", "mend it, or leave it out")
    return first


def _networks(reader: Reader, value: Any, services: Iterable[Service]) -> tuple[Network, ...]:
    networks = tuple(_each(reader, "networks", value, _network))
    implied = any(at.network == "default" for service in services for at in service.networks)
    known = any(network.key == "default" for network in networks)
    return (*networks, Network(key="default")) if implied and not known else networks


def _each(reader: Reader, key: str, value: Any, read: Callable[[Reader, KeyPath, str, Any], Any]) -> Iterable[Any]:
    for name, part in reader.mapping((key,), value).items():
        yield read(reader, (key, name), name, part)


def _network(reader: Reader, path: KeyPath, key: str, value: Any) -> Network:
    given = reader.mapping(path, value, ("driver", "internal", "driver_opts", "ipam", "labels"))
    return Network(
        key=key,
        driver=reader.text((*path, "driver"), given.get("driver", "bridge")),
        internal=reader.flag((*path, "internal"), given.get("internal", False)),
        driver_opts=reader.pairs((*path, "driver_opts"), given.get("driver_opts")),
        subnet=parts.subnet(reader, (*path, "ipam"), given.get("ipam")),
        labels=reader.pairs((*path, "labels"), given.get("labels")),
    )


def _volume(reader: Reader, path: KeyPath, key: str, value: Any) -> Volume:
    given = reader.mapping(path, value, ("name", "external", "driver", "driver_opts", "labels"))
    return Volume(
        key=key,
        name=reader.text((*path, "name"), given["name"]) if "name" in given else None,
        external=reader.flag((*path, "external"), given.get("external", False)),
        driver=reader.text((*path, "driver"), given["driver"]) if "driver" in given else None,
        driver_opts=reader.pairs((*path, "driver_opts"), given.get("driver_opts")),
        labels=reader.pairs((*path, "labels"), given.get("labels")),
    )


def _secret(reader: Reader, path: KeyPath, key: str, value: Any) -> Secret:
    given = reader.mapping(path, value, ("file",))
    if "file" not in given:
        reader.note(path, "has no file", f"write file: ./secrets/{key}")
    return Secret(key, reader.text((*path, "file"), given.get("file", "")))


def _references(
    reader: Reader,
    services: tuple[Service, ...],
    networks: tuple[Network, ...],
    volumes: tuple[Volume, ...],
    secrets: tuple[Secret, ...],
) -> None:
    """Note every name that names nothing in this file."""
    known = {
        "networks": {network.key for network in networks},
        "volumes": {volume.key for volume in volumes},
        "secrets": {secret.key for secret in secrets},
        "depends_on": {service.name for service in services},
    }
    for service in services:
        used = {
            "networks": [it.network for it in service.networks],
            "volumes": [it.source for it in service.volumes if it.kind == "volume"],
            "secrets": [it.secret for it in service.secrets],
            "depends_on": [it.service for it in service.depends_on],
        }
        for key, names in used.items():
            for name in (it for it in names if it and it not in known[key]):
                meant = nearest(name, known[key])
                what = "service" if key == "depends_on" else key[:-1]
                hint = f"did you mean {meant}?" if meant else f"add it under {key.replace('depends_on', 'services')}"
                reader.note(("services", service.name, key), f"there is no {what} {name}", hint)
