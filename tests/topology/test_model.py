"""The wish as a value."""

from __future__ import annotations

import pytest
from hypothesis import given

from armadillo.errors import ConfigurationError
from armadillo.topology import Mode, Override, Role, Servers, Topology, pairs
from armadillo.topology.model import Nodes, merged, ranked
from tests.topology.wishes import POSSIBLE


def test_options_are_kept_without_their_dashes() -> None:
    assert Servers(arguments=pairs({"--log.level": "debug"})) == Servers(arguments=(("log.level", "debug"),))
    assert Override("all", arguments=pairs({"--a.b": ["1", "2"]})).arguments == (("a.b", "1"), ("a.b", "2"))


@given(POSSIBLE)
def test_a_topology_can_be_a_key(topology: Topology) -> None:
    assert {topology: 1}[topology] == 1


def test_servers_come_in_the_order_of_starting() -> None:
    nodes = Topology().with_counts(agents=1, dbservers=2).nodes()
    assert list(nodes) == [(Role.AGENT, 1), (Role.DBSERVER, 1), (Role.DBSERVER, 2), (Role.COORDINATOR, 1)]
    assert list(Topology().nodes()) == [(Role.SINGLE, 1)]


@pytest.mark.parametrize("word", ["agents", "dbservers", "coordinators", "replication_factor"])
def test_any_count_means_a_cluster(word: str) -> None:
    changed = Topology().with_counts(**{word: 5})
    assert changed.mode is Mode.CLUSTER
    plain = {"agents": 3, "dbservers": 3, "coordinators": 1}
    assert {role: changed.of(Role(role.removesuffix("s"))).count for role in plain} == plain | (
        {word: 5} if word in plain else {}
    )
    assert changed.replication_factor == (5 if word == "replication_factor" else None)


def test_no_count_changes_nothing() -> None:
    assert Topology().with_counts() == Topology()


def test_a_count_keeps_what_the_servers_are_given() -> None:
    wish = Topology(agents=Servers(3, memory=1), replication_factor=2)
    assert wish.with_counts(agents=5).agents == Servers(5, memory=1)
    assert wish.with_counts(agents=5).replication_factor == 2


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("all", {"agent1", "agent2", "dbserver1", "dbserver2"}),
        ("agent:*", {"agent1", "agent2"}),
        ("dbserver:2", {"dbserver2"}),
        ("dbserver:1,2", {"dbserver1", "dbserver2"}),
    ],
)
def test_nodes_are_chosen(text: str, chosen: set[str]) -> None:
    nodes = Nodes.read(text)
    everyone = [(role, number) for role in (Role.AGENT, Role.DBSERVER) for number in (1, 2)]
    assert {f"{role}{number}" for role, number in everyone if (role, number) in nodes} == chosen


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("dbserver2", "write dbserver:2"),
        ("dbservers", "write dbserver:*"),
        ("agent 3", "write agent:3"),
        ("dbserver:0", "write role:number"),
        ("server:1", "write role:number"),
        ("", "write role:number"),
    ],
)
def test_what_chooses_nothing_is_refused_with_the_way_to_write_it(text: str, hint: str) -> None:
    with pytest.raises(ConfigurationError, match="chooses no servers") as told:
        Nodes.read(text)
    assert told.value.hint.startswith(hint)


def test_the_more_exact_choice_comes_last_whatever_the_order() -> None:
    wish = Topology(overrides=(Override("single:1"), Override("all"), Override("single:*")))
    assert [number for _, number in ranked(wish)] == [1, 2, 0]


def test_a_later_layer_replaces_every_value_of_a_name() -> None:
    layers = [(("a", "1"), ("a", "2"), ("b", "3")), (("a", "4"),), (("c", "5"), ("c", "6"))]
    assert merged(layers) == (("a", "4"), ("b", "3"), ("c", "5"), ("c", "6"))
