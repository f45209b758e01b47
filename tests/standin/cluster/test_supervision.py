"""The supervision's decisions over plain trees, with time as a value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from arangod.agency.store import Tree
from arangod.agency.supervise import Timings
from arangod.cluster.agreed import at
from arangod.cluster.registration import Facts, registration, skeleton
from arangod.cluster.supervision import decide
from arangod.jsontext import encode

NOW = datetime(2026, 1, 1, tzinfo=UTC)
QUICK = Timings(0.2, 1.0, 2.0, 3600.0)
SLOW = Timings(1.0, 5.0, 10.0, 3600.0)


class World:
    """An agency's tree, servers that send heartbeats or not, and a leader that looks every so often."""

    def __init__(self, timings: Timings = QUICK) -> None:
        self.tree = Tree()
        self.timings = timings
        self.now = NOW
        self.led_since = NOW
        self.beats: dict[str, datetime] = {}
        self.silent: set[str] = set()
        self.write(skeleton("c-1", 2))

    def write(self, transaction: list[Any]) -> bool:
        """Apply a transaction as the agency does."""
        after = self.tree.transact(*transaction)
        if isinstance(after, Tree):
            self.tree = after
        return isinstance(after, Tree)

    def register(self, *servers: str) -> None:
        """Make servers known; the letter says what they are."""
        for server in servers:
            role = "COORDINATOR" if server.startswith("C") else "PRIMARY"
            facts = Facts(server, role, f"tcp://{server}:1", "", "host", "3.12.5", 1, 1, True)
            assert self.write(registration(facts, f"{self.now:%Y-%m-%dT%H:%M:%SZ}"))

    def step(self, seconds: float = 0.2) -> list[list[Any]]:
        """Let time pass, and the supervision decide."""
        self.now += timedelta(seconds=seconds)
        servers = [*self.at("Plan", "DBServers"), *self.at("Plan", "Coordinators")]
        self.beats |= {server: self.now for server in servers if server not in self.silent}
        states = {one: {"status": "SERVING", "time": str(when)} for one, when in self.beats.items()}
        seen = {one: (self.now - max(when, self.led_since)).total_seconds() for one, when in self._seen().items()}
        timings = self.timings._replace(leading_for=(self.now - self.led_since).total_seconds(), seen=seen)
        transient = {"arango": {"Sync": {"ServerStates": states}}}
        decided = decide(self.tree.at(self.now.timestamp()).root, transient, self.now, timings)
        assert all(self.write(one) for one in decided)
        return decided

    def _seen(self) -> dict[str, datetime]:
        return {one: when for one, when in self.beats.items() if when >= self.led_since}

    def settle(self) -> None:
        """Let the supervision work until it has nothing more to do."""
        for _ in range(10):
            if not self.step():
                return
        raise AssertionError("it does not come to rest")

    def at(self, *parts: str) -> Any:
        """Look something up in the tree."""
        return at(self.tree.root, *parts)

    def status(self, server: str) -> Any:
        """Return the judgement on a server."""
        return self.at("Supervision", "Health", server).get("Status")


@pytest.fixture
def world() -> World:
    """A cluster at rest."""
    made = World()
    made.register("P1", "P2", "P3", "C1")
    made.settle()
    return made


def test_nothing_is_decided_before_the_tree_is_there() -> None:
    assert decide({}, {}, NOW, QUICK) == []
    assert decide({"arango": {"InitDone": False}}, {}, NOW, QUICK) == []


def test_servers_get_names_in_the_order_they_registered_and_keep_them(world: World) -> None:
    world.register("P0")
    world.settle()
    names = {server: entry["ShortName"] for server, entry in world.at("Target", "MapUniqueToShortID").items()}
    assert names == {
        "P1": "DBServer0001",
        "P2": "DBServer0002",
        "P3": "DBServer0003",
        "C1": "Coordinator0001",
        "P0": "DBServer0004",
    }
    assert world.at("Supervision", "Health", "P0")["ShortName"] == "DBServer0004"
    assert world.at("Target", "LatestDBServerId") == 4


