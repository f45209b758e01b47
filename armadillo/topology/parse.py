"""A topology file as a topology: the form is checked, then the wish, and all problems are told with their places.

Knows no disk: who has the file gives its text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from armadillo.problems import KeyPath
from armadillo.topology import form
from armadillo.topology.check import Problem, problems
from armadillo.topology.model import KEYS, Mode, Override, Pairs, Publish, Role, Servers, Topology
from armadillo.units import parse_size
from armadillo.yamltext import Document, Problems, load

_OF_A_CLUSTER = tuple(key for role, key in KEYS.items() if role is not Role.SINGLE)


class TopologyFile(NamedTuple):
    """What a topology file says; it need not name the deployment."""

    topology: Topology
    name: str | None = None


def load_topology(text: str, source: str = "topology.yml") -> TopologyFile:
    """Return what the text says; everything that is wrong with it is told in one error, with places under that name."""
    document = load(text, source)
    found = Problems(document)
    wrong = list(form.check(found, document.value))
    if () in (path for path, _ in wrong):
        found.raise_any()
    value = _without({path for path, _ in wrong}, document.value)
    name = value.get("metadata", {}).get("name")
    topology = _topology(value.get("spec", {}))
    doubtful = list(_doubtful(meant for _, meant in wrong if meant))
    for problem in problems(topology, name or "default"):
        if not any(_overlap(path, other) for path in _paths(problem) for other in doubtful):
            found.add(_written(document, _place(problem.path)), problem.message, hint=problem.hint)
    found.raise_any()
    return TopologyFile(topology, name)


def _doubtful(meant: Iterator[KeyPath]) -> Iterator[KeyPath]:
    """Yield what nothing can be said about, as its value is not known."""
    for path in meant:
        yield path
        if len(path) == 1 or path[1] in _OF_A_CLUSTER:
            yield ("spec", "mode")


def _overlap(one: KeyPath, other: KeyPath) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _paths(problem: Problem) -> Iterator[KeyPath]:
    return (_place(path) for path in (problem.path, *problem.about))


def _place(path: KeyPath) -> KeyPath:
    return ("metadata", "name") if path == ("name",) else ("spec", *path)


def _written(document: Document, path: KeyPath) -> KeyPath:
    """Return the path as the file has it: options may be written without their dashes."""
    *before, last = path
    holder = document.value
    for part in before:
        holder = holder[part] if not isinstance(holder, dict) or part in holder else {}
    bare = str(last).removeprefix("--")
    return (*before, bare) if isinstance(holder, dict) and last not in holder and bare in holder else path


def _without(wrong: Collection[KeyPath], value: Any, path: KeyPath = ()) -> Any:
    """Return a copy without the values at some paths; a list keeps its length."""
    if isinstance(value, dict):
        parts = ((key, (*path, key), part) for key, part in value.items())
        return {key: _without(wrong, part, at) for key, at, part in parts if at not in wrong}
    if isinstance(value, list):
        return [{} if (*path, at) in wrong else _without(wrong, part, (*path, at)) for at, part in enumerate(value)]
    return value


def _topology(spec: Mapping[str, Any]) -> Topology:
    plain = Topology()
    mode = Mode.CLUSTER if any(key in spec for key in _OF_A_CLUSTER) else Mode.SINGLE
    volumes = spec.get("volumes")
    copies, port = spec.get("replicationFactor"), spec.get("port")
    return Topology(
        mode=Mode(spec.get("mode", mode)),
        image=spec.get("image"),
        single=_servers(spec.get("single", {}), plain.single),
        agents=_servers(spec.get("agents", {}), plain.agents),
        dbservers=_servers(spec.get("dbservers", {}), plain.dbservers),
        coordinators=_servers(spec.get("coordinators", {}), plain.coordinators),
        overrides=tuple(Override(it.get("nodes", ""), **_given(it)) for it in spec.get("overrides", ())),
        replication_factor=None if copies is None else int(copies),
        auth=spec.get("auth") != "off",
        publish=Publish(spec.get("publish", plain.publish)),
        port=None if port is None else int(port),
        subnet=spec.get("subnet"),
        egress=spec.get("egress", True),
        tmpfs=volumes == "tmpfs",
        keep=volumes.get("keep") if isinstance(volumes, dict) else None,
    )


def _servers(value: Mapping[str, Any], plain: Servers) -> Servers:
    return Servers(int(value.get("count", plain.count)), **_given(value))


def _given(value: Mapping[str, Any]) -> dict[str, Any]:
    memory, cpus = value.get("memory"), value.get("cpus")
    return {
        "image": value.get("image"),
        "arguments": _pairs(value.get("args", {})),
        "environment": _pairs(value.get("environment", {})),
        "memory": None if memory is None else parse_size(memory if isinstance(memory, str) else int(memory)),
        "cpus": None if cpus is None else float(cpus),
    }


def _pairs(value: Mapping[str, Any]) -> Pairs:
    each = ((key, one) for key, given in value.items() for one in (given if isinstance(given, list) else [given]))
    return tuple((key, str(one).lower() if isinstance(one, bool) else str(one)) for key, one in each)
