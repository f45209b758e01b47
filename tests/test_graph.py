from __future__ import annotations

import graphlib
import itertools
import random
import time
from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armadillo.errors import ConfigurationError
from armadillo.graph import (
    CycleError,
    DuplicateNode,
    Graph,
    MissingNode,
)


def graph_of(after: Mapping[str, Sequence[str]]) -> Graph[str]:
    graph: Graph[str] = Graph()
    for key, targets in after.items():
        graph.add(key, after=targets)
    return graph


CLUSTER = {"c1": ["d1", "d2"], "d1": ["a1"], "d2": ["a1", "a2"], "a1": [], "a2": [], "lone": []}


def test_a_graph_answers_in_the_order_of_adding() -> None:
    graph = graph_of(CLUSTER)
    assert list(graph) == list(CLUSTER)
    assert len(graph) == 6
    assert "c1" in graph
    assert "c2" not in graph
    assert graph.dependencies("d2") == ["a1", "a2"]
    assert graph.dependents("a1") == ["d1", "d2"]
    assert graph.descendants("a1") == ["c1", "d1", "d2"]
    assert graph.ancestors("c1") == ["d1", "d2", "a1", "a2"]
    assert graph.layers() == [["a1", "a2", "lone"], ["d1", "d2"], ["c1"]]
    assert graph.topological_order() == ["a1", "d1", "a2", "d2", "c1", "lone"]


def test_an_empty_graph_is_valid() -> None:
    graph: Graph[str] = Graph()
    graph.validate()
    assert graph.topological_order() == []
    assert graph.layers() == []


def test_an_order_that_is_right_already_is_kept() -> None:
    assert graph_of({"b": [], "a": [], "d": ["b"], "c": []}).topological_order() == ["b", "a", "d", "c"]


def test_the_same_dependency_twice_counts_once() -> None:
    graph = graph_of({"a": [], "b": ["a", "a"]})
    assert graph.dependencies("b") == ["a"]
    assert graph.dependents("a") == ["b"]


def test_the_same_key_twice_is_refused() -> None:
    with pytest.raises(DuplicateNode, match="a is there already"):
        graph_of({"a": []}).add("a")


@pytest.mark.parametrize("ask", [Graph.validate, Graph.topological_order, Graph.layers])
def test_a_dependency_that_does_not_exist_is_named_with_what_is_near(ask: Callable[[Graph[str]], object]) -> None:
    graph = graph_of({"agents": [], "servers": ["agent"]})
    with pytest.raises(MissingNode, match="servers comes after agent, which does not exist") as told:
        ask(graph)
    assert (told.value.source, told.value.target, told.value.suggestions) == ("servers", "agent", ("agents",))
    assert told.value.hint == "did you mean agents?"
    assert isinstance(told.value, ConfigurationError)
    assert graph.find_cycle() is None
    assert graph.ancestors("servers") == []


@pytest.mark.parametrize("ask", [Graph.dependents, Graph.dependencies, Graph.descendants, Graph.ancestors])
def test_asking_for_a_key_that_does_not_exist_is_refused(ask: Callable[[Graph[str], str], object]) -> None:
    with pytest.raises(MissingNode, match="no zebra") as told:
        ask(graph_of(CLUSTER), "zebra")
    assert told.value.hint == ""


@pytest.mark.parametrize(
    ("after", "cycle"),
    [
        ({"a": ["a"]}, ["a", "a"]),
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, ["a", "b", "c", "a"]),
        ({"x": ["c"], "b": ["c"], "c": ["b"]}, ["b", "c", "b"]),
        ({"fine": [], "x": ["fine", "y"], "y": ["fine", "x"]}, ["x", "y", "x"]),
    ],
)
def test_a_cycle_is_shown_from_its_first_node(after: Mapping[str, Sequence[str]], cycle: list[str]) -> None:
    graph = graph_of(after)
    assert graph.find_cycle() == cycle
    for ask in (graph.validate, graph.topological_order):
        with pytest.raises(CycleError, match=" -> ".join(cycle)) as told:
            ask()
        assert list(told.value.path) == cycle


def test_a_chain_may_be_very_long() -> None:
    size = 100_000
    graph: Graph[int] = Graph()
    for key in reversed(range(size)):
        graph.add(key, after=[key - 1] if key else [])
    graph.validate()
    assert graph.topological_order() == list(range(size))
    assert len(graph.layers()) == size
    assert len(graph.descendants(0)) == len(graph.ancestors(size - 1)) == size - 1


def test_a_large_graph_is_ordered_quickly() -> None:
    rng, graph = random.Random(1), Graph[int]()
    for key in range(10_000):
        graph.add(key, after={rng.randrange(key) for _ in range(3)} if key else ())
    started = time.monotonic()
    graph.validate()
    assert graph.topological_order() == list(range(10_000))
    assert time.monotonic() - started < 5, "it takes some hundredths of a second; a quadratic one takes minutes"


Shape = dict[int, list[int]]
shapes: st.SearchStrategy[Shape] = st.integers(0, 8).flatmap(
    lambda size: st.lists(st.lists(st.integers(0, max(0, size - 1)), max_size=3), min_size=size, max_size=size).map(
        lambda rows: dict(enumerate(rows))
    )
)


def built(shape: Shape) -> Graph[int]:
    graph: Graph[int] = Graph()
    for key, targets in shape.items():
        graph.add(key, after=targets)
    return graph


def closure(shape: Shape) -> dict[int, set[int]]:
    """Return what each key reaches, by repeating until nothing changes."""
    reach = {key: set(targets) for key, targets in shape.items()}
    while True:
        wider = {key: near.union(*(reach[target] for target in near)) for key, near in reach.items()}
        if wider == reach:
            return reach
        reach = wider


@given(shapes)
def test_the_order_agrees_with_the_standard_library(shape: Shape) -> None:
    graph = built(shape)
    try:
        list(graphlib.TopologicalSorter(shape).static_order())
    except graphlib.CycleError:
        with pytest.raises(CycleError):
            graph.topological_order()
        cycle = graph.find_cycle()
        assert cycle
        assert cycle[0] == cycle[-1] == min(cycle)
        assert len(set(cycle)) == len(cycle) - 1
        assert all(later in shape[earlier] for earlier, later in itertools.pairwise(cycle))
    else:
        assert graph.find_cycle() is None
        order = graph.topological_order()
        assert sorted(order) == list(shape)
        assert all(order.index(target) < order.index(key) for key in shape for target in shape[key])


@given(shapes)
def test_what_is_reached_agrees_with_brute_force(shape: Shape) -> None:
    graph, reach = built(shape), closure(shape)
    for key in shape:
        assert graph.ancestors(key) == sorted(reach[key])
        assert graph.descendants(key) == [other for other in shape if key in reach[other]]


@given(shapes)
def test_layers_are_the_longest_ways(shape: Shape) -> None:
    forward = {key: [target for target in targets if target < key] for key, targets in shape.items()}
    depth: dict[int, int] = {}
    for key, targets in forward.items():
        depth[key] = 1 + max((depth[target] for target in targets), default=-1)
    expected = [[key for key in forward if depth[key] == level] for level in sorted(set(depth.values()))]
    assert built(forward).layers() == expected


@given(shapes)
def test_the_order_is_the_first_by_insertion(shape: Shape) -> None:
    forward = {key: [target for target in targets if target > key] for key, targets in shape.items()}
    rest, expected = dict(forward), []
    while rest:
        first = next(key for key, targets in rest.items() if rest.keys().isdisjoint(targets))
        expected.append(first)
        del rest[first]
    assert built(forward).topological_order() == expected
