"""One agency for the tests that only ask."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.standin.agency.running import BEARER, Agents, agents
from tests.standin.driving import Client


@pytest.fixture(scope="package")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agents]:
    """Three agents with a leader."""
    with agents(tmp_path_factory.mktemp("agency")) as started:
        yield started
        for place in list(started.running):
            lines = started.running[place].lines
            assert started.kill(place, signal.SIGTERM) == 0
            assert not [line for line in lines if " ERROR " in line or " FATAL " in line]


@pytest.fixture
def leading(three: Agents) -> Iterator[Client]:
    """A connection to the leader, whose tree is empty."""
    client = Client(three.ports[three.leader()], BEARER)
    assert client.post("/_api/agency/write", [[{"/": {"op": "delete"}}]]).status == 200
    yield client
    client.close()
