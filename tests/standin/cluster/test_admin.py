"""What coordinators tell about the cluster, and what administrators and users may change, on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.standin.cluster.driving import Cluster, superuser, until
from tests.standin.driving import Answer, Client, basic

ADMIN = "/_admin/cluster"


@pytest.fixture
def copied(root: Client) -> Iterator[dict[str, Any]]:
    """A collection with two copies."""
    created = root.post("/_api/collection", {"name": "copied", "replicationFactor": 2}).json
    yield created
    assert root.ask("DELETE", "/_api/collection/copied").status == 200


def test_health_names_every_server_with_role_and_short_name(lab: Cluster) -> None:
    health = lab.health()
    assert {lab.id(name) for name in lab.names} == set(health)
    told = {name: health[lab.id(name)] for name in lab.names}
    assert {one["Status"] for one in told.values()} == {"GOOD"}
    assert {one["Version"] for one in told.values()} == {"3.12.5"}
    assert [told[name]["Role"] for name in ("agent1", "dbserver1", "coordinator1")] == [
        "Agent",
        "DBServer",
        "Coordinator",
    ]
    assert told["agent1"]["Leading"] is True
    assert told["agent1"]["Leader"] == lab.id("agent1")
    servers = [one for one in told.values() if one["Role"] != "Agent"]
    assert sorted(one["ShortName"] for one in servers) == [
        "Coordinator0001",
        "Coordinator0002",
        "DBServer0001",
        "DBServer0002",
    ]
    assert {one["SyncStatus"] for one in servers} == {"SERVING"}
    assert told["dbserver1"]["Endpoint"] == lab.address("dbserver1")
    assert not any(one["CanBeDeleted"] for one in told.values())


@pytest.mark.parametrize("role", ["dbserver1", "coordinator1"])
def test_a_server_knows_who_it_is(lab: Cluster, role: str) -> None:
    client = lab.running[role].client(superuser())
    word = "PRIMARY" if role == "dbserver1" else "COORDINATOR"
    assert client.get("/_admin/server/role").json["role"] == word
    assert client.get("/_admin/server/id").json["id"] == lab.id(role)
    assert client.get("/_admin/server/availability").json == {"mode": "default"}
    status = client.get("/_admin/status").json
    assert status["serverInfo"]["serverId"] == status["serverInfo"]["persistedId"] == lab.id(role)
    assert (status["serverInfo"]["state"], status["serverInfo"]["rebootId"]) == ("SERVING", 1)
    assert status["serverInfo"]["address"] == lab.address(role)
    assert status["agency"]["agencyComm"]["endpoints"] == [lab.address("agent1")]


def test_endpoints_are_those_of_the_coordinators(lab: Cluster, root: Client) -> None:
    told = {one["endpoint"] for one in root.get("/_api/cluster/endpoints").json["endpoints"]}
    assert told == {lab.address(name) for name in lab.of("coordinator")}


def test_the_foxxmaster_is_one_of_the_coordinators(lab: Cluster, root: Client) -> None:
    told = [lab.client(name).get("/_admin/status").json["coordinator"] for name in lab.of("coordinator")]
    assert len({one["foxxmaster"] for one in told}) == 1
    assert sorted(one["isFoxxmaster"] for one in told) == [False, True]


def test_the_agency_is_dumped_whole(lab: Cluster, root: Client) -> None:
    tree = root.get("/_api/cluster/agency-dump").json["agency"]["arango"]
    assert tree["Supervision"]["State"]["Mode"] == "Normal"
    assert set(tree["Plan"]["DBServers"]) == {lab.id(name) for name in lab.of("dbserver")}
    assert tree["Target"]["FailedServers"] == {}


def test_the_inventory_says_that_all_is_in_sync(root: Client, copied: dict[str, Any]) -> None:
    held = root.get("/_api/replication/clusterInventory?includeSystem=true").json["collections"]
    assert {"_users", "copied"} <= {one["parameters"]["name"] for one in held}
    assert all(one["isReady"] and one["allInSync"] for one in held)
    without = root.get("/_api/replication/clusterInventory").json["collections"]
    assert [one["parameters"]["name"] for one in without] == ["copied"]


def test_the_distribution_of_shards_is_told_by_short_names(root: Client, copied: dict[str, Any]) -> None:
    told = root.get(f"{ADMIN}/shardDistribution").json["results"]["copied"]
    placed = next(iter(told["Plan"].values()))
    assert told["Plan"] == told["Current"]
    assert {placed["leader"], *placed["followers"]} == {"DBServer0001", "DBServer0002"}
    assert root.get(f"{ADMIN}/collectionShardDistribution?collection=copied").json["results"] == {"copied": told}
    asked = root.ask("PUT", f"{ADMIN}/collectionShardDistribution", {"collection": "copied"})
    assert asked.json["results"] == {"copied": told}
    counted = root.get(f"{ADMIN}/shardStatistics").json["result"]
    assert counted["shards"] == counted["leaders"] + counted["followers"] == 2 * counted["leaders"]
    every = root.get(f"{ADMIN}/shardStatistics?DBserver=all").json["result"].values()
    assert sum(one["leaders"] for one in every) == counted["leaders"]


def _metric(answer: Answer, name: str) -> float:
    lines = answer.body.decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))


def test_metrics_count_the_shards(lab: Cluster, copied: dict[str, Any]) -> None:
    answers = [lab.client(name).get("/_admin/metrics/v2") for name in lab.of("dbserver")]
    assert [_metric(answer, "arangodb_shards_out_of_sync") for answer in answers] == [0, 0]
    assert [_metric(answer, "arangodb_shards_not_replicated") for answer in answers] == [0, 0]
    led = sum(_metric(answer, "arangodb_shards_leader_number") for answer in answers)
    followed = sum(_metric(answer, "arangodb_shards_follower_number") for answer in answers)
    assert led == followed > 0
    assert _metric(lab.client("coordinator1").get("/_admin/metrics/v2"), "arangodb_heartbeat_failures_total") == 0


def test_the_numbers_of_servers_are_a_wish(root: Client) -> None:
    unset: dict[str, Any] = {
        "numberOfDBServers": None,
        "numberOfCoordinators": None,
        "cleanedServers": [],
        "error": False,
        "code": 200,
    }
    assert root.get(f"{ADMIN}/numberOfServers").json == unset
    assert root.ask("PUT", f"{ADMIN}/numberOfServers", {"numberOfDBServers": 2}).status == 200
    assert root.get(f"{ADMIN}/numberOfServers").json["numberOfDBServers"] == 2
    assert root.ask("PUT", f"{ADMIN}/numberOfServers", {"numberOfDBServers": None}).status == 200
    assert root.get(f"{ADMIN}/numberOfServers").json == unset
    assert root.ask("PUT", f"{ADMIN}/numberOfServers", {"numberOfDBServers": -1}).error == (400, 400)
    assert root.ask("PUT", f"{ADMIN}/numberOfServers", {}).error == (400, 400)
    assert root.ask("PUT", f"{ADMIN}/numberOfServers", {"cleanedServers": 1}).error == (400, 400)


def test_maintenance_of_the_cluster_goes_on_and_off(lab: Cluster, root: Client) -> None:
    assert root.get(f"{ADMIN}/maintenance").json["result"] == "Normal"
    assert "60 minutes" in root.ask("PUT", f"{ADMIN}/maintenance", "on").json["warning"]
    assert root.get(f"{ADMIN}/maintenance").json["result"] == "Maintenance"
    assert lab.read("/arango/Supervision/State")["Mode"] == "Maintenance"
    assert root.ask("PUT", f"{ADMIN}/maintenance", "off").json["warning"] == "Cluster supervision reactivated."
    assert root.get(f"{ADMIN}/maintenance").json["result"] == "Normal"
    assert root.ask("PUT", f"{ADMIN}/maintenance", "1").status == 200
    until(lambda: root.get(f"{ADMIN}/maintenance").json["result"], lambda mode: mode == "Normal")
    assert root.ask("PUT", f"{ADMIN}/maintenance", "soon").error == (400, 400)


def test_maintenance_of_one_dbserver_is_brought_into_effect_and_ends(lab: Cluster, root: Client) -> None:
    place = f"{ADMIN}/maintenance/{lab.id('dbserver1')}"
    assert root.get(place).json == {"error": False, "code": 200}
    assert root.ask("PUT", place, {"mode": "maintenance", "timeout": 600}).status == 200
    entry = until(lambda: root.get(place).json.get("result"), bool)
    assert entry["Mode"] == "maintenance"
    assert root.ask("PUT", place, {"mode": "normal"}).status == 200
    until(lambda: lab.read("/arango/Current/MaintenanceDBServers"), lambda held: held == {})
    assert root.ask("PUT", place, {"mode": "maintenance", "timeout": 1}).status == 200
    until(lambda: lab.read("/arango/Current/MaintenanceDBServers"), bool)
    until(lambda: lab.read("/arango/Target/MaintenanceDBServers"), lambda held: held == {})
    until(lambda: lab.read("/arango/Current/MaintenanceDBServers"), lambda held: held == {})
    assert root.ask("PUT", place, {"mode": "sleep"}).error == (400, 400)
    assert root.ask("PUT", place, {"mode": "normal", "timeout": 0}).error == (400, 400)
    assert root.get(f"{ADMIN}/maintenance/PRMR-none").error == (404, 404)


def test_other_servers_are_asked_through_a_coordinator(lab: Cluster, root: Client) -> None:
    told = root.get(f"{ADMIN}/nodeVersion?ServerID={lab.id('dbserver1')}").json
    assert told["details"]["standin"]
    assert root.get(f"{ADMIN}/nodeEngine?ServerID={lab.id('dbserver1')}").json["name"] == "rocksdb"
    assert root.get(f"{ADMIN}/nodeVersion?ServerID=PRMR-none").error == (400, 400)


@pytest.mark.parametrize(
    ("method", "path", "body", "error"),
    [
        ("GET", f"{ADMIN}/nonsense", None, (400, 400)),
        ("POST", f"{ADMIN}/health", None, (405, 405)),
        ("POST", f"{ADMIN}/moveShard", {}, (501, 9)),
        ("POST", f"{ADMIN}/removeServer", "PRMR-none", (404, 404)),
        ("GET", f"{ADMIN}/collectionShardDistribution", None, (400, 400)),
        ("GET", f"{ADMIN}/shardStatistics?DBserver=none", None, (400, 400)),
        ("PUT", "/_api/user/nobody", {}, (404, 1703)),
        ("PATCH", "/_api/user/root", {"passwd": 7}, (400, 400)),
        ("POST", "/_api/user", {"user": "a"}, (501, 9)),
    ],
)
def test_what_cannot_be_done_is_refused(
    root: Client, method: str, path: str, body: Any, error: tuple[int, int]
) -> None:
    assert root.ask(method, path, body).error == error


def test_a_password_changed_at_one_coordinator_holds_at_all_of_them(lab: Cluster, root: Client) -> None:
    other = lab.running["coordinator2"].client(basic(password="new"))
    assert other.get("/_api/version").error == (401, 11)
    assert root.ask("PATCH", "/_api/user/root", {"passwd": "new"}).json["user"] == "root"
    try:
        until(lambda: other.get("/_api/version").status, lambda status: status == 200)
        assert other.post("/_open/auth", {"username": "root", "password": "new"}).json["jwt"]
        until(lambda: root.get("/_api/version").status, lambda status: status == 401)
    finally:  # the cluster is other tests' too
        shown = other.ask("PUT", "/_api/user/root", {"passwd": "", "extra": {"team": "qa"}}).json
    assert (shown["active"], shown["extra"]) == (True, {"team": "qa"})
    until(lambda: root.get("/_api/user/root").status, lambda status: status == 200)
    assert root.get("/_api/user/root").json["extra"] == {"team": "qa"}
    assert root.ask("PATCH", "/_api/user/root", {"extra": {}}).json["extra"] == {}
    assert [one["user"] for one in root.get("/_api/user").json["result"]] == ["root"]
