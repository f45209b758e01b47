"""Puts the stand-in's package on the path and keeps one server for the tests that only ask."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator

import pytest

from tests.standin.driving import HOME, SECRET, Client, Running, server

sys.path.insert(0, str(HOME))


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server with authentication and a known secret, for tests that leave nothing in it."""
    folder = tmp_path_factory.mktemp("standin")
    (folder / "secret").write_text(f"{SECRET}\n")
    with server(folder / "data", f"--server.jwt-secret-keyfile={folder / 'secret'}") as started:
        yield started
        assert started.end(signal.SIGTERM) == 0
        assert not [line for line in started.lines if " ERROR " in line or " FATAL " in line]


@pytest.fixture
def client(running: Running) -> Iterator[Client]:
    """A connection of root."""
    opened = running.client()
    yield opened
    opened.close()


@pytest.fixture
def collection(client: Client) -> Iterator[str]:
    """A collection that is gone afterwards."""
    assert client.post("/_api/collection", {"name": "things"}).status == 200
    yield "things"
    assert client.ask("DELETE", "/_api/collection/things").status in (200, 404)
