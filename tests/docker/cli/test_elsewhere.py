"""An engine that is not on this host, over TCP: where its servers are reached, and whose secrets they have."""

from __future__ import annotations

import base64
import os
import signal
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from armadillo import __version__
from armadillo.engine import standin
from armadillo.wait import NotYet, until
from tests.docker.engines import Engine

from .lab import Lab

pytestmark = pytest.mark.docker


class Away(Lab):
    """Commands that find the second engine as users say where it is."""

    def __init__(self, home: Path, engine: Engine, cache: Path) -> None:
        self.engine = engine
        super().__init__(home, engine.connection(), cache)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return super().environment({"DOCKER_HOST": self.engine.url, **(more or {})})


@pytest.fixture
def away(tmp_path: Path, elsewhere: Engine, cache: Path) -> Iterator[Away]:
    made = Away(tmp_path, elsewhere, cache)
    with made.connection:
        try:
            yield made
        finally:
            made.sweep()


def answer(url: str, password: str) -> int:
    """Return the status that a server answers root with."""
    words = base64.b64encode(f"root:{password}".encode()).decode()
    asked = urllib.request.Request(f"{url}/_api/version", headers={"Authorization": f"Basic {words}"})
    try:
        with urllib.request.urlopen(asked, timeout=10) as said:
            return int(said.status)
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code


def test_a_server_elsewhere_is_started_reached_and_taken_down(away: Away) -> None:
    name = away.name()
    ended = away("up", "--name", name, "--json")
    assert ended.code == 0, ended
    assert "the engine is elsewhere: ports are published on 0.0.0.0" in ended.err
    assert standin.inspected(away.connection, standin.alias(__version__)) is not None
    [url] = ended.json["endpoints"]
    assert url.startswith(f"http://{away.engine.address}:")
    password = Path(ended.json["password_file"])
    assert stat.S_IMODE(password.stat().st_mode) == 0o600
    assert answer(url, password.read_text()) == 200
    assert answer(url, "another") == 401
    assert [row["state"] for row in away("status", name, "--json").json["servers"]] == ["running"]
    assert away("restart", name).code == 0
    assert away("endpoints", name).out.strip() == url
    assert away("down", name).code == 0
    assert away.left(name) == []
    assert not password.exists()


def test_a_home_without_copies_reads_the_secrets_back(away: Away, tmp_path_factory: pytest.TempPathFactory) -> None:
    name = away.up()
    home = tmp_path_factory.mktemp("home")
    first, second = (away("env", name, "--json", env=env).json["variables"] for env in ({}, {"HOME": str(home)}))
    there = Path(second["ARANGO_ROOT_PASSWORD_FILE"])
    assert there.is_relative_to(home)
    assert there.read_text() == Path(first["ARANGO_ROOT_PASSWORD_FILE"]).read_text()
    assert answer(second["ARANGO_ENDPOINTS"], there.read_text()) == 200


def test_the_flag_and_the_override_say_where_it_is(away: Away) -> None:
    name = away.up()
    nowhere = {"DOCKER_HOST": "tcp://127.0.0.1:1"}
    assert away("status", name, env=nowhere).code == 10
    assert away("status", name, "--docker-host", away.engine.url, env=nowhere).code == 0
    [url] = away("endpoints", name, env={"TESTCONTAINERS_HOST_OVERRIDE": "lab.example"}).out.split()
    assert url.startswith("http://lab.example:")


def test_authentication_cannot_be_off_where_others_reach_it(away: Away) -> None:
    name = away.name()
    ended = away("up", "--name", name, "--no-auth", "--json")
    assert ended.code == 2
    assert f"{name} has no authentication, and {away.engine.url} is reached by others too" in ended.err
    assert "--no-auth" in ended.json["error"]["hint"]
    assert away.left(name) == []


def test_what_a_killed_up_made_elsewhere_is_removed(away: Away) -> None:
    name = away.name()
    with away.running("up", "--name", name) as up:
        up.hear("starting single")
        assert away.left(name)
        os.kill(up.process.pid, signal.SIGKILL)
        up.end()
    until(lambda: gone(away, name), what="the watchdog", timeout=30, cap=0.2)


def gone(away: Away, name: str) -> None:
    if left := away.left(name):
        raise NotYet(", ".join(left))
