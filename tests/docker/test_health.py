"""How a deployment is told to be, when it is well and when it is not."""

from __future__ import annotations

import time

import pytest

from armadillo.cluster import readiness
from armadillo.cluster.checks import Health
from armadillo.cluster.health import health
from armadillo.engine import containers
from tests.docker.place import Place, running, unheard
from tests.docker.test_failing import SILENT, wrong

pytestmark = pytest.mark.docker

LOOKS = ["running", "answers", "role", "available", "probe"]


def holding(seen: Health) -> list[str]:
    assert [check.what for check in seen.checks] == LOOKS
    return [check.what for check in seen.checks if check.holds]


def evidence(seen: Health) -> dict[str, str]:
    return {check.what: check.evidence for check in seen.of("single")}


def test_a_good_server_holds_everything_with_its_evidence(place: Place) -> None:
    place.up()
    seen = health(place.deployment)
    assert holding(seen) == LOOKS
    assert (seen.word, seen.percentage, seen.name) == ("healthy", 100, place.name)
    said = evidence(seen)
    assert said["running"].startswith("Up ")
    assert said["answers"] == f"arango {place.image.version}"
    assert (said["role"], said["available"]) == ("SINGLE", "default")


@pytest.mark.parametrize(("how", "words"), [("stop", "Exited (0)"), ("PAUSE", "(Paused)"), ("KILL", "Exited (137)")])
def test_a_server_that_does_not_run_holds_nothing(how: str, words: str, place: Place) -> None:
    place.up()
    if how == "stop":
        place.deployment.stop(told=unheard)
    else:
        containers.signal(place.connection, place.server, how)
        place.connection.api.wait(place.server.id) if how == "KILL" else None
    since = time.monotonic()
    seen = health(place.deployment)
    assert time.monotonic() - since < readiness.SECONDS
    assert (holding(seen), seen.word, seen.percentage) == ([], "unhealthy", 0)
    assert words in evidence(seen)["running"]
    assert evidence(seen)["probe"] == "not looked at"


def test_a_server_that_hangs_is_left_in_time(place: Place) -> None:
    place.up()
    containers.signal(place.connection, place.server, "STOP")
    since = time.monotonic()
    seen = health(place.deployment)
    assert time.monotonic() - since < 3 * readiness.SECONDS
    assert holding(seen) == ["running"]
    assert "no answer in time" in evidence(seen)["answers"]
    containers.signal(place.connection, place.server, "CONT")
    assert health(place.deployment).word == "healthy"


def test_somebody_else_behind_the_port_is_not_our_server(place: Place) -> None:
    place.up(running(place.file(), wrong(200, {"role": "AGENT"})), wait=False)
    while not (seen := health(place.deployment)).checks[1].holds:
        time.sleep(0.05)
    assert holding(seen) == ["running", "answers"]
    assert evidence(seen)["role"] == "is AGENT, not SINGLE"


def test_a_server_that_never_answers_is_refused(place: Place) -> None:
    place.up(running(place.file(), SILENT), wait=False)
    assert holding(health(place.deployment)) == ["running"]
