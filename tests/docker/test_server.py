"""One server as an object: started, asked, stopped, and what it says when it is not there."""

from __future__ import annotations

import pytest

import armadillo
from armadillo.arango import ArangoServer
from armadillo.cluster import server as module
from armadillo.errors import CrashDetected, HealthCheckError, NetworkError, NotFoundError
from tests.docker.place import Place

pytestmark = pytest.mark.docker


def of(place: Place, node: str = "single") -> ArangoServer:
    return ArangoServer(place.connection, place.name, node, image="standin", state=place.state / place.name)


def test_it_is_one_class_under_three_names() -> None:
    assert armadillo.ArangoServer is ArangoServer is module.ArangoServer


def test_it_starts_answers_restarts_with_its_port_and_is_gone_at_the_end(place: Place) -> None:
    one = of(place)
    assert not one.is_running()
    with one:
        assert one.is_running()
        assert one.health(timeout=5)["server"] == "arango"
        before = one.endpoint()
        assert before == one.url
        one.restart()
        assert (one.url, one.is_running()) == (before, True)
        one.stop(timeout=10)
        assert not one.is_running()
        with pytest.raises(HealthCheckError, match="does not run"):
            one.health()
        with pytest.raises(NetworkError, match="refused"):
            armadillo.simple_health_check(before, 2)
    assert place.left() == []


def test_what_was_there_before_stays(place: Place) -> None:
    place.up()
    with of(place) as one:
        assert one.is_running()
    assert of(place).is_running()
    with pytest.raises(NotFoundError, match="has no server dbserver7"):
        of(place, "dbserver7").start()


def test_a_container_that_dies_at_its_start_is_heard(place: Place) -> None:
    one = ArangoServer(place.connection, place.name, image="standin", state=place.state)
    place.up()
    place.connection.api.exec_start(place.connection.api.exec_create(place.server.id, ["python3", "-c", DAMAGE])["Id"])
    one.stop()
    with pytest.raises(CrashDetected) as caught:
        one.start(timeout=30)
    assert caught.value.exit_code not in (0, None)


DAMAGE = (
    "from pathlib import Path\n"
    "path = next(Path('/var/lib/arangodb3').rglob('journal'))\n"
    "content = bytearray(path.read_bytes())\n"
    "content[len(content) // 2] ^= 255\n"
    "path.write_bytes(content)"
)
