"""The parts of a service, in every form that Compose lets them be written in."""

from __future__ import annotations

from typing import Any

import pytest

from armadillo.topology import load_compose
from armadillo.topology.composefile import (
    Attachment,
    Dependency,
    Healthcheck,
    Logging,
    Mount,
    MountKind,
    Port,
    SecretUse,
    Service,
    Ulimit,
)

HEAD = """\
services:
  single:
    image: arangodb/arangodb:3.12.5
    labels: [armadillo.managed=true, armadillo.name=mine, armadillo.role=single, armadillo.index=1]
"""
PLACES = """
networks: {lab: , other: }
volumes: {data: }
secrets: {jwt: {file: ./secrets/jwt}}
"""


def single(line: str, places: str = PLACES) -> Service:
    return load_compose(f"{HEAD}    {line}\n{places}").services[0]


@pytest.mark.parametrize(
    ("line", "part", "value"),
    [
        ("entrypoint: [arangod]", "entrypoint", ("arangod",)),
        ("entrypoint: arangod 'a b'", "entrypoint", ("arangod", "a b")),
        ("command:", "command", None),
        ("command: [--log.level, 5]", "command", ("--log.level", "5")),
        (
            "environment: {A: 1, B: 1.5, C: x$$y, D: ''}",
            "environment",
            (("A", "1"), ("B", "1.5"), ("C", "x$y"), ("D", "")),
        ),
        ("environment: [A=1, 'B=x=y']", "environment", (("A", "1"), ("B", "x=y"))),
        ("environment:", "environment", ()),
        ("container_name: other", "container_name", "other"),
        ("hostname: other", "hostname", "other"),
        ("networks: [lab]", "networks", (Attachment("lab"),)),
        (
            "networks: {lab: , other: {aliases: [db], ipv4_address: 172.30.0.5}}",
            "networks",
            (Attachment("lab"), Attachment("other", ("db",), "172.30.0.5")),
        ),
        (
            "volumes: ['data:/a', './b:/b:ro', '/c:/c:rw']",
            "volumes",
            (
                Mount(MountKind.VOLUME, "/a", "data"),
                Mount(MountKind.BIND, "/b", "./b", True),
                Mount(MountKind.BIND, "/c", "/c"),
            ),
        ),
        (
            (
                "volumes: [{type: volume, source: data, target: /a, read_only: true}, "
                "{type: tmpfs, target: /t, tmpfs: {size: 64m}}]"
            ),
            "volumes",
            (Mount(MountKind.VOLUME, "/a", "data", True), Mount(MountKind.TMPFS, "/t", size=64 << 20)),
        ),
        ("tmpfs: /tmp", "tmpfs", ("/tmp",)),
        ("tmpfs: ['/tmp:size=64m', /run]", "tmpfs", ("/tmp:size=64m", "/run")),
        ("secrets: [jwt]", "secrets", (SecretUse("jwt", "/run/secrets/jwt"),)),
        (
            "secrets: [{source: jwt, target: a}, {source: jwt, target: /b}, {source: jwt}]",
            "secrets",
            (SecretUse("jwt", "/run/secrets/a"), SecretUse("jwt", "/b"), SecretUse("jwt", "/run/secrets/jwt")),
        ),
        ("ports: [8529]", "ports", (Port(8529),)),
        ("ports: ['127.0.0.1::8529']", "ports", (Port(8529, None, "127.0.0.1"),)),
        ("ports: ['80:8529/udp']", "ports", (Port(8529, 80, protocol="udp"),)),
        ("ports: ['[::1]:80:8529']", "ports", (Port(8529, 80, "::1"),)),
        (
            "ports: [{target: 8529, published: '80', host_ip: 127.0.0.1, protocol: tcp, mode: host}, {target: 1}]",
            "ports",
            (Port(8529, 80, "127.0.0.1"), Port(1)),
        ),
        ("depends_on: [single]", "depends_on", (Dependency("single"),)),
        (
            "depends_on: {single: {condition: service_healthy}}",
            "depends_on",
            (Dependency("single", "service_healthy"),),
        ),
        ("mem_limit: 512m", "mem_limit", 512 << 20),
        ("mem_limit: 1073741824", "mem_limit", 1 << 30),
        ("cpus: 1.5", "cpus", 1.5),
        ("cpus: '2'", "cpus", 2.0),
        ("cap_add: [NET_ADMIN]", "cap_add", ("NET_ADMIN",)),
        ("cap_drop: [ALL]", "cap_drop", ("ALL",)),
        ("security_opt: ['no-new-privileges:true']", "security_opt", ("no-new-privileges:true",)),
        ("read_only: true", "read_only", True),
        (
            "ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3, core: -1}",
            "ulimits",
            (Ulimit("nofile", 1, 2), Ulimit("nproc", 3, 3), Ulimit("core", -1, -1)),
        ),
        ("logging: {driver: local, options: {max-size: 1m}}", "logging", Logging("local", (("max-size", "1m"),))),
        ("logging: {}", "logging", Logging("json-file")),
        ("stop_grace_period: 1m30s", "stop_grace_period", 90.0),
        ("stop_signal: SIGINT", "stop_signal", "SIGINT"),
        (
            "healthcheck: {test: [CMD, x], interval: 500ms, timeout: 1s, retries: 3, start_period: 1m}",
            "healthcheck",
            Healthcheck(("CMD", "x"), 0.5, 1.0, 3, 60.0),
        ),
        ("healthcheck: {test: exit 0}", "healthcheck", Healthcheck(("CMD-SHELL", "exit 0"))),
        ("healthcheck: {disable: true}", "healthcheck", Healthcheck(("NONE",))),
        ("init: true", "init", True),
        ("user: 1000", "user", "1000"),
        ("user: '1000:0'", "user", "1000:0"),
        ("working_dir: /x", "working_dir", "/x"),
        ("dns_opt: ['timeout:1']", "dns_opt", ("timeout:1",)),
        ("extra_hosts: ['a:1.2.3.4']", "extra_hosts", (("a", "1.2.3.4"),)),
        ("extra_hosts: {a: 1.2.3.4}", "extra_hosts", (("a", "1.2.3.4"),)),
        ("sysctls: {net.core.somaxconn: 1024}", "sysctls", (("net.core.somaxconn", "1024"),)),
        ("sysctls: [net.core.somaxconn=1024]", "sysctls", (("net.core.somaxconn", "1024"),)),
        ("x-mine: anything", "image", "arangodb/arangodb:3.12.5"),
    ],
)
def test_a_part_is_read_in_every_form_it_is_written_in(line: str, part: str, value: Any) -> None:
    assert getattr(single(line), part) == value
