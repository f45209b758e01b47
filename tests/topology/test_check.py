"""Impossible wishes: each is refused, all at once, with the way out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from armadillo.errors import ConfigurationError
from armadillo.problems import dotted
from armadillo.topology import Override, Publish, Servers, Topology, ensure, pairs, preset, problems
from armadillo.topology.check import LONGEST_NAME
from tests.topology.wishes import NAMED, POSSIBLE

CLUSTER = preset("cluster")


def told(topology: Topology, name: str = "default") -> list[str]:
    return [f"{dotted(it.path)}: {it.message}; {it.hint}" for it in problems(topology, name)]


@pytest.mark.parametrize("name", NAMED)
def test_a_possible_wish_has_no_problem(name: str) -> None:
    ensure(NAMED[name], name="a")
    assert problems(NAMED[name]) == ()


@given(POSSIBLE)
def test_any_possible_wish_has_no_problem(topology: Topology) -> None:
    assert problems(topology) == ()


@pytest.mark.parametrize("name", ["a", "0", "my-lab_2", "agents", "a" * LONGEST_NAME])
def test_a_name_is_taken(name: str) -> None:
    assert problems(CLUSTER, name) == ()


@pytest.mark.parametrize("name", ["", "A", "-a", "_a", "a.b", "a\n", "é", "a" * (LONGEST_NAME + 1)])
@pytest.mark.parametrize("kind", ["single", "ha"])
def test_a_bad_name_is_refused(name: str, kind: str) -> None:
    assert len(told(preset(kind), name)) == 1
    assert told(preset(kind), name)[0].startswith("name: ")


@pytest.mark.parametrize("name", ["agent", "dbserver", "dbserver2", "coordinator1", "single", "single1"])
def test_a_role_is_never_the_name_of_a_deployment(name: str) -> None:
    assert told(CLUSTER, name) == [f"name: '{name}' always names a server, never a deployment; call it my-{name}"]


IMPOSSIBLE: list[tuple[dict[str, Any], str, str]] = [
    (
        {"agents": Servers(2)},
        "agents.count: 2 agents survive no more losses than 1, and ArangoDB refuses them",
        "use an odd number: 1 or 3",
    ),
    ({"agents": Servers(0)}, "agents.count: a cluster needs at least one agent, not 0", "use 1 or more"),
    ({"dbservers": Servers(0)}, "dbservers.count: a cluster needs at least one dbserver, not 0", "use 1 or more"),
    (
        {"coordinators": Servers(-1)},
        "coordinators.count: a cluster needs at least one coordinator, not -1",
        "use 1 or more",
    ),
    ({"dbservers": Servers(1001)}, "dbservers.count: 1001 servers of one role are too many", "use at most 1000"),
    (
        {"replication_factor": 4},
        "replicationFactor: 4 copies need 4 dbservers, and there are 3",
        "use 4 dbservers, or a replication factor of at most 3",
    ),
    ({"replication_factor": 0}, "replicationFactor: 0 copies are not possible", "use 1 to 10"),
    (
        {"replication_factor": 2, "coordinators": Servers(arguments=(("cluster.default-replication-factor", "1"),))},
        'coordinators.args["--cluster.default-replication-factor"]: contradicts replicationFactor 2',
        "leave one of the two out",
    ),
    (
        {"single": Servers(memory=1 << 30)},
        "single: a cluster has no single server",
        "give it to agents, dbservers or coordinators, or choose mode single",
    ),
    (
        {"image": "Bad Image"},
        "image: 'Bad Image' cannot be the name of an image",
        "write it like arangodb/arangodb:3.12.5",
    ),
    (
        {"agents": Servers(3, image="$X")},
        "agents.image: '$X' cannot be the name of an image",
        "write it like arangodb/arangodb:3.12.5",
    ),
    ({"agents": Servers(3, memory=5)}, "agents.memory: no server starts in 5 bytes", "use at least 64MiB"),
    ({"agents": Servers(3, cpus=0.0)}, "agents.cpus: 0.0 is no share of a processor", "use 0.01 or more"),
    ({"agents": Servers(3, cpus=float("nan"))}, "agents.cpus: nan is no share of a processor", "use 0.01 or more"),
    (
        {"agents": Servers(3, arguments=(("x", "1"),))},
        "agents.args.--x: is no option of a server",
        'write section.name, as in "--log.level"',
    ),
    (
        {"agents": Servers(3, arguments=(("no-server.authentication", "1"),))},
        'agents.args["--no-server.authentication"]: is set by Armadillo',
        "switch auth off instead",
    ),
    (
        {"agents": Servers(3, arguments=(("log.level", "\0"),))},
        'agents.args["--log.level"]: has a character that no program can be given',
        "leave out U+0000 and half surrogates",
    ),
    (
        {"agents": Servers(3, environment=(("1", ""),))},
        "agents.environment.1: cannot be the name of a variable",
        "use letters, digits and _, not a digit first",
    ),
    (
        {"agents": Servers(3, environment=(("A", "1"), ("A", "2")))},
        "agents.environment.A: is given twice",
        "keep one of them",
    ),
    (
        {"agents": Servers(3, environment=(("ARANGO_ROOT_PASSWORD", "x"),))},
        "agents.environment.ARANGO_ROOT_PASSWORD: is set by Armadillo",
        "the root password is generated, or given as a file",
    ),
    (
        {"overrides": (Override("dbserver2", memory=1 << 30),)},
        "overrides[0].nodes: 'dbserver2' chooses no servers",
        "write dbserver:2",
    ),
    (
        {"overrides": (Override("dbserver:3,4,5", memory=1 << 30),)},
        "overrides[0].nodes: there is no dbserver:4, dbserver:5",
        "there is agent:1 to agent:3, dbserver:1 to dbserver:3, coordinator:1",
    ),
    (
        {"overrides": (Override("single:*", memory=1 << 30),)},
        "overrides[0].nodes: there is no single",
        "there is agent:1 to agent:3, dbserver:1 to dbserver:3, coordinator:1",
    ),
    (
        {"overrides": (Override("all"),)},
        "overrides[0]: changes nothing",
        "say what these servers are given, or leave it out",
    ),
    (
        {"overrides": (Override("all", cpus=-1.0),)},
        "overrides[0].cpus: -1.0 is no share of a processor",
        "use 0.01 or more",
    ),
    (
        {"overrides": (Override("agent:1,2", memory=1 << 30), Override("agent:2", memory=1 << 31))},
        "overrides[1]: gives agent:2 memory, and so does overrides[0]",
        "keep one of them",
    ),
    (
        {"overrides": (Override("all", environment=(("A", ""),)),) * 2},
        "overrides[1]: gives agent:1 A, and so does overrides[0]",
        "keep one of them",
    ),
    ({"port": 0}, "port: there is no port 0", "use 1 to 65535"),
    (
        {"port": 65530, "coordinators": Servers(2)},
        "port: coordinators are published on every tenth port from 65530, and the last would be 65540",
        "use a port of at most 65525",
    ),
    ({"port": 9, "coordinators": Servers(1000), "agents": Servers(1, image="standin")}, "", ""),
    (
        {"port": 1, "publish": Publish.NONE},
        "port: port 1 is asked for, but nothing is published",
        "leave one of the two out",
    ),
    (
        {"subnet": "172.30.0.1/24"},
        "subnet: '172.30.0.1/24' is no network: 172.30.0.1/24 has host bits set",
        "write it like 172.30.0.0/26",
    ),
    ({"subnet": "172.30.0.0/29"}, "subnet: 172.30.0.0/29 has room for 5 servers, and there are 7", "use a /28"),
    (
        {"subnet": "8.8.8.0/24"},
        "subnet: 8.8.8.0/24 is not a private network",
        "use a part of 10.0.0.0/8 or 172.16.0.0/12",
    ),
    (
        {"keep": "a", "tmpfs": True},
        "volumes.keep: data in memory cannot be kept",
        "leave out either tmpfs or the volume's name",
    ),
    ({"keep": "a b"}, "volumes.keep: 'a b' cannot be the name of a volume", "use letters, digits, _, . and -"),
]


@pytest.mark.parametrize(("changes", "said", "hint"), IMPOSSIBLE)
def test_an_impossible_cluster_is_refused_with_the_way_out(changes: dict[str, Any], said: str, hint: str) -> None:
    assert told(replace(CLUSTER, **changes)) == ([f"{said}; {hint}"] if said else [])


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Topology(agents=Servers(5)), "agents: a single server has no agents; choose mode cluster"),
        (
            Topology(replication_factor=1),
            "replicationFactor: a single server keeps one copy of everything; choose mode cluster, or leave it out",
        ),
        (
            Topology(single=Servers(2)),
            "single.count: 2 single servers are not one deployment; start several, each with a name",
        ),
        (Topology(subnet="10.0.0.0/30"), ""),
        (Topology(subnet="10.0.0.0/31"), "subnet: 10.0.0.0/31 has room for 0 servers, and there are 1; use a /30"),
        (Topology(port=65535), ""),
    ],
)
def test_an_impossible_single_server_is_refused_with_the_way_out(wish: Topology, said: str) -> None:
    assert told(wish) == ([said] if said else [])


def test_every_problem_is_told_at_once() -> None:
    wish = replace(CLUSTER, agents=Servers(2), image="A", port=0, overrides=(Override("x", cpus=0.0),))
    with pytest.raises(ConfigurationError) as raised:
        ensure(wish, "agent1")
    assert len(str(raised.value).splitlines()) == 6
    assert [it["path"] for it in raised.value.details["problems"]] == [
        "name",
        "image",
        "agents.count",
        "overrides[0].nodes",
        "overrides[0].cpus",
        "port",
    ]


def test_overrides_of_different_exactness_do_not_contradict() -> None:
    overrides = tuple(Override(nodes, memory=1 << 30) for nodes in ("all", "agent:*", "agent:1"))
    assert told(replace(CLUSTER, overrides=overrides)) == []


def test_overrides_of_different_things_do_not_contradict() -> None:
    overrides = (Override("agent:1", arguments=pairs({"a.b": "1"})), Override("agent:1", arguments=pairs({"a.c": "1"})))
    assert told(replace(CLUSTER, overrides=overrides)) == []
