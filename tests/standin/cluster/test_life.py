"""Servers of a cluster start, stop, die and come back, as real processes."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.standin.cluster.driving import Cluster, Health, cluster, superuser, until
from tests.standin.driving import Client, basic


def _status(held: Cluster, name: str) -> Callable[[Health], str]:
    identity = held.id(name)
    return lambda health: str(health.get(identity, {}).get("Status"))


def _insert(client: Client, numbers: range) -> None:
    for number in numbers:
        answer = client.post("/_api/document/kept?waitForSync=true", {"_key": f"k{number}", "value": number})
        assert answer.status == 201, answer.body


def _read(client: Client, numbers: range) -> bool:
    return all(client.get(f"/_api/document/kept/k{number}").json.get("value") == number for number in numbers)


def test_a_cluster_keeps_data_and_identity_over_a_restart_in_any_order(tmp_path: Path) -> None:
    with cluster(tmp_path, (3, 3, 2)) as held:
        held.until_good()
        root = held.client()
        wish = {"name": "kept", "numberOfShards": 3, "replicationFactor": 2}
        assert root.post("/_api/collection", wish).status == 200
        _insert(root, range(20))
        assert root.ask("PATCH", "/_api/user/root", {"passwd": "s"}).status == 200
        ids = {name: held.id(name) for name in held.names}
        assert set(held.end().values()) == {0}
        order = random.Random(7).sample(held.names, len(held.names))
        for name in order:
            held.start(name)
        held.until_available()
        held.until_good("s")
        assert {name: held.id(name) for name in held.names} == ids
        assert _read(held.client("coordinator2", "s"), range(20))
        held.until_in_sync(password="s")
        known = held.read("/arango/Current/ServersKnown")
        assert all(known[ids[name]]["rebootId"] >= 2 for name in held.names if not name.startswith("agent"))
        names = {one["ShortName"] for one in held.health(password="s").values() if one["Role"] != "Agent"}
        assert names == {"DBServer0001", "DBServer0002", "DBServer0003", "Coordinator0001", "Coordinator0002"}


def test_a_killed_dbserver_goes_bad_fails_and_comes_back_whole(tmp_path: Path) -> None:
    with cluster(tmp_path, (1, 3, 1)) as held:
        held.until_good()
        held.until_in_sync()
        root = held.client()
        assert root.post("/_api/collection", {"name": "kept", "replicationFactor": 3}).status == 200
        _insert(root, range(5))
        leader = root.get("/_admin/cluster/shardDistribution").json["results"]["kept"]["Plan"].popitem()[1]["leader"]
        health = held.health()
        victim = next(name for name in held.of("dbserver") if health[held.id(name)]["ShortName"] != leader)
        status, seen = _status(held, victim), list[str]()
        held.end(victim, number=signal.SIGKILL)
        _insert(root, range(5, 10))

        def is_failed(told: Health) -> bool:
            if status(told) not in seen:
                seen.append(status(told))
            return seen[-1] == "FAILED"

        held.until_health(is_failed)
        assert seen[-2:] == ["BAD", "FAILED"]
        assert held.id(victim) in held.read("/arango/Target/FailedServers")
        assert not held.health()[held.id(victim)]["CanBeDeleted"]
        boots = held.read(f"/arango/Current/ServersKnown/{held.id(victim)}/rebootId")
        held.start(victim)
        held.until_good()
        assert held.read(f"/arango/Current/ServersKnown/{held.id(victim)}/rebootId") > boots
        until(lambda: held.read("/arango/Target/FailedServers"), lambda failed: failed == {})
        held.until_in_sync()
        held.end(*(name for name in held.of("dbserver") if name != victim))
        copy = held.client(victim)
        shard = next(iter(root.get("/_api/collection/kept/shards").json["shards"]))
        told = copy.get(f"/_standin/shard/{shard}?documents=true").json["documents"]
        assert sorted(one["value"] for one in told) == list(range(10))


def test_a_follower_that_dies_is_dropped_before_a_write_is_acknowledged(tmp_path: Path) -> None:
    with cluster(tmp_path, (1, 2, 1)) as held:
        held.until_good()
        held.until_in_sync()
        root = held.client()
        assert root.post("/_api/collection", {"name": "kept", "replicationFactor": 2}).status == 200
        shard, servers = root.get("/_api/collection/kept/shards?details=true").json["shards"].popitem()
        number = root.get("/_api/collection/kept").json["id"]
        follower = next(name for name in held.of("dbserver") if held.id(name) == servers[1])
        place = f"/arango/Current/Collections/_system/{number}/{shard}/servers"
        assert held.read(place) == servers
        held.end(follower, number=signal.SIGKILL)
        _insert(root, range(1))
        assert held.read(place) == servers[:1]
        inventory = root.get("/_api/replication/clusterInventory").json["collections"]
        assert not any(one["allInSync"] for one in inventory if one["parameters"]["name"] == "kept")
        held.start(follower)
        held.until_in_sync()
        assert held.read(place) == servers


def test_a_write_with_too_few_copies_left_is_refused_and_undone(tmp_path: Path) -> None:
    with cluster(tmp_path, (1, 2, 1)) as held:
        held.until_good()
        held.until_in_sync()
        root = held.client()
        wish = {"name": "careful", "replicationFactor": 2, "writeConcern": 2}
        assert root.post("/_api/collection", wish).status == 200
        assert root.post("/_api/document/careful", {"_key": "old", "value": 1}).status == 202
        _, servers = root.get("/_api/collection/careful/shards?details=true").json["shards"].popitem()
        held.end(next(name for name in held.of("dbserver") if held.id(name) == servers[1]), number=signal.SIGKILL)
        assert root.post("/_api/document/careful?overwriteMode=replace", {"_key": "old"}).error == (403, 1004)
        assert root.get("/_api/document/careful/old").json["value"] == 1
        assert root.post("/_api/document/careful", {"_key": "new"}).error == (403, 1004)
        assert root.ask("DELETE", "/_api/document/careful/old").error == (403, 1004)
        assert root.get("/_api/collection/careful/count").json["count"] == 1


def test_a_leader_that_is_away_is_said_to_be_and_nothing_is_lost(tmp_path: Path) -> None:
    with cluster(tmp_path, (1, 1, 1)) as held:
        held.until_good()
        root = held.client()
        assert root.post("/_api/collection", {"name": "kept"}).status == 200
        _insert(root, range(3))
        held.end("dbserver1")
        assert root.get("/_api/document/kept/k1").error == (503, 1478)
        assert root.post("/_api/document/kept", {}).error == (503, 1478)
        health = held.until_health(lambda told: _status(held, "dbserver1")(told) == "FAILED")
        assert health[held.id("dbserver1")]["SyncStatus"] == "SHUTDOWN"
        held.start("dbserver1")
        until(lambda: root.get("/_api/document/kept/k1").status, lambda status: status == 200)
        assert _read(root, range(3))


def test_a_paused_dbserver_fails_and_is_good_again_without_a_restart(tmp_path: Path) -> None:
    with cluster(tmp_path, (1, 2, 1)) as held:
        held.until_good()
        status = _status(held, "dbserver2")
        held.running["dbserver2"].send(signal.SIGSTOP)
        held.until_health(lambda told: status(told) == "FAILED")
        held.running["dbserver2"].send(signal.SIGCONT)
        held.until_health(lambda told: status(told) == "GOOD")
        held.until_in_sync()


def test_servers_wait_for_an_agency_that_is_late(tmp_path: Path) -> None:
    held = Cluster(tmp_path, (1, 1, 1))
    try:
        held.start("dbserver1", "coordinator1")
        for name in ("dbserver1", "coordinator1"):
            held.running[name].line("[5a010]")
            early = held.running[name].client(superuser())
            assert early.get("/_api/version").status == 200
            assert early.get("/_admin/server/availability").error == (503, 503)
            assert early.get("/_admin/server/role").error == (503, 503)
            assert held.running[name].client().get("/_api/version").error == (503, 503)
            assert held.running[name].client({}).get("/_api/version").error == (401, 11)
        held.start("agent1")
        held.until_available()
        held.until_good()
    finally:
        held.clean()


def test_a_server_that_waits_for_the_agency_stops_when_told_to(tmp_path: Path) -> None:
    held = Cluster(tmp_path, (1, 1, 1))
    try:
        held.start("dbserver1", "coordinator1")
        held.running["dbserver1"].line("[5a010]")
        held.running["coordinator1"].line("[5a010]")
        assert set(held.end().values()) == {0}
    finally:
        held.clean()


def test_a_coordinator_without_dbservers_is_not_available_and_stops_when_told_to(tmp_path: Path) -> None:
    held = Cluster(tmp_path, (1, 1, 1))
    try:
        held.start("agent1", "coordinator1")
        held.running["agent1"].line("[cf3f4]")
        until(lambda: held.read("/arango/Plan/Coordinators"), bool)
        client = held.running["coordinator1"].client(superuser())
        until(lambda: client.get("/_api/version").status, lambda status: status == 503)
        told = client.get("/_api/version")
        assert "maintenance" in told.json["errorMessage"]
        assert told.error == (503, 503)
        assert held.end("coordinator1") == {"coordinator1": 0}
    finally:
        held.clean()


def test_a_wrong_secret_is_fatal(tmp_path: Path) -> None:
    held = Cluster(tmp_path, (1, 1, 0))
    try:
        held.start("agent1")
        held.running["agent1"].line("[cf3f4]")
        (tmp_path / "secret").write_text("another secret")
        held.start("dbserver1")
        held.running["dbserver1"].line("[32781]")
        assert held.running["dbserver1"].end() == 1
    finally:
        held.clean()


def test_the_first_password_is_the_one_of_the_options(tmp_path: Path) -> None:
    with cluster(tmp_path, (1, 1, 1), ["--database.password=first"]) as held:
        assert held.running["coordinator1"].client(basic(password="first")).get("/_api/version").status == 200
        assert held.running["coordinator1"].client(basic()).get("/_api/version").status == 401


def test_without_authentication_servers_need_no_tokens(tmp_path: Path) -> None:
    with cluster(tmp_path, (1, 1, 1), ["--server.authentication=false"]) as held:
        client = held.running["coordinator1"].client({})
        assert client.post("/_api/collection", {"name": "open"}).status == 200
        assert client.post("/_api/document/open", {"_key": "a"}).status == 202


def test_a_failed_server_that_holds_nothing_can_be_removed(tmp_path: Path) -> None:
    with cluster(tmp_path, (1, 2, 2)) as held:
        held.until_good()
        gone = held.id("coordinator2")
        held.end("coordinator2", number=signal.SIGKILL)
        health = held.until_health(lambda told: _status(held, "coordinator2")(told) == "FAILED")
        assert health[gone]["CanBeDeleted"]
        root = held.client()
        assert root.post("/_admin/cluster/removeServer", {"server": gone}).status == 200
        assert gone not in held.health()
        assert [one["endpoint"] for one in root.get("/_api/cluster/endpoints").json["endpoints"]] == [
            held.address("coordinator1")
        ]
        assert gone not in held.read("/arango/Plan/Coordinators")


def test_a_second_dbserver_gets_the_copies_that_are_due(tmp_path: Path) -> None:
    held = Cluster(tmp_path, (1, 2, 1))
    try:
        held.start("agent1", "dbserver1", "coordinator1")
        held.until_available()
        root = held.client()
        assert root.post("/_api/document/_users", {"user": "probe", "authData": {}}).status == 202
        held.start("dbserver2")
        held.until_good()
        users = root.get("/_api/collection/_users").json["id"]
        until(
            lambda: held.read(f"/arango/Current/Collections/_system/{users}"),
            lambda shards: all(len(entry["servers"]) == 2 for entry in shards.values()),
        )
        copied = held.client("dbserver2")
        shard = root.get("/_api/collection/_users/shards").json["shards"][0]
        assert copied.get(f"/_standin/shard/{shard}").json["count"] == 2
    finally:
        held.clean()


def _leading(held: Cluster) -> str:
    """Return the name of the agent that leads, as soon as those that run agree on one."""
    running = [name for name in held.of("agent") if name in held.running]
    clients = {name: held.client(name) for name in running}
    seen = until(
        lambda: {client.get("/_api/agency/config").json["leaderId"] for client in clients.values()},
        lambda leaders: len(leaders) == 1 and leaders <= {held.id(name) for name in running},
    )
    return next(name for name in running if {held.id(name)} == seen)


def test_the_cluster_goes_on_with_another_leading_agent(tmp_path: Path) -> None:
    with cluster(tmp_path, (3, 2, 1)) as held:
        held.until_good()
        root, first = held.client(), _leading(held)
        held.end(first, number=signal.SIGKILL)
        second = _leading(held)
        assert second != first
        health = held.until_health(lambda told: sum(one["Status"] == "GOOD" for one in told.values()) == 5)
        assert health[held.id(first)]["Status"] == "BAD"
        assert root.post("/_api/collection", {"name": "kept", "replicationFactor": 2}).status == 200
        _insert(root, range(3))
        held.start(first)
        held.until_good()
        assert _read(root, range(3))


def test_without_a_quorum_data_is_served_but_nothing_is_planned(tmp_path: Path) -> None:
    with cluster(tmp_path, (3, 2, 1)) as held:
        held.until_good()
        held.until_in_sync()
        root = held.client()
        assert root.post("/_api/collection", {"name": "kept", "replicationFactor": 2}).status == 200
        held.end("agent1", "agent2", number=signal.SIGKILL)
        _insert(root, range(3))
        assert _read(root, range(3))
        until(lambda: root.get("/_admin/cluster/health").status, lambda status: status == 503)
        assert root.post("/_api/collection", {"name": "more"}).error == (503, 503)
        held.start("agent1", "agent2")
        held.until_good()
        assert root.post("/_api/collection", {"name": "more"}).status == 200
        assert _read(root, range(3))


@pytest.mark.parametrize("role", ["dbserver1", "coordinator1"])
def test_an_upgrade_run_needs_nobody_else_and_keeps_the_identity(tmp_path: Path, role: str) -> None:
    held = Cluster(tmp_path, (1, 1, 1))
    try:
        for _ in range(2):
            held.start(role, more=["--database.auto-upgrade=true", "--server.rest-server=false"])
            identity = until(lambda: (tmp_path / role / "UUID").exists() and held.id(role), bool)
            assert held.running[role].end() == 0
            held.running.pop(role).clean()
        assert held.id(role) == identity
    finally:
        held.clean()
