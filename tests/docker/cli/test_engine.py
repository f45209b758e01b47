"""Which engine is spoken to, what is told when there is none, and what `doctor` and `image` say of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from armadillo.engine.endpoint import locate

from .lab import Lab

pytestmark = pytest.mark.docker

COMMANDS = [
    ["up"],
    ["down", "x"],
    ["stop", "x"],
    ["start", "x"],
    ["restart", "x"],
    ["ls"],
    ["status", "x"],
    ["endpoints", "x"],
    ["env", "x"],
    ["logs", "x"],
    ["exec", "x", "single", "--", "true"],
    ["wait", "x"],
    ["image", "build"],
    ["image", "ls"],
    ["image", "pull"],
    ["prune"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_without_an_engine_every_command_ends_with_10_and_a_hint(words: list[str], lab: Lab) -> None:
    there, *after = words
    ended = (
        lab(there, "--json", *after, env={"DOCKER_HOST": "tcp://127.0.0.1:1"})
        if there != "image"
        else lab(*words, "--json", env={"DOCKER_HOST": "tcp://127.0.0.1:1"})
    )
    assert ended.code == 10, ended
    assert ended.json["error"]["code"] == "environment_unusable"
    assert "nobody listens there" in ended.err
    assert "DOCKER_HOST" in ended.json["error"]["hint"]
    assert "Traceback" not in ended.err


def test_doctor_tells_all_it_can_without_an_engine(lab: Lab) -> None:
    ended = lab("doctor", "--json", "--docker-host", "unix:///nowhere/docker.sock")
    assert (ended.code, ended.json["usable"]) == (10, False)
    [engine] = [row for row in ended.json["checks"] if row["what"] == "engine"]
    assert not engine["fine"]
    assert "there is no such socket" in engine["seen"]
    text = lab("doctor", env={"DOCKER_HOST": "tcp://127.0.0.1:1"})
    assert "→ engine: " in text.out


def test_doctor_tells_what_there_is(lab: Lab) -> None:
    ended = lab("doctor", "--json")
    assert ended.code == 0, ended
    rows = {row["what"]: row for row in ended.json["checks"]}
    wanted = ["armadillo", "user", "engine", "machine", "memory", "disk", "cgroups", "storage", "registry"]
    assert list(rows)[:9] == wanted
    assert locate(environ=os.environ).url in rows["engine"]["seen"]
    assert lab("doctor").out.splitlines()[0].split() == ["WHAT", "FINE", "SEEN"]


def test_the_engine_can_be_named_by_flag_and_by_context(lab: Lab) -> None:
    url = locate(environ=os.environ).url
    assert lab("ls", "--docker-host", url, env={"DOCKER_HOST": "tcp://127.0.0.1:1"}).code == 0
    ended = lab("ls", "--context", "no-such-context")
    assert (ended.code, "docker context ls" in ended.err) == (2, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_user_who_may_not_use_the_socket_is_told_what_to_do(lab: Lab, tmp_path: Path) -> None:
    words = ["ls", "--json"]
    script = (
        "import os, sys\n"
        "from armadillo.cli import main\n"
        f"main({words})\n"  # all that is imported lies where only root may look
        "sys.stdout.flush()\n"
        "os.truncate(1, 0)\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        f"sys.exit(main({words}))"
    )
    seen = tmp_path / "seen"
    with seen.open("ab") as file:
        ended = subprocess.run(
            [sys.executable, "-c", script],
            env={name: value for name, value in lab.environment().items() if not name.startswith("COVERAGE")},
            cwd="/",
            stdout=file,
            stderr=subprocess.PIPE,
            text=True,
        )
    if ended.returncode == 0:
        pytest.skip("everybody may use the socket here")
    assert ended.returncode == 10, ended
    assert "permission denied" in ended.stderr
    assert "usermod -aG docker" in json.loads(seen.read_text())["error"]["hint"]


def test_images_are_built_once_and_listed(lab: Lab) -> None:
    built = lab("image", "build", "--json").json
    again = lab("image", "build", "--json").json
    assert (again["tag"], again["built"]) == (built["tag"], False)
    assert "is there already" in lab("image", "build").out
    rows = {row["reference"]: row for row in lab("image", "ls", "--json").json["images"]}
    assert rows[built["tag"]]["standin"]
    assert built["tag"] in lab("image", "ls").out


def test_an_image_that_cannot_be_had_is_10(lab: Lab) -> None:
    ended = lab("image", "pull", "armadillo.invalid/no/such:1")
    assert (ended.code, "→" in ended.err) == (10, True)
    base = lab("image", "build", "--base", "armadillo.invalid/no/such:1")
    assert (base.code, "armadillo image pull" in base.err) == (10, True)
