"""Collections and documents through coordinators, on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.standin.cluster.driving import Cluster, until
from tests.standin.driving import Client


@pytest.fixture
def things(root: Client) -> Iterator[str]:
    """A collection of three shards with two copies, gone afterwards."""
    wish = {"name": "things", "numberOfShards": 3, "replicationFactor": 2}
    assert root.post("/_api/collection", wish).status == 200
    yield "things"
    assert root.ask("DELETE", "/_api/collection/things").status in (200, 404)


def _copies(lab: Cluster, name: str, database: str = "_system") -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return the documents of every shard on every server that is planned for it."""
    collections = lab.read(f"/arango/Plan/Collections/{database}").values()
    shards = next(entry["shards"] for entry in collections if entry["name"] == name)
    held: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for server in lab.of("dbserver"):
        client = lab.client(server)
        for shard, servers in shards.items():
            if lab.id(server) in servers:
                answer = client.get(f"/_db/{database}/_standin/shard/{shard}?documents=true")
                held.setdefault(shard, {})[server] = sorted(answer.json["documents"], key=lambda one: str(one["_key"]))
    return held


def test_a_collection_is_planned_and_in_sync_when_its_creation_is_answered(lab: Cluster, root: Client) -> None:
    wish = {"name": "wide", "numberOfShards": 4, "replicationFactor": 2, "waitForSync": True}
    created = root.post("/_api/collection", wish).json
    assert (created["numberOfShards"], created["replicationFactor"], created["waitForSync"]) == (4, 2, True)
    planned = lab.read(f"/arango/Plan/Collections/_system/{created['id']}")
    reported = lab.read(f"/arango/Current/Collections/_system/{created['id']}")
    assert not {"isBuilding", "coordinator", "coordinatorRebootId"} & planned.keys()
    assert {shard: entry["servers"] for shard, entry in reported.items()} == planned["shards"]
    assert all(len(set(servers)) == 2 for servers in planned["shards"].values())
    assert len({servers[0] for servers in planned["shards"].values()}) == 2
    details = root.get("/_api/collection/wide/shards?details=true").json["shards"]
    assert details == planned["shards"]
    assert root.get("/_api/collection/wide/shards").json["shards"] == sorted(details, key=lambda name: int(name[1:]))
    assert root.ask("DELETE", "/_api/collection/wide").json["id"] == created["id"]
    assert lab.read("/arango/Current/Collections/_system").get(created["id"]) is None
    assert root.get("/_api/collection/wide").error == (404, 1203)


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"name": "_users", "isSystem": True}, (409, 1207)),
        ({"name": "1no"}, (400, 1208)),
        ({}, (400, 1208)),
        ({"name": "a", "replicationFactor": 3}, (500, 1487)),
        ({"name": "a", "replicationFactor": 11}, (400, 10)),
        ({"name": "a", "replicationFactor": "many"}, (400, 10)),
        ({"name": "a", "replicationFactor": 1, "writeConcern": 2}, (400, 10)),
        ({"name": "a", "numberOfShards": 0}, (400, 10)),
        ({"name": "a", "numberOfShards": 1001}, (400, 1450)),
        ({"name": "a", "shardKeys": []}, (400, 10)),
        ({"name": "a", "type": 7}, (400, 1218)),
        ({"name": "a", "distributeShardsLike": "b"}, (501, 9)),
    ],
)
def test_a_collection_that_cannot_be_is_refused(root: Client, wish: dict[str, Any], error: tuple[int, int]) -> None:
    assert root.post("/_api/collection", wish).error == error


def test_copies_beyond_the_servers_there_are_wait_for_more_servers_when_allowed(root: Client) -> None:
    wish = {"name": "later", "replicationFactor": 3}
    assert root.post("/_api/collection?enforceReplicationFactor=false", wish).json["replicationFactor"] == 3
    assert root.ask("DELETE", "/_api/collection/later").status == 200


