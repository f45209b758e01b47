"""What makes a wish impossible: everything that is wrong with a topology, each with the way out.

Knows no file: a path names the part of the topology in the words of the topology file.
"""

from __future__ import annotations

import ipaddress
import itertools
import math
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from armadillo import problems as told
from armadillo.errors import ConfigurationError
from armadillo.problems import KeyPath
from armadillo.topology.model import (
    KEYS,
    MIB,
    PORT_STEP,
    STANDIN,
    Given,
    Mode,
    Nodes,
    Override,
    Publish,
    Role,
    Servers,
    Topology,
    ranked,
)

LONGEST_CONTAINER_NAME: Final = 63
LONGEST_NAME: Final = LONGEST_CONTAINER_NAME - len("armadillo--coordinator1000")
MOST_SERVERS: Final = 1000
LEAST_MEMORY: Final = 64 * MIB
LEAST_CPUS: Final = 0.01
MOST_COPIES: Final = 10

NAME: Final = r"[a-z0-9][a-z0-9_-]*"
NODE: Final = r"(?:agent|dbserver|coordinator|single)[0-9]*"
OPTION: Final = r"[a-z][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)+"
VARIABLE: Final = r"[A-Za-z_][A-Za-z0-9_]*"
VOLUME: Final = r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,199}"
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_HOST = r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::[0-9]+)?/"
IMAGE: Final = rf"(?:{_HOST})?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?"

_PRIVATE: Final = tuple(
    ipaddress.IPv4Network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15")
)

# What is reserved, and how to wish for it instead.
_OPTIONS: Final = {
    "agency.activate": "the role says it",
    "agency.endpoint": "Armadillo connects the agents",
    "agency.my-address": "Armadillo names the servers",
    "agency.size": "change the number of agents",
    "agency.supervision": "it is always on",
    "cluster.agency-endpoint": "Armadillo connects the servers",
    "cluster.my-address": "Armadillo names the servers",
    "cluster.my-advertised-endpoint": "publish the coordinators, it is set then",
    "cluster.my-role": "the role says it",
    "database.directory": "choose the volumes",
    "database.password": "the root password is generated, or given as a file",
    "javascript.app-path": "it is a place of the image",
    "javascript.startup-directory": "it is a place of the image",
    "log.file": "servers log to the engine; use log.output for more",
    "rocksdb.encryption-keyfile": "no such file is given to the servers",
    "server.authentication": "switch auth off instead",
    "server.endpoint": "choose the port and what is published",
    "server.jwt-secret": "the secret is generated, or given as a file",
    "server.jwt-secret-folder": "the secret is generated, or given as a file",
    "server.jwt-secret-keyfile": "the secret is generated, or given as a file",
    "server.storage-engine": "there is only one, rocksdb",
    "ssl.cafile": "servers speak plain HTTP",
    "ssl.keyfile": "servers speak plain HTTP",
}
_VARIABLES: Final = {
    "ARANGO_NO_AUTH": "switch auth off instead",
    "ARANGO_RANDOM_ROOT_PASSWORD": "the root password is generated, or given as a file",
    "ARANGO_ROOT_PASSWORD": "the root password is generated, or given as a file",
    "ARANGO_ROOT_PASSWORD_FILE": "the root password is generated, or given as a file",
    "SKIP_DATABASE_INIT": "the role says it",
}


class Problem(NamedTuple):
    """Why a wish cannot be met, and the way out; `about` names everything that it compares."""

    path: KeyPath
    message: str
    hint: str
    about: tuple[KeyPath, ...] = ()


def problems(topology: Topology, name: str = "default") -> tuple[Problem, ...]:
    """Return everything that makes the wish impossible; nothing when it can be met."""
    checks: tuple[Callable[[Topology], Iterator[Problem]], ...] = (
        _mode,
        _counts,
        _copies,
        _roles,
        _overrides,
        _ports,
        _subnet,
        _volumes,
    )
    found = [*_name(name), *_image(("image",), topology.image)]
    return tuple(found + [problem for check in checks for problem in check(topology)])


def ensure(topology: Topology, name: str = "default") -> None:
    """Raise one error that tells every problem of a topology; do nothing when there is none."""
    found = problems(topology, name)
    if found:
        raise told.error([told.Problem("", told.dotted(it.path), it.message, it.hint) for it in found])


def _name(name: str) -> Iterator[Problem]:
    path = ("name",)
    if not re.fullmatch(NAME, name, re.ASCII):
        hint = "use lower-case letters, digits, _ and -, beginning with a letter or digit"
        yield Problem(path, f"{name!r} cannot be the name of a deployment", hint)
    elif re.fullmatch(NODE, name):
        yield Problem(path, f"{name!r} always names a server, never a deployment", f"call it my-{name}")
    elif len(name) > LONGEST_NAME:
        message = (
            f"{name!r} is too long: {len(name)} characters, and container names have at most {LONGEST_CONTAINER_NAME}"
        )
        yield Problem(path, message, f"use at most {LONGEST_NAME} characters")


