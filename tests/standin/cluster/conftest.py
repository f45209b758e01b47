"""Keeps one small cluster for the tests that only ask; knows nothing of what they ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.standin.cluster.driving import Cluster, cluster
from tests.standin.driving import Client


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One agent, two dbservers and two coordinators, for tests that leave everything running and nothing behind."""
    with cluster(tmp_path_factory.mktemp("cluster"), (1, 2, 2)) as held:
        held.until_good()
        held.until_in_sync()
        yield held


@pytest.fixture
def root(lab: Cluster) -> Iterator[Client]:
    """A connection of root to the first coordinator."""
    client = lab.client()
    yield client
    client.close()