def test_documents_are_spread_over_shards_and_copied_byte_for_byte(lab: Cluster, root: Client, things: str) -> None:
    for number in range(30):
        assert root.post(f"/_api/document/{things}", {"_key": f"k{number}", "value": number}).status == 202
    copies = _copies(lab, things)
    for held in copies.values():
        first, second = held.values()
        assert first == second
        assert first
    assert sum(len(next(iter(held.values()))) for held in copies.values()) == 30
    assert root.get(f"/_api/collection/{things}/count").json["count"] == 30


def test_a_document_lives_as_on_a_single_server(lab: Cluster, root: Client, things: str) -> None:
    inserted = root.post(f"/_api/document/{things}?returnNew=true&waitForSync=true", {"_key": "a", "value": 1})
    rev = inserted.json["_rev"]
    assert inserted.status == 201
    assert inserted.json["new"] == {"_key": "a", "_id": "things/a", "_rev": rev, "value": 1}
    assert inserted.headers["location"] == "/_db/_system/_api/document/things/a"
    assert root.post(f"/_api/document/{things}", {"_key": "a"}).error == (409, 1210)
    replaced = root.post(f"/_api/document/{things}?overwriteMode=replace", {"_key": "a", "value": 2})
    assert replaced.json["_oldRev"] == rev
    read = root.get(f"/_api/document/{things}/a")
    assert (read.json["value"], read.headers["etag"]) == (2, f'"{replaced.json["_rev"]}"')
    assert root.get(f"/_api/document/{things}/a", if_none_match=read.headers["etag"]).status == 304
    head = root.ask("HEAD", f"/_api/document/{things}/a")
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", read.headers["etag"])
    other = lab.client("coordinator2")
    assert other.get(f"/_api/document/{things}/a").json == read.json
    path = f"/_api/document/{things}/a"
    assert root.ask("DELETE", path, headers={"if-match": rev}).error == (412, 1200)
    assert root.ask("DELETE", path).json["_key"] == "a"
    assert root.ask("DELETE", path).error == (404, 1202)
    assert other.get(path).error == (404, 1202)
    assert all(not documents for held in _copies(lab, things).values() for documents in held.values())


def test_a_collection_is_described_on_coordinators_and_its_shards_on_dbservers(
    lab: Cluster, root: Client, things: str
) -> None:
    assert root.post(f"/_api/document?collection={things}&silent=true", {"_key": "a"}).json == {}
    described = root.get(f"/_api/collection/{things}/properties").json
    assert (described["writeConcern"], described["shardKeys"], described["type"]) == (1, ["_key"], 2)
    listed = root.get("/_api/collection?excludeSystem=true").json["result"]
    assert [one["name"] for one in listed] == [things]
    assert root.get("/_api/database/user").json["result"] == ["_system"]
    assert root.get("/_db/_system/_api/collection/" + described["id"]).json["name"] == things
    shards = root.get(f"/_api/collection/{things}/shards").json["shards"]
    server = lab.client("dbserver1")
    assert set(shards) <= {one["name"] for one in server.get("/_api/collection").json["result"]}
    assert server.get(f"/_api/collection/{shards[0]}/properties").json["name"] == shards[0]
    assert server.get(f"/_api/collection/{shards[0]}").json["isSystem"] is False
    assert server.post("/_api/collection", {"name": "x"}).status in (404, 405)


def test_documents_without_a_key_get_one_nobody_else_has(lab: Cluster, root: Client, things: str) -> None:
    other = lab.client("coordinator2")
    keys = {client.post(f"/_api/document/{things}", {}).json["_key"] for client in (root, other) for _ in range(20)}
    assert len(keys) == 40


@pytest.mark.parametrize(
    ("method", "path", "body", "error"),
    [
        ("POST", "/_api/document/nowhere", {}, (404, 1203)),
        ("GET", "/_api/document/nowhere/a", None, (404, 1203)),
        ("POST", "/_api/document/_users", [], (501, 9)),
        ("POST", "/_api/document/_users", 7, (400, 1227)),
        ("POST", "/_api/document/_users", {"_key": "a b"}, (400, 1221)),
        ("POST", "/_api/document", {}, (400, 400)),
        ("PATCH", "/_api/document/_users/1", {}, (501, 9)),
        ("DELETE", "/_api/collection/_users", None, (403, 11)),
        ("GET", "/_api/collection/nowhere/count", None, (404, 1203)),
        ("POST", "/_api/cursor", {"query": "RETURN 1"}, (501, 9)),
    ],
)
def test_what_cannot_be_done_is_refused(
    root: Client, method: str, path: str, body: Any, error: tuple[int, int]
) -> None:
    assert root.ask(method, path, body).error == error