def test_a_cluster_at_rest_is_good_and_nothing_is_written(world: World) -> None:
    assert {world.status(server) for server in ("P1", "P2", "P3", "C1")} == {"GOOD"}
    assert [world.step() for _ in range(20)] == [[]] * 20
    assert world.at("Supervision", "State")["Mode"] == "Normal"


def test_decisions_are_json_and_do_not_change_the_tree(world: World) -> None:
    before = encode(world.tree.root)
    decided = decide(world.tree.root, {}, NOW, QUICK._replace(seen=dict.fromkeys(("P1", "P2", "P3", "C1"), 3.0)))
    assert decided
    assert encode(decided)
    assert encode(world.tree.root) == before


@pytest.mark.parametrize("timings", [QUICK, SLOW])
def test_a_silent_dbserver_is_bad_then_failed_then_good_again(timings: Timings) -> None:
    world = World(timings)
    world.register("P1", "P2", "C1")
    world.settle()
    world.silent = {"P2"}
    began, seen = world.now, list[tuple[str, float]]()
    while world.status("P2") != "FAILED":
        world.step(timings.frequency)
        if not seen or seen[-1][0] != world.status("P2"):
            seen.append((world.status("P2"), (world.now - began).total_seconds()))
    assert [status for status, _ in seen] == ["GOOD", "BAD", "FAILED"]
    assert timings.ok_threshold < seen[1][1] <= timings.ok_threshold + 2 * timings.frequency
    assert timings.grace_period < seen[2][1] <= timings.grace_period + 2 * timings.frequency
    assert world.at("Target", "FailedServers") == {"P2": {}}
    assert world.at("Current", "ServersKnown", "P2") == {"rebootId": 2}
    world.silent = set()
    world.settle()
    assert world.status("P2") == "GOOD"
    assert world.at("Target", "FailedServers") == {}
    assert world.status("P1") == "GOOD"


def test_nobody_fails_without_having_been_bad_for_a_round(world: World) -> None:
    world.silent = {"P2"}
    world.step(60)
    assert world.status("P2") == "BAD"
    world.step()
    assert world.status("P2") == "FAILED"


def test_a_failed_coordinator_loses_only_its_mastership(world: World) -> None:
    world.write([{"/arango/Current/Foxxmaster": "C1"}])
    world.silent = {"C1"}
    world.step(3)
    world.step()
    assert world.status("C1") == "FAILED"
    assert world.at("Current", "Foxxmaster") == ""
    assert world.at("Target", "FailedServers") == {}


def test_a_new_leader_judges_when_all_have_reported_or_after_a_while(world: World) -> None:
    world.silent = {"P2"}
    world.led_since = world.now + timedelta(seconds=0.1)
    while (world.now - world.led_since).total_seconds() <= 5.5 * QUICK.grace_period - 0.2:
        world.step()
        assert world.status("P2") == "GOOD"
    world.step()
    world.step()
    assert world.status("P2") in ("BAD", "FAILED")
    world.silent = set()
    world.led_since = world.now + timedelta(seconds=0.1)
    world.settle()
    assert world.status("P2") == "GOOD"


def test_maintenance_stops_judgement_until_it_is_over(world: World) -> None:
    until = {"op": "set", "new": "later", "ttl": 30}
    changed = world.tree.transact({"/arango/Supervision/Maintenance": until}, {}, world.now.timestamp())
    assert isinstance(changed, Tree)
    world.tree, world.silent = changed, {"P2"}
    world.step()
    assert world.at("Supervision", "State")["Mode"] == "Maintenance"
    world.step(20)
    assert world.status("P2") == "GOOD"
    world.step(10)
    world.step()
    assert world.at("Supervision", "State")["Mode"] == "Normal"
    assert world.status("P2") == "FAILED"


