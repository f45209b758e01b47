"""A user who is not root: in the group of the engine's socket everything works and is theirs."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

import armadillo
from armadillo import labels
from armadillo.engine import containers
from armadillo.engine.docker import Connection
from tests.cli.running import PATIENCE, Ended, environment
from tests.docker.engines import Engine, engine, missing

pytestmark = pytest.mark.docker

USER = 65534
SOCKET_GROUP = 64999
NAME = "mine"


class Someone:
    """Runs commands as a user with a home of their own, who may be in the group of the engine's socket."""

    def __init__(self, python: str, home: Path, engine: Engine) -> None:
        self.python = python
        self.home = home
        self.engine = engine

    def __call__(self, *words: str, member: bool = True) -> Ended:
        ended = as_user(
            [self.python, "-m", "armadillo", *words],
            self.home,
            groups=[SOCKET_GROUP] if member else [],
            DOCKER_HOST=self.engine.url,
            ARMADILLO_IMAGE="standin",
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)


def as_user(words: list[str], home: Path, groups: list[int], **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command as the user; the code is found where this process has it."""
    places = [Path(armadillo.__file__).parents[1], Path(typer.__file__).parents[1]]
    paths = {"PYTHONPATH": os.pathsep.join(map(str, places)), "PYTHONDONTWRITEBYTECODE": "1"}
    env = {name: value for name, value in environment(home).items() if not name.startswith("COVERAGE")}
    return subprocess.run(
        words,
        cwd=home,
        env={**env, **paths, **environ},
        user=USER,
        group=USER,
        extra_groups=groups,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def interpreter(home: Path) -> str | None:
    """Return a Python that the user may run: this one, or the system's of the same version."""
    for path in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            if as_user([path, "-c", "import armadillo.cli.app"], home, groups=[]).returncode == 0:
                return path
        except OSError:
            continue
    return None


@pytest.fixture(scope="module")
def someone(require: Callable[[str, bool, str], None]) -> Iterator[Someone]:
    reason = missing()
    require("docker", not reason, reason)
    home = Path(tempfile.mkdtemp(prefix="armadillo-home-", dir="/tmp"))
    os.chown(home, USER, USER)
    try:
        python = interpreter(home)
        require("other-user", python is not None, "no Python here can be run by a user who is not root")
        assert python is not None
        with engine(group=str(SOCKET_GROUP)) as found:
            yield Someone(python, home, found)
    finally:
        shutil.rmtree(home)


def test_it_is_started_and_taken_down_and_its_files_are_the_users(someone: Someone) -> None:
    ended = someone("up", "--name", NAME, "--json")
    assert ended.code == 0, ended
    assert ended.json["endpoints"][0].startswith("http://127.0.0.1:")
    with someone.engine.connection() as connection:
        assert owners(connection) == {USER}
        variables = someone("env", NAME, "--json").json["variables"]
        for name in ("ARANGO_ROOT_PASSWORD_FILE", "ARANGO_JWT_FILE"):
            path = Path(variables[name])
            assert path.is_relative_to(someone.home)
            assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (USER, 0o600)
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert someone("status", NAME, "--check").code == 0
        assert someone("down", NAME).code == 0
        assert containers.found(connection) == []
    assert not path.exists()


def owners(connection: Connection) -> set[int]:
    """Return whose the containers are, by their label."""
    return {int(one.labels[labels.OWNER].partition("@")[0]) for one in containers.found(connection)}


@pytest.mark.parametrize("words", [["up"], ["status", NAME], ["ls"]], ids=" ".join)
def test_without_leave_to_use_the_socket_the_group_is_named(words: list[str], someone: Someone) -> None:
    ended = someone(*words, "--json", member=False)
    assert ended.code == 10, ended
    assert ended.json["error"]["code"] == "environment_unusable"
    assert "permission denied" in ended.json["error"]["message"]
    assert "usermod -aG docker" in ended.json["error"]["hint"]