def _image(path: KeyPath, image: str | None) -> Iterator[Problem]:
    if image is not None and image != STANDIN and not re.fullmatch(rf"{IMAGE}|sha256:[0-9a-f]{{64}}", image, re.ASCII):
        yield Problem(path, f"{image!r} cannot be the name of an image", "write it like arangodb/arangodb:3.12.5")


def _mode(topology: Topology) -> Iterator[Problem]:
    if topology.mode is Mode.CLUSTER:
        if topology.single != Servers():
            hint = "give it to agents, dbservers or coordinators, or choose mode single"
            yield Problem(("single",), "a cluster has no single server", hint, (("mode",),))
        return
    plain = Topology()
    for role, key in KEYS.items():
        if role is not Role.SINGLE and topology.of(role) != plain.of(role):
            yield Problem((key,), f"a single server has no {key}", "choose mode cluster", (("mode",),))
    if topology.replication_factor is not None:
        message = "a single server keeps one copy of everything"
        yield Problem(("replicationFactor",), message, "choose mode cluster, or leave it out", (("mode",),))


def _counts(topology: Topology) -> Iterator[Problem]:
    for role, key in KEYS.items():
        if role not in topology.roles():
            continue
        count, path = topology.of(role).count, (key, "count")
        if count < 1:
            yield Problem(path, f"a {topology.mode} needs at least one {role}, not {count}", "use 1 or more")
        elif role is Role.SINGLE and count > 1:
            yield Problem(path, f"{count} single servers are not one deployment", "start several, each with a name")
        elif role is Role.AGENT and count % 2 == 0:
            message = f"{count} agents survive no more losses than {count - 1}, and ArangoDB refuses them"
            yield Problem(path, message, f"use an odd number: {count - 1} or {count + 1}")
        elif count > MOST_SERVERS:
            yield Problem(path, f"{count} servers of one role are too many", f"use at most {MOST_SERVERS}")


def _copies(topology: Topology) -> Iterator[Problem]:
    copies, dbservers = topology.replication_factor, topology.dbservers.count
    path, about = ("replicationFactor",), (("dbservers", "count"),)
    if copies is None or topology.mode is Mode.SINGLE:
        return
    if not 1 <= copies <= MOST_COPIES:
        yield Problem(path, f"{copies} copies are not possible", f"use 1 to {MOST_COPIES}")
    elif copies > dbservers >= 1:
        message = f"{copies} copies need {copies} dbservers, and there are {dbservers}"
        yield Problem(path, message, f"use {copies} dbservers, or a replication factor of at most {dbservers}", about)
    option = "cluster.default-replication-factor"
    if option in dict(topology.coordinators.arguments):
        hint = "leave one of the two out"
        yield Problem(("coordinators", "args", f"--{option}"), f"contradicts replicationFactor {copies}", hint, (path,))


def _roles(topology: Topology) -> Iterator[Problem]:
    for role, key in KEYS.items():
        yield from _given((key,), topology.of(role))


def _given(path: KeyPath, given: Given) -> Iterator[Problem]:
    """Tell what is wrong with what servers are given, of a role or by an override."""
    yield from _image((*path, "image"), given.image)
    for option, value in given.arguments:
        yield from _argument((*path, "args", f"--{option}"), option, value)
    for variable, value in given.environment:
        yield from _variable((*path, "environment", variable), variable, value)
    names = [variable for variable, _ in given.environment]
    for twice in sorted({variable for variable in names if names.count(variable) > 1}):
        yield Problem((*path, "environment", twice), "is given twice", "keep one of them")
    if given.memory is not None and given.memory < LEAST_MEMORY:
        least = f"{LEAST_MEMORY // MIB}MiB"
        yield Problem((*path, "memory"), f"no server starts in {given.memory} bytes", f"use at least {least}")
    if given.cpus is not None and not LEAST_CPUS <= given.cpus < math.inf:
        yield Problem((*path, "cpus"), f"{given.cpus} is no share of a processor", f"use {LEAST_CPUS} or more")


def _argument(path: KeyPath, option: str, value: str) -> Iterator[Problem]:
    if reason := _OPTIONS.get(option.removeprefix("no-")):
        yield Problem(path, "is set by Armadillo", reason)
    elif not re.fullmatch(OPTION, option, re.ASCII):
        yield Problem(path, "is no option of a server", 'write section.name, as in "--log.level"')
    yield from _text(path, value)


def _variable(path: KeyPath, variable: str, value: str) -> Iterator[Problem]:
    if reason := _VARIABLES.get(variable):
        yield Problem(path, "is set by Armadillo", reason)
    elif not re.fullmatch(VARIABLE, variable, re.ASCII):
        yield Problem(path, "cannot be the name of a variable", "use letters, digits and _, not a digit first")
    yield from _text(path, value)