def test_maintenance_of_one_server_is_copied_renewed_and_ended(world: World) -> None:
    wish = {"Mode": "maintenance", "Until": f"{world.now + timedelta(seconds=5):%Y-%m-%dT%H:%M:%SZ}"}
    world.write([{"/arango/Target/MaintenanceDBServers/P1": wish}])
    world.settle()
    assert world.at("Current", "MaintenanceDBServers") == {"P1": wish}
    world.step(6)
    assert world.at("Current", "MaintenanceDBServers") == world.at("Target", "MaintenanceDBServers") == {}
    world.write([{"/arango/Current/MaintenanceDBServers/P2": wish}])
    world.settle()
    assert world.at("Current", "MaintenanceDBServers") == {}


@pytest.mark.parametrize(("timings", "known", "wanted"), [(QUICK, 1000, 250), (QUICK, 100, 100), (SLOW, 1000, 1000)])
def test_heartbeats_are_as_frequent_as_the_threshold_needs(timings: Timings, known: int, wanted: int) -> None:
    world = World(timings)
    world.write([{"/arango/Sync/HeartbeatIntervalMs": known}])
    world.settle()
    assert world.at("Sync", "HeartbeatIntervalMs") == wanted


def _plan(world: World, shards: dict[str, list[str]], **more: Any) -> None:
    entry = {"id": "9", "name": "c", "replicationFactor": 2, "shards": shards, **more}
    world.write([{"/arango/Plan/Collections/_system/9": entry}])


def test_a_shard_with_too_few_copies_gets_one_on_a_good_server_with_few(world: World) -> None:
    _plan(world, {"s1": ["P1"], "s2": ["P2", "P1"]})
    version = world.at("Plan", "Version")
    world.settle()
    assert world.at("Plan", "Collections", "_system", "9", "shards") == {"s1": ["P1", "P3"], "s2": ["P2", "P1"]}
    assert world.at("Plan", "Version") == version + 1


def test_copies_wait_for_servers_that_can_take_them(world: World) -> None:
    world.silent = {"P2", "P3"}
    world.step(3)
    world.step()
    _plan(world, {"s1": ["P1"]}, replicationFactor="satellite")
    assert world.step() == []
    world.silent = set()
    world.settle()
    assert sorted(world.at("Plan", "Collections", "_system", "9", "shards", "s1")) == ["P1", "P2", "P3"]


def test_a_collection_is_taken_back_when_its_coordinator_is_another_one_by_now(world: World) -> None:
    marks = {"isBuilding": True, "coordinator": "C1", "coordinatorRebootId": 1}
    _plan(world, {"s1": ["P1"]}, **marks)
    assert world.step() == []
    world.register("C1")
    world.settle()
    assert world.at("Plan", "Collections", "_system") == {}


def test_reports_nobody_else_can_take_back_are_taken_back(world: World) -> None:
    world.write([{"/arango/Current/Collections/_system/9/s1": {"servers": ["P2"]}}])
    assert world.step() == []
    world.silent = {"P2"}
    world.step(3)
    world.settle()
    assert world.at("Current", "Collections", "_system", "9") == {}


def test_a_server_that_failed_long_ago_is_forgotten_unless_it_holds_something(world: World) -> None:
    _plan(world, {"s1": ["P1", "P2"]})
    world.silent = {"P2", "P3", "C1"}
    world.step(3)
    world.settle()
    world.step(3700)
    world.settle()
    assert set(world.at("Plan", "DBServers")) == {"P1", "P2"}
    assert world.at("Plan", "Coordinators") == {}
    assert set(world.at("Target", "RemovedServers")) == {"P3", "C1"}
    for part in ("ServersRegistered", "ServersKnown"):
        assert not {"P3", "C1"} & set(world.at("Current", part))
    assert set(world.at("Supervision", "Health")) == {"P1", "P2"}
