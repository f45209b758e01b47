"""What lasts: nothing grows over many deployments, and an engine may go away and come back."""

from __future__ import annotations

import dataclasses
import gc
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from armadillo import __version__
from armadillo.cluster.health import health
from armadillo.cluster.readiness import wait_ready
from armadillo.engine import images
from armadillo.engine.docker import Connection
from armadillo.errors import ConfigurationError, EnvironmentUnusable
from armadillo.topology import Topology
from tests.docker import engines
from tests.docker.place import Place, running, unheard
from tests.docker.test_failing import SILENT

pytestmark = pytest.mark.docker

TIMES = 20

# What docker-py could not connect it does not close, and leaves to the collector.
unclosed = pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def collected() -> Iterator[None]:
    """See to it that what a test leaves to the collector is collected in the test."""
    yield
    gc.collect()


def counted(connection: Connection) -> dict[str, int]:
    """Count what this process has."""
    gc.collect()
    return {
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - the list itself
        "children": len(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()),
        "clients": len(connection._opened),
    }


def test_many_times_up_and_down_leave_nothing_behind(place: Place) -> None:
    place.up()
    place.deployment.remove()
    place.up()
    place.deployment.remove()
    before = counted(place.connection)
    for _ in range(TIMES):
        place.up()
        place.deployment.remove()
        assert place.left() == []
    after = counted(place.connection)
    assert after["children"] == before["children"]
    assert after["threads"] <= before["threads"]
    assert after["clients"] <= before["clients"] + 4, "as many threads as run at a time may meet anew"
    assert after["files"] <= before["files"] + 4


@pytest.fixture
def second(require: Callable[[str, bool, str], None]) -> Iterator[engines.Engine]:
    require("docker", not engines.missing(), engines.missing())
    with engines.engine() as made:
        yield made


@pytest.fixture
def away(require: Callable[[str, bool, str], None]) -> Iterator[engines.Engine]:
    require("docker", not engines.missing(), engines.missing())
    with engines.engine(elsewhere=True) as made:
        yield made


def on(connection: Connection, place: Place, tmp_path: Path) -> Place:
    """Return the place on another engine."""
    cache = tmp_path / "cache"
    image = images.resolve(connection, images.STANDIN_WISH, version=__version__, cache=cache)
    return dataclasses.replace(place, connection=connection, image=image)


@unclosed
@pytest.mark.usefixtures("collected")
def test_an_engine_that_is_restarted_finds_the_deployment_again(
    second: engines.Engine, place: Place, tmp_path: Path
) -> None:
    with second.connection() as connection:
        there = on(connection, place, tmp_path)
        there.up()
        port, password = there.server.ports, there.deployment.password
        second.stop()
        with pytest.raises(EnvironmentUnusable, match="cannot be reached"):
            health(there.deployment)
        second.start()
        seen = health(there.deployment)
        assert (seen.word, seen.checks[0].holds) == ("unhealthy", False)
        there.deployment.start(told=unheard)
        wait_ready(there.deployment, timeout=60, told=unheard)
        assert there.server.ports == port
        assert there.deployment.password == password
        assert health(there.deployment).word == "healthy"
        there.sweep()
        assert there.left() == []


@unclosed
@pytest.mark.usefixtures("collected")
def test_an_engine_that_dies_in_the_middle_is_told_and_its_return_finds_all_to_remove(
    second: engines.Engine, place: Place, tmp_path: Path
) -> None:
    with second.connection() as connection:
        there = on(connection, place, tmp_path)
        told: list[str] = []

        def hear(line: str) -> None:
            told.append(line)
            if "answers?" in line and second.process is not None and second.process.poll() is None:
                second.kill()

        with pytest.raises(EnvironmentUnusable, match="cannot be reached") as caught:
            there.up(running(there.file(), SILENT), told=hear)
        assert caught.value.hint == "docker info"
        assert any("not all could be cleaned up" in line for line in told)
        second.start()
        assert there.left() != []
        there.deployment.remove()
        assert there.left() == []


def test_an_engine_elsewhere_publishes_where_it_is_reached(away: engines.Engine, place: Place, tmp_path: Path) -> None:
    with away.connection() as connection:
        there = on(connection, place, tmp_path)
        told: list[str] = []
        there.up(told=told.append)
        assert any("published on 0.0.0.0" in line for line in told)
        (server,) = there.deployment.endpoints()
        assert server.url.startswith(f"http://{away.address}:")
        assert health(there.deployment).word == "healthy"
        with pytest.raises(ConfigurationError, match="no authentication"):
            there.plan(there.file(Topology(image="standin", auth=False)))
        there.sweep()
        assert there.left() == []