def test_shard_keys_other_than_the_key_are_looked_for_in_every_shard(root: Client) -> None:
    wish = {"name": "sharded", "numberOfShards": 3, "shardKeys": ["town"]}
    assert root.post("/_api/collection", wish).status == 200
    keys = [root.post("/_api/document/sharded", {"town": town}).json["_key"] for town in ("Köln", "Bonn", "Rom")]
    assert {root.get(f"/_api/document/sharded/{key}").json["town"] for key in keys} == {"Köln", "Bonn", "Rom"}
    assert root.get("/_api/document/sharded/none").error == (404, 1202)
    assert root.post("/_api/document/sharded", {"_key": "own", "town": "Rom"}).error == (400, 1466)
    where = root.ask("PUT", "/_api/collection/sharded/responsibleShard", {"town": "Rom"}).json["shardId"]
    assert where in root.get("/_api/collection/sharded/shards").json["shards"]
    assert root.ask("PUT", "/_api/collection/sharded/responsibleShard", {}).error == (400, 400)
    assert root.ask("DELETE", "/_api/collection/sharded").status == 200


def test_databases_come_and_go_on_every_server(lab: Cluster, root: Client) -> None:
    assert root.post("/_api/database", {"name": "shop"}).status == 201
    assert root.post("/_api/database", {"name": "shop"}).error == (409, 1207)
    assert root.post("/_api/database", {"name": "1 shop"}).error == (400, 1229)
    assert root.post("/_api/database", {"name": "a", "users": [{}]}).error == (501, 9)
    assert root.ask("DELETE", "/_api/database/_system").error == (403, 11)
    assert root.ask("DELETE", "/_api/database/nowhere").error == (404, 1228)
    other = lab.client("coordinator2")
    until(lambda: other.get("/_api/database").json["result"], lambda names: "shop" in names)
    names = [one["name"] for one in other.get("/_db/shop/_api/collection").json["result"]]
    assert "_graphs" in names
    assert "_users" not in names
    assert root.post("/_db/shop/_api/collection", {"name": "things", "replicationFactor": 2}).status == 200
    assert root.post("/_db/shop/_api/document/things", {"_key": "a"}).json["_id"] == "things/a"
    assert root.get("/_db/shop/_api/database/current").json["result"]["name"] == "shop"
    assert [len(held) for held in _copies(lab, "things", "shop").values()] == [2]
    assert root.ask("DELETE", "/_api/database/shop").status == 200
    assert root.get("/_db/shop/_api/collection").status == 404
    for server in lab.of("dbserver"):
        until(partial(lab.client(server).get, "/_api/database"), lambda told: told.json["result"] == ["_system"])
    assert "shop" not in lab.read("/arango/Current/Databases")


def test_a_dbserver_leads_only_its_own_shards_and_serves_no_users(lab: Cluster, root: Client, things: str) -> None:
    shards = root.get(f"/_api/collection/{things}/shards?details=true").json["shards"]
    shard, servers = next(iter(shards.items()))
    names = {lab.id(name): name for name in lab.of("dbserver")}
    leader, follower = (lab.client(names[server]) for server in servers)
    assert follower.post(f"/_api/document/{shard}", {"_key": "x"}).error == (421, 1491)
    assert follower.get(f"/_api/document/{shard}/x").error == (421, 1491)
    change = {"leader": servers[1], "changes": [["put", {"_key": "x", "_rev": "1"}]], "sync": False}
    assert leader.post(f"/_standin/shard/{shard}", change).error == (406, 1490)
    assert leader.post(f"/_standin/shard/{shard}", {}).error == (400, 400)
    assert leader.get(f"/_api/document/{shard}/x").error == (404, 1202)
    as_root = lab.running[names[servers[0]]].client()
    assert as_root.get("/_api/version").status == 401
    assert leader.get("/_admin/cluster/health").error == (403, 403)
