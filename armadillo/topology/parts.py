"""Reads the parts of a Compose service that have a form of their own: ports, mounts, health checks and the like.

Knows one part at a time, never the file.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from armadillo.problems import KeyPath
from armadillo.topology.composefile import (
    Attachment,
    Dependency,
    Healthcheck,
    Logging,
    Mount,
    MountKind,
    Port,
    SecretUse,
    Ulimit,
)
from armadillo.topology.model import Pairs
from armadillo.topology.reading import Reader

_PORT = re.compile(r"(?:(?:(\[[0-9a-fA-F:.]+\]|[0-9.]+):)?([0-9]{1,5})?:)?([0-9]{1,5})(?:/(tcp|udp|sctp))?")
_CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")
_HOW_MOUNTED = "write volume:/path, ./path:/path or /path:/path, perhaps with :ro"


def ports(reader: Reader, path: KeyPath, value: Any) -> tuple[Port, ...]:
    read = (_port(reader, at, item) for at, item in reader.items(path, value))
    return tuple(port for port in read if port)


def _port(reader: Reader, path: KeyPath, value: Any) -> Port | None:
    if isinstance(value, dict):
        given = reader.mapping(path, value, ("target", "published", "host_ip", "protocol", "mode"))
        if "target" not in given:
            reader.note(path, "has no target", "write target: 8529")
        if given.get("mode", "host") not in ("host", "ingress"):
            reader.wrong((*path, "mode"), given["mode"], "host or ingress")
        return Port(
            reader.whole((*path, "target"), given.get("target", 1), least=1),
            reader.whole((*path, "published"), given["published"], least=1) if "published" in given else None,
            reader.text((*path, "host_ip"), given.get("host_ip", "0.0.0.0")),
            reader.text((*path, "protocol"), given.get("protocol", "tcp")),
        )
    text = reader.loose(path, value)
    match = _PORT.fullmatch(text)
    if match is None or not all(0 < int(port) < 65536 for port in match.group(2, 3) if port):
        reader.note(path, f"{text!r} publishes no port", 'write "127.0.0.1::8529" or "127.0.0.1:8529:8529"')
        return None
    host_ip, host, container, protocol = match.groups()
    chosen = int(host) if host else None
    return Port(int(container), chosen, host_ip.strip("[]") if host_ip else "0.0.0.0", protocol or "tcp")


def mounts(reader: Reader, path: KeyPath, value: Any) -> tuple[Mount, ...]:
    read = (
        _long_mount(reader, at, item) if isinstance(item, dict) else _short_mount(reader, at, reader.text(at, item))
        for at, item in reader.items(path, value)
    )
    return tuple(mount for mount in read if mount)


def _short_mount(reader: Reader, path: KeyPath, text: str) -> Mount | None:
    source, _, rest = text.partition(":")
    target, _, mode = rest.partition(":")
    if not source or not target.startswith("/") or mode not in ("", "ro", "rw"):
        reader.note(path, f"{text!r} mounts nothing", _HOW_MOUNTED)
        return None
    return Mount(_kind(reader, path, source), target, source, mode == "ro")


def _kind(reader: Reader, path: KeyPath, source: str) -> MountKind:
    if source.startswith("~"):
        reader.note(path, f"whose home {source} is in depends on who starts it", "write the whole path")
    return MountKind.BIND if source.startswith(("/", ".", "~")) else MountKind.VOLUME


def _long_mount(reader: Reader, path: KeyPath, value: Any) -> Mount | None:
    given = reader.mapping(path, value, ("type", "source", "target", "read_only", "tmpfs"))
    kind, target = given.get("type"), reader.text((*path, "target"), given.get("target", ""))
    if kind not in tuple(MountKind):
        reader.wrong((*path, "type") if "type" in given else path, kind, "of type volume, bind or tmpfs")
        return None
    source = reader.text((*path, "source"), given.get("source", ""))
    if not target.startswith("/") or (kind == MountKind.TMPFS) == bool(source):
        needed = "a target alone" if kind == MountKind.TMPFS else "a source and a target"
        reader.note(path, f"a mount of type {kind} has {needed}", "the target is an absolute path")
    size = reader.mapping((*path, "tmpfs"), given.get("tmpfs"), ("size",)).get("size")
    return Mount(
        MountKind(kind),
        target,
        source,
        reader.flag((*path, "read_only"), given.get("read_only", False)),
        None if size is None else reader.size((*path, "tmpfs", "size"), size),
    )


def attachments(reader: Reader, path: KeyPath, value: Any) -> tuple[Attachment, ...]:
    if isinstance(value, list):
        return tuple(Attachment(reader.text(at, item)) for at, item in reader.items(path, value))
    return tuple(_attachment(reader, (*path, key), key, part) for key, part in reader.mapping(path, value).items())


def _attachment(reader: Reader, path: KeyPath, key: str, value: Any) -> Attachment:
    given = reader.mapping(path, value, ("aliases", "ipv4_address"))
    address = given.get("ipv4_address")
    return Attachment(
        key,
        reader.texts((*path, "aliases"), given.get("aliases")),
        None if address is None else reader.text((*path, "ipv4_address"), address),
    )


def secret_uses(reader: Reader, path: KeyPath, value: Any) -> tuple[SecretUse, ...]:
    return tuple(_secret_use(reader, at, item) for at, item in reader.items(path, value))


def _secret_use(reader: Reader, path: KeyPath, value: Any) -> SecretUse:
    if not isinstance(value, dict):
        secret = reader.text(path, value)
        return SecretUse(secret, f"/run/secrets/{secret}")
    given = reader.mapping(path, value, ("source", "target"))
    if "source" not in given:
        reader.note(path, "has no source", "name the secret")
    secret = reader.text((*path, "source"), given.get("source", ""))
    target = reader.text((*path, "target"), given.get("target", secret))
    return SecretUse(secret, target if target.startswith("/") else f"/run/secrets/{target}")


def dependencies(reader: Reader, path: KeyPath, value: Any) -> tuple[Dependency, ...]:
    if isinstance(value, list):
        return tuple(Dependency(reader.text(at, item)) for at, item in reader.items(path, value))
    return tuple(_dependency(reader, (*path, key), key, part) for key, part in reader.mapping(path, value).items())


def _dependency(reader: Reader, path: KeyPath, key: str, value: Any) -> Dependency:
    condition = reader.mapping(path, value, ("condition",)).get("condition", "service_started")
    if condition not in _CONDITIONS:
        reader.wrong((*path, "condition"), condition, f"one of {', '.join(_CONDITIONS)}")
        condition = _CONDITIONS[0]
    return Dependency(key, condition)


def ulimits(reader: Reader, path: KeyPath, value: Any) -> tuple[Ulimit, ...]:
    return tuple(_ulimit(reader, (*path, key), key, part) for key, part in reader.mapping(path, value).items())


def _ulimit(reader: Reader, path: KeyPath, key: str, value: Any) -> Ulimit:
    if not isinstance(value, dict):
        both = reader.whole(path, value, least=-1)
        return Ulimit(key, both, both)
    given = reader.mapping(path, value, ("soft", "hard"))
    for missing in ("soft", "hard"):
        if missing not in given:
            reader.note(path, f"has no {missing} limit", "write both, or one number for both")
    soft, hard = (reader.whole((*path, one), given.get(one, -1), least=-1) for one in ("soft", "hard"))
    return Ulimit(key, soft, hard)


def logging(reader: Reader, path: KeyPath, value: Any) -> Logging:
    given = reader.mapping(path, value, ("driver", "options"))
    driver = reader.text((*path, "driver"), given.get("driver", "json-file"))
    return Logging(driver, reader.pairs((*path, "options"), given.get("options")))


def healthcheck(reader: Reader, path: KeyPath, value: Any) -> Healthcheck:
    known = ("test", "interval", "timeout", "retries", "start_period", "disable")
    given = reader.mapping(path, value, known)
    times = {
        key: reader.duration((*path, key), given[key]) if key in given else None
        for key in ("interval", "timeout", "start_period")
    }
    retries = reader.whole((*path, "retries"), given["retries"]) if "retries" in given else None
    off = "disable" in given and reader.flag((*path, "disable"), given["disable"])
    test = ("NONE",) if off else _test(reader, path, given.get("test"))
    return Healthcheck(test, retries=retries, **times)


def _test(reader: Reader, path: KeyPath, value: Any) -> tuple[str, ...]:
    if value is None:
        reader.note(path, "has no test", "write test: [CMD, …], or disable: true")
        return ("NONE",)
    at = (*path, "test")
    if isinstance(value, str):
        return ("CMD-SHELL", reader.text(at, value))
    test = reader.texts(at, value)
    if not test or test[0] not in ("CMD", "CMD-SHELL", "NONE"):
        reader.note(at, "must begin with CMD, CMD-SHELL or NONE", "or be one string, for a shell")
    return test


def extra_hosts(reader: Reader, path: KeyPath, value: Any) -> Pairs:
    return reader.pairs(path, value, ":")


def subnet(reader: Reader, path: KeyPath, value: Any) -> str | None:
    """Read the one subnet of a network's address management."""
    given = reader.mapping(path, value, ("driver", "config"))
    if given.get("driver", "default") != "default":
        reader.wrong((*path, "driver"), given["driver"], "default")
    read = [
        (at, reader.text((*at, "subnet"), reader.mapping(at, item, ("subnet",)).get("subnet")))
        for at, item in reader.items((*path, "config"), given.get("config"))
    ]
    if len(read) > 1:
        reader.note((*path, "config"), "has several subnets", "keep one of them")
    for at, text in read:
        try:
            ipaddress.ip_network(text)
        except ValueError as exc:
            reader.note((*at, "subnet"), f"is no network: {exc}", "write it like 172.30.0.0/26")
    return read[0][1] if read else None
