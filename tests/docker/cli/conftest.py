"""What a test of a command on a real engine may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from armadillo.engine.docker import Connection

from .lab import Lab


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that all labs share, so that what the stand-in is made of is read once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def lab(tmp_path: Path, connection: Connection, cache: Path) -> Iterator[Lab]:
    """Commands in a home of the test's own; what they started is removed at its end."""
    made = Lab(tmp_path, connection, cache)
    try:
        yield made
    finally:
        made.sweep()