def _text(path: KeyPath, value: str) -> Iterator[Problem]:
    if re.search("[\0\ud800-\udfff]", value):
        yield Problem(path, "has a character that no program can be given", "leave out U+0000 and half surrogates")


def _overrides(topology: Topology) -> Iterator[Problem]:
    readable = True
    for number, override in enumerate(topology.overrides):
        path: KeyPath = ("overrides", number)
        try:
            yield from _absent(topology, (*path, "nodes"), Nodes.read(override.nodes))
        except ConfigurationError as exc:
            yield Problem((*path, "nodes"), str(exc), exc.hint)
            readable = False
        yield from _given(path, override)
        if override == Override(override.nodes):
            yield Problem(path, "changes nothing", "say what these servers are given, or leave it out")
    if readable:
        yield from _contradictions(topology)


def _absent(topology: Topology, path: KeyPath, nodes: Nodes) -> Iterator[Problem]:
    if nodes.role is None:
        return
    counts = {role: topology.of(role).count for role in topology.roles()}
    last = counts.get(nodes.role, 0)
    missing = [f"{nodes.role}:{number}" for number in nodes.numbers if number > last]
    if missing or not last:
        there = (
            f"{role}:1" if count == 1 else f"{role}:1 to {role}:{count}" for role, count in counts.items() if count
        )
        about: tuple[KeyPath, ...] = (("mode",), (KEYS[nodes.role], "count"))
        yield Problem(path, f"there is no {', '.join(missing) or nodes.role}", f"there is {', '.join(there)}", about)


def _contradictions(topology: Topology) -> Iterator[Problem]:
    """Tell where two equally exact overrides give the same server the same thing."""
    first: dict[tuple[int, Role, int, str], int] = {}
    told_already: set[tuple[int, int, str]] = set()
    for nodes, number in ranked(topology):
        for (role, index), what in itertools.product(topology.nodes(), _parts(topology.overrides[number])):
            if (role, index) not in nodes:
                continue
            other = first.setdefault((nodes.rank, role, index, what), number)
            if other != number and (other, number, what) not in told_already:
                told_already.add((other, number, what))
                message = f"gives {role}:{index} {what}, and so does overrides[{other}]"
                yield Problem(("overrides", number), message, "keep one of them")


def _parts(given: Given) -> Iterator[str]:
    """Yield the name of each thing that is given."""
    yield from dict.fromkeys(f"--{option}" for option, _ in given.arguments)
    yield from dict.fromkeys(variable for variable, _ in given.environment)
    whole = {"an image": given.image, "memory": given.memory, "cpus": given.cpus}
    yield from (what for what, value in whole.items() if value is not None)


def _ports(topology: Topology) -> Iterator[Problem]:
    port, path = topology.port, ("port",)
    if port is None:
        return
    if topology.publish is Publish.NONE:
        yield Problem(path, f"port {port} is asked for, but nothing is published", "leave one of the two out")
    published = topology.roles()[-1]
    last = port + PORT_STEP * (topology.of(published).count - 1)
    if not 1 <= port <= 65535:
        yield Problem(path, f"there is no port {port}", "use 1 to 65535")
    elif last > 65535:
        message = f"coordinators are published on every tenth port from {port}, and the last would be {last}"
        hint = f"use a port of at most {65535 - (last - port)}" if last - port < 65535 else "use fewer coordinators"
        yield Problem(path, message, hint, (("coordinators", "count"),))


def _subnet(topology: Topology) -> Iterator[Problem]:
    path = ("subnet",)
    if topology.subnet is None:
        return
    try:
        subnet = ipaddress.IPv4Network(topology.subnet)
    except ValueError as exc:
        yield Problem(path, f"{topology.subnet!r} is no network: {exc}", "write it like 172.30.0.0/26")
        return
    if not any(subnet.subnet_of(private) for private in _PRIVATE):
        yield Problem(path, f"{subnet} is not a private network", "use a part of 10.0.0.0/8 or 172.16.0.0/12")
    # The network's own address, its broadcast address and the gateway are not for servers.
    needed = sum(1 for _ in topology.nodes()) + 3
    if subnet.num_addresses < needed:
        fitting = 32 - (needed - 1).bit_length()
        message = f"{subnet} has room for {max(subnet.num_addresses - 3, 0)} servers, and there are {needed - 3}"
        yield Problem(path, message, f"use a /{fitting}", tuple((key, "count") for key in KEYS.values()))


def _volumes(topology: Topology) -> Iterator[Problem]:
    path = ("volumes", "keep")
    if topology.keep is None:
        return
    if topology.tmpfs:
        yield Problem(path, "data in memory cannot be kept", "leave out either tmpfs or the volume's name")
    if not re.fullmatch(VOLUME, topology.keep, re.ASCII):
        yield Problem(path, f"{topology.keep!r} cannot be the name of a volume", "use letters, digits, _, . and -")
