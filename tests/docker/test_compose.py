"""docker-compose and we find, show and take down what the other started."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable

import pytest

from armadillo.cluster.health import health
from armadillo.cluster.readiness import wait_ready
from armadillo.engine import containers
from armadillo.topology import Topology, load_compose, render
from tests.docker.place import Place, unheard

pytestmark = pytest.mark.docker


@pytest.fixture
def compose(place: Place, require: Callable[[str, bool, str], None]) -> Callable[..., str]:
    """Return what runs docker-compose over the rendered text; its secret files are made."""
    require("compose", shutil.which("docker-compose") is not None, "docker-compose is not installed")
    (place.state / "compose.yml").write_text(render(Topology(image=place.image.reference), place.name))
    (place.state / "secrets").mkdir(mode=0o700)
    for name in ("jwt", "root-password"):
        (place.state / "secrets" / name).write_text(f"{name} of a test, and long enough")

    def run(*words: str) -> str:
        argv = ["docker-compose", "-p", f"armadillo-{place.name}", "-f", "compose.yml", *words]
        done = subprocess.run(argv, cwd=place.state, capture_output=True, text=True, env={**os.environ, "LANG": "C"})
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return run


def written(place: Place) -> str:
    return (place.state / "compose.yml").read_text()


def test_it_drives_what_we_started(place: Place, compose: Callable[..., str]) -> None:
    place.up(load_compose(written(place)))
    assert compose("ps", "-q").split() == [place.server.id]
    assert "Up" in compose("ps")
    assert "ready for business" in compose("logs", "--no-color")
    compose("stop", "-t", "5")
    assert place.server.state == "exited"
    compose("start")
    wait_ready(place.deployment, timeout=30, told=unheard)
    compose("down", "-v")
    assert place.left() == [f"armadillo-{place.name}_secrets"]  # a volume that the text does not know
    place.deployment.remove()


def test_we_drive_what_it_started(place: Place, compose: Callable[..., str]) -> None:
    compose("up", "-d")
    wait_ready(place.deployment, timeout=60, told=unheard)
    assert place.deployment.password == "root-password of a test, and long enough"
    assert health(place.deployment).word == "healthy"
    assert "ready for business" in containers.log_text(place.connection, place.server.id, lines=100)
    lines = list(containers.log_lines(place.connection, place.server, follow=False))
    assert any("ready for business" in text for _, text in lines)
    assert [stamp for stamp, _ in lines] == sorted(stamp for stamp, _ in lines)
    assert place.up(load_compose(written(place))).adopted
    assert place.deployment.stop(told=unheard) == []
    assert place.deployment.remove().containers == 1
    assert place.left() == []


def test_what_it_created_and_never_started_is_made_anew(place: Place, compose: Callable[..., str]) -> None:
    compose("up", "--no-start")
    assert place.server.state == "created"
    assert not place.up(load_compose(written(place))).adopted
    assert place.server.running
