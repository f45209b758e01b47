"""Databases, collections and documents over HTTP, with the numbers of arangod."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from tests.standin.driving import Client


def test_databases_are_created_listed_described_and_dropped(client: Client) -> None:
    created = client.post("/_api/database", {"name": "shop"})
    assert (created.status, created.json) == (201, {"error": False, "code": 201, "result": True})
    assert client.post("/_api/database", {"name": "shop"}).error == (409, 1207)
    assert client.get("/_api/database").json["result"] == ["_system", "shop"]
    assert client.get("/_api/database/user").json["result"] == ["_system", "shop"]
    current = client.get("/_db/shop/_api/database/current").json["result"]
    assert (current["name"], current["isSystem"]) == ("shop", False)
    assert client.get("/_db/shop/_api/database").error == (403, 1230)
    assert client.ask("DELETE", "/_api/database/shop").json["result"] is True
    assert client.ask("DELETE", "/_api/database/shop").error == (404, 1228)
    assert client.ask("DELETE", "/_api/database/_system").error == (403, 11)


def test_databases_that_cannot_be_are_refused(client: Client) -> None:
    assert client.post("/_api/database", {"name": "_mine"}).error == (400, 1229)
    assert client.post("/_api/database", {}).error == (400, 1229)
    assert client.post("/_api/database", [1]).error == (400, 400)
    assert client.post("/_api/database", {"name": "x", "users": [{"username": "u"}]}).error == (501, 9)


def test_a_collection_is_described_in_full_when_it_is_made(client: Client) -> None:
    made = client.post("/_api/collection", {"name": "c", "replicationFactor": 2, "waitForSync": True}).json
    assert (made["name"], made["type"], made["status"], made["statusString"]) == ("c", 2, 3, "loaded")
    assert (made["waitForSync"], made["isSystem"], made["error"], made["code"]) == (True, False, False, 200)
    assert made["keyOptions"]["type"] == "traditional"
    short = client.get("/_api/collection/c").json
    assert {"id", "name", "status", "type", "isSystem", "globallyUniqueId", "error", "code"} == set(short)
    assert client.get(f"/_api/collection/{made['id']}/properties").json == made
    assert client.get("/_api/collection/c/count").json["count"] == 0
    assert client.ask("DELETE", "/_api/collection/c").json == {"error": False, "code": 200, "id": made["id"]}
    assert client.get("/_api/collection/c").error == (404, 1203)
    assert client.ask("DELETE", "/_api/collection/c").error == (404, 1203)


def test_collections_are_listed_with_and_without_those_of_the_system(client: Client, collection: str) -> None:
    every = {one["name"] for one in client.get("/_api/collection").json["result"]}
    assert {"_users", "_graphs", collection} <= every
    mine = [one["name"] for one in client.get("/_api/collection?excludeSystem=true").json["result"]]
    assert mine == [collection]


def test_collections_that_cannot_be_are_refused(client: Client, collection: str) -> None:
    refused: dict[tuple[int, int], list[Any]] = {
        (409, 1207): [{"name": collection}],
        (400, 1208): [{"name": "_x"}, {"name": ""}, {}, {"name": 7}],
        (400, 1218): [{"name": "x", "type": 4}, {"name": "x", "type": True}, {"name": "x", "type": "edge"}],
        (400, 10): [{"name": "x", "waitForSync": "yes"}, {"name": "x", "keyOptions": 7}],
        (400, 400): [[]],
        (501, 9): [
            {"name": "x", "keyOptions": {"type": "uuid"}},
            {"name": "x", "keyOptions": {"allowUserKeys": False}},
            {"name": "x", "schema": {"rule": {}}},
            {"name": "x", "computedValues": [{}]},
        ],
    }
    for error, bodies in refused.items():
        for body in bodies:
            assert client.post("/_api/collection", body).error == error, body
    assert client.ask("DELETE", "/_api/collection/_users").error == (403, 11)
    assert client.get("/_api/collection/things/figures").error == (501, 9)
    assert client.ask("PUT", "/_api/collection/things/truncate").error == (501, 9)


def test_a_document_is_made_read_and_removed(client: Client, collection: str) -> None:
    made = client.post(f"/_api/document/{collection}", {"_key": "a@b", "x": [1, {"y": "ü"}]})
    assert made.status == 202
    assert set(made.json) == {"_id", "_key", "_rev"}
    assert made.headers["etag"] == f'"{made.json["_rev"]}"'
    assert made.headers["location"] == f"/_db/_system/_api/document/{collection}/a%40b"
    read = client.get(made.headers["location"])
    assert read.json == {**made.json, "x": [1, {"y": "ü"}]}
    assert read.headers["etag"] == made.headers["etag"]
    assert client.get(f"/_api/collection/{collection}/count").json["count"] == 1
    removed = client.ask("DELETE", f"/_api/document/{collection}/a@b?returnOld=true")
    assert (removed.status, removed.json["old"]["x"]) == (202, [1, {"y": "ü"}])
    assert client.get(f"/_api/document/{collection}/a@b").error == (404, 1202)


def test_what_is_on_disk_is_told_by_the_status(client: Client, collection: str) -> None:
    made = client.post(f"/_api/document/{collection}?waitForSync=true", {})
    assert made.status == 201
    assert client.ask("DELETE", f"/_api/document/{made.json['_id']}?waitForSync=true").status == 200
    assert client.post("/_api/collection", {"name": "safe", "waitForSync": True}).status == 200
    assert client.post("/_api/document/safe", {}).status == 201
    assert client.ask("DELETE", "/_api/collection/safe").status == 200


def test_what_is_returned_is_what_was_asked_for(client: Client, collection: str) -> None:
    path = f"/_api/document?collection={collection}"
    assert client.post(f"{path}&returnNew=true", {"_key": "k", "n": 1}).json["new"]["n"] == 1
    replaced = client.post(f"{path}&overwrite=true&returnOld=true&returnNew=true", {"_key": "k", "n": 2}).json
    assert (replaced["old"]["n"], replaced["new"]["n"]) == (1, 2)
    assert replaced["_oldRev"] == replaced["old"]["_rev"]
    ignored = client.post(f"{path}&overwriteMode=ignore", {"_key": "k", "n": 3})
    assert (ignored.status, ignored.json["_rev"]) == (202, replaced["_rev"])
    assert client.post(f"{path}&overwriteMode=replace&silent=true", {"_key": "k", "n": 4}).json == {}


def test_writes_that_cannot_be_are_refused(client: Client, collection: str) -> None:
    path = f"/_api/document/{collection}"
    assert client.post(path, {"_key": "k"}).status == 202
    conflict = client.post(path, {"_key": "k"})
    assert conflict.error == (409, 1210)
    assert conflict.json["_key"] == "k"
    assert "conflicting key: k" in conflict.json["errorMessage"]
    assert client.post(path, {"_key": "a/b"}).error == (400, 1221)
    assert client.post(path, "text").error == (400, 1227)
    assert client.post(path, b"{").error == (400, 600)
    assert client.post(path, b"[" * 100_000).error == (400, 600)
    assert client.post("/_api/document/none", {}).error == (404, 1203)
    assert client.post("/_api/document", {}).error == (400, 400)
    assert client.post(f"{path}?overwriteMode=perhaps", {}).error == (400, 10)
    assert client.post(f"{path}?overwriteMode=update", {}).error == (501, 9)
    assert client.post(path, [{}]).error == (501, 9)
    assert client.ask("PATCH", f"{path}/k", {}).error == (501, 9)
    assert client.get("/_api/document/none/k").error == (404, 1203)


def test_edges_need_their_ends(client: Client) -> None:
    assert client.post("/_api/collection", {"name": "e", "type": 3}).json["type"] == 3
    assert client.post("/_api/document/e", {"_from": "c/1"}).error == (400, 1233)
    assert client.post("/_api/document/e", {"_from": "c/1", "_to": "c/2"}).status == 202
    assert client.ask("DELETE", "/_api/collection/e").status == 200


def test_revisions_decide_when_they_are_named(client: Client, collection: str) -> None:
    made = client.post(f"/_api/document/{collection}", {"_key": "k"})
    path, tag = f"/_api/document/{collection}/k", made.headers["etag"]
    assert client.ask("GET", path, headers={"if-none-match": tag}).status == 304
    assert client.ask("GET", path, headers={"if-none-match": '"other"'}).status == 200
    assert client.ask("GET", path, headers={"if-match": tag}).status == 200
    assert client.ask("GET", path, headers={"if-match": '"other"'}).error == (412, 1200)
    assert client.ask("DELETE", path, headers={"if-match": '"other"'}).error == (412, 1200)
    assert client.ask("DELETE", path, headers={"if-match": tag}).status == 202


def test_head_is_get_without_a_body(client: Client, collection: str) -> None:
    client.post(f"/_api/document/{collection}", {"_key": "k"})
    path = f"/_api/document/{collection}/k"
    head, get = client.ask("HEAD", path), client.get(path)
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", get.headers["etag"])
    assert int(head.headers["content-length"]) == len(get.body)
    assert client.ask("HEAD", f"{path}x").status == 404


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_a_body_may_come_compressed(client: Client, collection: str, coding: str) -> None:
    body = gzip.compress(b'{"x":1}') if coding == "gzip" else b'{"x":1}'
    headers = {"content-encoding": coding}
    assert client.ask("POST", f"/_api/document/{collection}", body, headers).status == 202


def test_velocypack_is_refused_clearly_and_json_answered_to_who_would_like_it(client: Client, collection: str) -> None:
    headers = {"content-type": "application/x-velocypack", "accept": "application/x-velocypack"}
    answer = client.ask("POST", f"/_api/document/{collection}", b"\x0a", headers)
    assert answer.error == (400, 600)
    assert "VelocyPack" in answer.json["errorMessage"]


def test_a_probe_can_be_played_in_any_database(client: Client) -> None:
    assert client.post("/_api/database", {"name": "grün"}).status == 201
    home = "/_db/gr%C3%BCn"
    assert client.post(f"{home}/_api/collection", {"name": "probe"}).status == 200
    made = client.post(f"{home}/_api/document/probe?waitForSync=true", {"probe": True})
    assert made.headers["location"] == f"{home}/_api/document/probe/{made.json['_key']}"
    assert client.get(made.headers["location"]).json["probe"] is True
    assert client.ask("DELETE", f"{home}/_api/collection/probe").status == 200
    assert client.ask("DELETE", "/_api/database/gr%C3%BCn").status == 200
