"""What coordinators plan, dbservers make of it, and both tell, over plain trees."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from arangod.agency.store import Failed, Tree
from arangod.cluster import copies, maintenance, planning, reports
from arangod.cluster.agreed import at, moment, planned_shards, texts
from arangod.cluster.asking import leader_of
from arangod.cluster.peers import address
from arangod.cluster.registration import Facts, registration, skeleton, version_number
from arangod.failure import ArangoError
from arangod.store.engine import Store
from arangod.store.model import Collection
from hypothesis import given
from hypothesis import strategies as some


def _server(name: str, role: str = "PRIMARY") -> list[Any]:
    return registration(Facts(name, role, f"tcp://{name}:1", "", "h", "3.12.5", 1, 1, True), "2026-01-01T00:00:00Z")


def _after(tree: Tree, *transactions: list[Any]) -> Tree:
    for transaction in transactions:
        after = tree.transact(*transaction)
        assert isinstance(after, Tree), after
        tree = after
    return tree


@pytest.fixture
def tree() -> Tree:
    """A cluster of two dbservers and a coordinator, with nothing in it."""
    return _after(Tree(), skeleton("c-1", 2), _server("P1"), _server("P2"), _server("C1", "COORDINATOR"))


def _entry(number: str = "7", name: str = "things", **shards: list[str]) -> dict[str, Any]:
    return planning.entry_of(number, name, 2, {"replicationFactor": 2}, shards or {"s8": ["P1", "P2"]})


def test_the_first_tree_is_made_once(tree: Tree) -> None:
    assert isinstance(tree.transact(*skeleton("c-2", 2)), Failed)
    assert at(tree.root, "Cluster") == "c-1"
    assert at(tree.root, "Plan", "Databases", "_system")["replicationFactor"] == 2


def test_every_start_is_a_new_boot_of_the_same_server(tree: Tree) -> None:
    again = _after(tree, _server("P1"))
    assert at(again.root, "Current", "ServersKnown", "P1", "rebootId") == 2
    assert at(again.root, "Plan", "DBServers") == {"P1": "none", "P2": "none"}
    assert at(again.root, "Current", "ServersRegistered", "P1")["version"] == 31205


@pytest.mark.parametrize(("text", "number"), [("3.12.5", 31205), ("3.11.14-1", 31114), ("4.0.0", 40000)])
def test_versions_are_numbers_in_the_agency(text: str, number: int) -> None:
    assert version_number(text) == number


def test_a_collection_is_planned_completed_and_dropped(tree: Tree) -> None:
    building = _after(tree, planning.creation(tree.root, "_system", [_entry()], "C1", 1))
    assert at(building.root, "Plan", "Collections", "_system", "7")["isBuilding"] is True
    assert isinstance(building.transact(*planning.creation(tree.root, "_system", [_entry("9")], "C1", 1)), Failed)
    done = _after(building, planning.completion("_system", [_entry()]))
    assert at(done.root, "Plan", "Collections", "_system", "7") == _entry()
    assert isinstance(done.transact(*planning.completion("_system", [_entry()])), Failed)
    gone = _after(done, planning.drop("_system", "7"))
    assert at(gone.root, "Plan", "Collections", "_system") == {}
    assert isinstance(gone.transact(*planning.drop("_system", "7")), Failed)


def test_databases_are_planned_once_and_dropped_with_all_in_them(tree: Tree) -> None:
    made = _after(tree, planning.new_database("5", "shop"))
    assert isinstance(made.transact(*planning.new_database("6", "shop")), Failed)
    full = _after(made, planning.creation(made.root, "shop", [_entry()], "C1", 1), planning.dropped_database("shop"))
    assert list(at(full.root, "Plan", "Databases")) == ["_system"]
    assert list(at(full.root, "Plan", "Collections")) == ["_system"]


@given(
    some.lists(some.sampled_from("abcdefgh"), min_size=1, unique=True),
    some.integers(1, 20),
    some.integers(1, 10),
)
def test_shards_are_spread_evenly_and_never_twice_on_a_server(servers: list[str], count: int, copies: int) -> None:
    placed = planning.spread([f"s{number}" for number in range(count)], servers, copies)
    assert all(len(set(held)) == len(held) == min(copies, len(servers)) for held in placed.values())
    leads = [sum(held[0] == server for held in placed.values()) for server in servers]
    assert max(leads) - min(leads) <= 1


@given(some.text(min_size=1), some.integers(1, 9))
def test_a_document_always_belongs_to_the_same_shard(key: str, count: int) -> None:
    entry = _entry("7", "things", **{f"s{number}": ["P1"] for number in range(count)})
    turned = {**entry, "shards": dict(reversed(entry["shards"].items()))}
    assert planning.shard_for(entry, {"_key": key}) == planning.shard_for(turned, {"_key": key, "more": 1})


def test_every_shard_gets_documents() -> None:
    entry = _entry("7", "things", **{f"s{number}": ["P1"] for number in range(5)})
    assert {planning.shard_for(entry, {"_key": f"k{number}"}) for number in range(100)} == set(entry["shards"])


@pytest.mark.parametrize(
    ("body", "num"),
    [
        ({"writeConcern": 2}, 10),
        ({"numberOfShards": True}, 10),
        ({"numberOfShards": 11}, 1450),
        ({"replicationFactor": 6}, 10),
        ({"replicationFactor": 0}, 10),
        ({"shardKeys": [""]}, 10),
        ({"shardKeys": "town"}, 10),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(body: dict[str, Any], num: int) -> None:
    with pytest.raises(ArangoError) as refused:
        planning.checked_wish(body, 3, factor=1, concern=1, limits=(10, 1, 5))
    assert refused.value.num == num


def test_satellites_are_everywhere() -> None:
    body = {"replicationFactor": "satellite", "writeConcern": 2}
    wish = planning.checked_wish(body, 3, factor=1, concern=1, limits=(10, 1, 2))
    assert (wish["replicationFactor"], wish["writeConcern"]) == ("satellite", 2)


def _planned(tree: Tree) -> Tree:
    return _after(tree, planning.creation(tree.root, "_system", [_entry()], "C1", 1))


def test_a_dbserver_makes_what_is_planned_for_it_and_reports_its_databases(tree: Tree) -> None:
    todo = maintenance.decide(_planned(tree).root, {}, "P1")
    assert (todo.new_databases, [shard.name for shard in todo.new_shards]) == (["_system"], ["s8"])
    assert (todo.old_databases, todo.old_shards) == ([], [])
    reported = _after(tree, *todo.reports)
    assert list(at(reported.root, "Current", "Databases", "_system")) == ["P1"]
    assert maintenance.decide(_after(_planned(tree), *todo.reports).root, {"_system": ["s8"]}, "P1").reports == []


def test_a_dbserver_drops_what_is_not_planned_and_takes_its_reports_back(tree: Tree) -> None:
    shard = next(planned_shards(_planned(tree).root))
    change = maintenance.report(_planned(tree).root, shard, ["P1", "P2"])
    assert change is not None
    reported = _after(_planned(tree), change, planning.drop("_system", "7"))
    todo = maintenance.decide(reported.root, {"_system": ["s8"], "gone": ["s1"]}, "P1")
    assert todo.old_databases == ["gone"]
    assert sorted(todo.old_shards) == [("_system", "s8"), ("gone", "s1")]
    assert at(_after(reported, *todo.reports).root, "Current", "Collections", "_system") == {}
    followers = maintenance.decide(reported.root, {"_system": ["s8"]}, "P2")
    assert followers.old_shards == [("_system", "s8")]
    assert at(_after(reported, *followers.reports).root, "Current", "Collections", "_system", "7")


def test_a_report_is_made_once_and_only_on_the_plan_it_was_made_for(tree: Tree) -> None:
    planned = _planned(tree)
    shard = next(planned_shards(planned.root))
    change = maintenance.report(planned.root, shard, ["P1"])
    assert change is not None
    reported = _after(planned, change)
    assert maintenance.report(reported.root, shard, ["P1"]) is None
    moved = _after(planned, [{"/arango/Plan/Collections/_system/7/shards/s8": ["P2", "P1"]}])
    assert isinstance(moved.transact(*change), Failed)
    assert [one.name for one in maintenance.led_by(reported.root, "P1")] == ["s8"]
    assert maintenance.led_by(reported.root, "P2") == []
    other = _after(reported, [{"/arango/Plan/Collections/_system/7/shards/s8": ["P2", "P1"]}])
    assert maintenance.led_by(other.root, "P2") == []


def test_out_of_sync_is_said_everywhere(tree: Tree) -> None:
    planned = _planned(tree)
    unreported = reports.inventory(planned.root, "_system", system=True)["collections"][0]
    assert (unreported["isReady"], unreported["allInSync"]) == (False, False)
    change = maintenance.report(planned.root, next(planned_shards(planned.root)), ["P1"])
    assert change is not None
    behind = _after(planned, change, planning.completion("_system", [_entry()])).root
    told = reports.inventory(behind, "_system", system=True)["collections"][0]
    assert (told["isReady"], told["allInSync"]) == (True, False)
    placed = reports.distribution(behind, "_system")["things"]
    assert placed["Plan"]["s8"] == {"leader": "P1", "followers": ["P2"]}
    assert placed["Current"]["s8"] == {"leader": "P1", "followers": []}
    assert leader_of(behind, "_system", _entry(), "s8") == "P1"
    assert leader_of(tree.root, "_system", _entry(), "s8") == ""


def test_health_names_the_leading_agent_and_those_that_do_not_answer(tree: Tree) -> None:
    said = {"leaderId": "A1", "lastAcked": {"A1": {"lastAckedTime": 0}, "A2": {"lastAckedTime": 0.1}}, "version": "3"}
    agents = {"A1": said, "A2": {"leaderId": "A1", "lastAcked": {}, "version": "3"}, "A3": None}
    health = reports.health(tree.root, {}, agents, {name: f"tcp://{name}:1" for name in agents})["Health"]
    assert [health[name]["Status"] for name in agents] == ["GOOD", "GOOD", "BAD"]
    assert [health[name]["Leading"] for name in agents] == [True, False, False]
    assert health["A2"]["LastAckedTime"] == 0.1
    assert health["A3"]["Leader"] == "A1"


@pytest.mark.parametrize(
    ("endpoint", "wanted"),
    [("tcp://h:1", ("h", 1)), ("http://[::1]:8529/", ("::1", 8529)), ("tcp://h", None), ("", None)],
)
def test_endpoints_are_hosts_and_ports(endpoint: str, wanted: tuple[str, int] | None) -> None:
    if wanted is None:
        with pytest.raises(ValueError, match="not an endpoint"):
            address(endpoint)
    else:
        assert address(endpoint) == wanted


def test_what_is_not_there_is_nothing() -> None:
    assert at({}, "Plan", "Version") == {}
    assert at({"arango": {"Cluster": "x"}}, "Cluster", "deeper") == {}
    assert texts({"arango": {"Target": {"CleanedServers": ["a", 1]}}}, "Target", "CleanedServers") == ["a"]
    assert moment("never") is None


def _store(directory: Path) -> tuple[Store, Collection]:
    store = Store(directory)
    with store.lock:
        store.commit([["database", "1", "_system"], ["collection", "_system", "2", "s8", 2, {}]], sync=True)()
    return store, store.collection("_system", "s8")


_DOCUMENTS = some.dictionaries(some.sampled_from("abcdef"), some.sampled_from(["1", "2", "3"]))


@given(_DOCUMENTS, _DOCUMENTS)
def test_a_copy_becomes_what_the_leader_holds_and_copies_are_compared_by_keys_and_revisions(
    here: dict[str, str], there: dict[str, str]
) -> None:
    with TemporaryDirectory() as directory:
        store, held = _store(Path(directory))
        before = copies.replaced(store, "_system", "s8", [{"_key": key, "_rev": rev} for key, rev in here.items()])
        after = copies.replaced(store, "_system", "s8", [{"_key": key, "_rev": rev} for key, rev in there.items()])
        assert {key: document["_rev"] for key, document in held.documents.items()} == there
        assert (before == after) is (here == there)
        assert after["count"] == len(there)
        store.close()


def test_a_copy_that_lacks_what_the_leader_removes_is_none(tmp_path: Path) -> None:
    store, held = _store(tmp_path)
    copies.applied(
        store, "_system", "s8", [["put", {"_key": "a", "_rev": "1"}], ["put", {"_key": "b", "_rev": "1"}]], sync=True
    )
    copies.applied(store, "_system", "s8", [["remove", "a"]], sync=False)
    with pytest.raises(ArangoError) as refused:
        copies.applied(store, "_system", "s8", [["remove", "b"], ["remove", "c"]], sync=True)
    assert refused.value.num == 1202
    assert set(held.documents) == {"b"}
    store.close()
