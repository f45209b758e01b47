"""A cluster from the command line: brought up, shown, waited for, broken, and what docker-compose started alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from armadillo.engine import containers
from armadillo.engine.images import ResolvedImage
from tests.processes import soon

from .lab import Lab

pytestmark = pytest.mark.docker


def kill(lab: Lab, name: str, server: str) -> None:
    """End one server without a word."""
    (one,) = [each for each in lab.servers(name) if each.service == server]
    containers.signal(lab.connection, one, "KILL")
    lab.connection.api.wait(one.id)


def test_a_cluster_is_brought_up_shown_broken_and_waited_for(lab: Lab) -> None:
    name = lab.name()
    made = lab("up", "--cluster", "--name", name, "--json")
    assert made.code == 0, made
    assert [server["name"] for server in made.json["servers"]] == [
        *("agent1", "agent2", "agent3"),
        *("dbserver1", "dbserver2", "dbserver3"),
        "coordinator1",
    ]
    for what in ("ready", "leader", "healthy", "in-sync"):
        ended = lab("wait", name, "--for", what, "--json")
        assert (ended.code, ended.json["for"]) == (0, what), ended
    seen = lab("status", name, "--json", "--check").json
    assert (seen["status"], seen["percentage"], seen["in_sync"], seen["causes"]) == ("healthy", 100, True, [])
    told = seen["agency"]
    assert told["leader"] in told["agents"] == told["answering"] == ["agent1", "agent2", "agent3"]
    assert (told["quorum"], told["quorum_margin"], set(told["lag"])) == (
        2,
        1,
        {"agent1", "agent2", "agent3"} - {told["leader"]},
    )
    assert told["term"] >= 1
    again = lab("up", "--cluster", "--name", name, "--json").json
    assert (again["adopted"], again["endpoints"]) == (True, made.json["endpoints"])
    other = lab("up", "small", "--name", name)
    assert (other.code, "--recreate" in other.err) == (17, True), other

    kill(lab, name, told["leader"])
    ended = lab("wait", name, "--for", "leader", "--json")
    assert ended.code == 0, ended
    ended = lab("wait", name, "--for", "healthy")
    assert (ended.code, told["leader"] in ended.err) == (12, True), ended
    assert soon(lambda: lab("status", name, "--json").json["status"] == "degraded")
    ended = lab("status", name, "--check")
    assert (ended.code, ended.out.splitlines()[0].split("(")[0]) == (1, f"{name}: degraded "), ended
    assert f"  {told['leader']}: running? no, Exited (137)" in ended.out
    assert lab("start", name, told["leader"]).code == 0
    assert lab("wait", name, "--for", "in-sync").code == 0
    now = lab("status", name, "--json").json["agency"]
    assert now["leader"] != told["leader"]
    assert now["term"] > told["term"]
    assert lab("down", name).code == 0
    assert lab.left(name) == []


def test_a_rendered_cluster_that_docker_compose_started_is_ours_too(
    lab: Lab, tmp_path: Path, standin_image: ResolvedImage, require: Callable[[str, bool, str], None]
) -> None:
    require("compose", shutil.which("docker-compose") is not None, "docker-compose is not installed")
    name, folder = lab.name(), tmp_path / "rendered"
    words = ("--cluster", "--image", "standin", "--name", name)
    assert lab("image", "build").code == 0
    assert lab("render", *words, "--out", str(folder)).code == 0
    started = subprocess.run(
        ["docker-compose", "up", "-d"], cwd=folder, capture_output=True, text=True, env={**os.environ, "LANG": "C"}
    )
    assert started.returncode == 0, started.stderr
    ended = lab("wait", name)
    assert ended.code == 0, ended
    assert lab("wait", name, "--for", "in-sync").code == 0
    seen = lab("status", name, "--json").json
    assert (seen["status"], seen["percentage"], len(seen["servers"])) == ("healthy", 100, 7)
    assert name in lab("ls").out
    taken = lab("up", *words, "--json")
    assert (taken.code, taken.json["adopted"]) == (0, True), taken
    assert lab("down", name).code == 0
    assert lab.left(name) == []
