"""What a coordinator tells, read; asked of a server that answers as a coordinator does."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from armadillo.arango import Client, admin
from armadillo.errors import HealthCheckError

from .answering import Answering, Asked, answering

GOOD = {"Endpoint": "tcp://dbserver1:8529", "Status": "GOOD"}
INVENTORY = "/_api/replication/clusterInventory?includeSystem=true"


def shard(name: str, *, in_sync: bool = True, ready: bool = True) -> dict[str, Any]:
    return {"parameters": {"name": name}, "allInSync": in_sync, "isReady": ready}


SAYS: Mapping[str, Any] = {
    "/_admin/cluster/health": {"Health": {"PRMR-1": GOOD, "AGNT-1": {"Status": "GOOD"}}},
    "/_admin/cluster/maintenance": {"error": False, "result": "Maintenance"},
    "/_api/cluster/endpoints": {"endpoints": [{"endpoint": "tcp://127.0.0.1:1"}, {"endpoint": "tcp://127.0.0.1:2"}]},
    "/_api/database": {"result": ["_system", "other"]},
    f"/_db/_system{INVENTORY}": {
        "collections": [shard("_users"), shard("late", in_sync=False), shard("probe-1", ready=False)]
    },
    f"/_db/other{INVENTORY}": {"collections": [shard("new", ready=False), {"allInSync": False}]},
}


def answer(asked: Asked) -> tuple[int, bytes]:
    return (200, json.dumps(SAYS[asked.path]).encode()) if asked.path in SAYS else (200, b"{}")


@pytest.fixture
def coordinator() -> Iterator[Answering]:
    with answering(answer) as server:
        yield server


@pytest.fixture
def client(coordinator: Answering) -> Iterator[Client]:
    with Client(coordinator.url) as made:
        yield made


@pytest.fixture
def silent() -> Iterator[Client]:
    """A coordinator that answers with nothing in it."""
    with answering(lambda asked: (200, b"{}")) as server, Client(server.url) as made:
        yield made


def test_registered_servers_are_told_by_id(client: Client, silent: Client) -> None:
    assert admin.servers(client) == {"PRMR-1": GOOD, "AGNT-1": {"Status": "GOOD"}}
    assert admin.servers(silent) == {}


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("tcp://dbserver1:8529", "dbserver1"),
        ("ssl://db.example:1", "db.example"),
        ("tcp://[::1]:8529", "[::1]"),
        ("", ""),
    ],
)
def test_a_registered_server_is_known_by_the_host_in_its_endpoint(endpoint: str, host: str) -> None:
    told = {"Endpoint": endpoint}
    assert list(admin.named({"PRMR-1": told})) == [(host, "PRMR-1", told)]


def test_a_server_without_an_endpoint_has_no_host() -> None:
    assert list(admin.named({"AGNT-1": {}})) == [("", "AGNT-1", {})]


def test_mode_and_endpoints_are_read(client: Client, silent: Client) -> None:
    assert admin.maintenance(client) == "Maintenance"
    assert admin.endpoints(client) == ["tcp://127.0.0.1:1", "tcp://127.0.0.1:2"]
    assert (admin.maintenance(silent), admin.endpoints(silent)) == ("?", [])


def test_what_is_not_in_sync_is_named_in_every_database(client: Client) -> None:
    assert admin.out_of_sync(client, besides="probe-") == ["_system/late", "other/new", "other/?"]


@pytest.mark.parametrize(("status", "let_in"), [(200, True), (401, False), (403, False)])
def test_a_login_is_let_in_or_not(status: int, let_in: bool) -> None:
    with answering(lambda asked: (status, b"{}")) as server:
        assert admin.logs_in(server.url, "root", "secret") is let_in
    (asked,) = server.asked
    sent = {name.lower(): value for name, value in asked.headers.items()}["authorization"]
    assert base64.b64decode(sent.split()[1]) == b"root:secret"


def test_a_server_that_is_not_ready_says_nothing_of_a_login() -> None:
    with answering(lambda asked: (503, b"")) as server, pytest.raises(HealthCheckError, match="HTTP 503"):
        admin.logs_in(server.url, "root", "secret")


def test_a_password_is_set(coordinator: Answering, client: Client) -> None:
    admin.set_password(client, "root", "new one")
    (asked,) = coordinator.asked
    assert (asked.method, asked.path, json.loads(asked.body)) == ("PATCH", "/_api/user/root", {"passwd": "new one"})
