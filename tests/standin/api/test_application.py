"""What is answered before, while and after a server serves, and when something in it is broken."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jwt
import pytest
from arangod.api.application import Application, complaint
from arangod.http.server import Connection
from arangod.http.wire import Request
from arangod.node import Identity, Node, Phase
from arangod.options.parse import parse
from arangod.process.log import Log
from arangod.process.machine import Machine, detect
from arangod.store.engine import Store

from tests.standin.driving import SECRET, basic

SUPERUSER = f"bearer {jwt.encode({'iss': 'arangodb', 'server_id': 'x'}, SECRET, 'HS256')}"
USER = f"bearer {jwt.encode({'iss': 'arangodb', 'preferred_username': 'root'}, SECRET, 'HS256')}"
BASIC = basic()["authorization"]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """A server that has not opened its store yet."""
    options = parse([], default_configs=()).options
    log = Log([f"file://{tmp_path / 'log'}"])
    return Node(Identity("SINGLE", "SNGL-1"), options, log, detect({}), [SECRET.encode()])


@pytest.fixture
def connection() -> Iterator[Connection]:
    """A connection nobody uses."""
    ours, theirs = socket.socketpair()
    yield Connection(ours, "nobody:1")
    ours.close()
    theirs.close()


def _asked(node: Node, connection: Connection, path: str, authorization: str = "") -> tuple[int, Any]:
    reply = Application(node).answer(Request("GET", path, {"authorization": authorization}, b"", True), connection)
    return reply.status, json.loads(reply.body)


@pytest.mark.parametrize(
    ("path", "authorization", "status"),
    [
        ("/_api/version", "", 401),
        ("/_api/version", "bearer x.y.z", 401),
        ("/_api/version", BASIC, 503),
        ("/_api/version", USER, 503),
        ("/_api/version", SUPERUSER, 200),
        ("/_admin/version", SUPERUSER, 200),
        ("/_admin/status", SUPERUSER, 200),
        ("/_api/collection", SUPERUSER, 503),
        ("/_admin/server/availability", "", 503),
        ("/_admin/server/availability", SUPERUSER, 503),
    ],
)
def test_during_the_start_only_servers_are_answered_and_only_a_little(
    node: Node, connection: Connection, path: str, authorization: str, status: int
) -> None:
    told, body = _asked(node, connection, path, authorization)
    assert told == status
    if status == 503:
        assert (body["errorNum"], body["errorMessage"]) == (503, "service unavailable due to startup")


def test_a_server_told_to_stop_during_its_start_does_not_begin_to_serve(
    node: Node, connection: Connection, tmp_path: Path
) -> None:
    node.phase = Phase.STOPPING
    store = Store(tmp_path)
    node.keep(store)
    node.serve()
    assert _asked(node, connection, "/_api/version", SUPERUSER)[1]["errorNum"] == 30
    assert _asked(node, connection, "/_admin/server/availability")[1]["errorNum"] == 503
    store.close()


def test_a_fault_is_told_to_the_client_in_short_and_to_the_log_in_full(
    node: Node, connection: Connection, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    store.create_database("_system")
    node.keep(store)
    node.serve()
    node.machine = cast(Machine, None)
    status, body = _asked(node, connection, "/_admin/metrics", SUPERUSER)
    assert (status, body["errorNum"], body["errorMessage"]) == (500, 4, "internal error")
    assert "AttributeError" in (tmp_path / "log").read_text()
    store.close()


def test_what_comes_before_a_request_is_complained_about() -> None:
    assert json.loads(complaint(503, "queue is full").body)["errorNum"] == 21003
    assert json.loads(complaint(413, "too large").body)["code"] == 413
