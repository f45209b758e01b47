"""An `up` that is ended from outside, at any moment and in any way: nothing is left, and the next one works."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from armadillo import labels
from armadillo.engine import containers, identity, lock, watchdog
from armadillo.topology import Topology, render
from tests.docker.cli.lab import Lab
from tests.docker.place import Place
from tests.processes import soon

pytestmark = pytest.mark.docker

ROUNDS = 10
SECONDS = 10.0  # a busy machine; bench/kill.py holds it to 3


@pytest.fixture
def lab(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(place.state, place.connection, tmp_path_factory.getbasetemp() / "cache")
    try:
        yield made
    finally:
        made.sweep()


def watchdogs() -> list[int]:
    """Return the processes that watch for somebody."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if watchdog.__file__.encode() in words:
            found.append(int(entry.name))
    return found


def silent(place: Place) -> str:
    """Return a Compose text whose server never answers."""
    words = ["/usr/bin/python3", "-c", "import signal; signal.signal(15, lambda *_: exit()); signal.pause()"]
    text = render(Topology(image="standin"), place.name)
    return text.replace("    hostname: single\n", f"    hostname: single\n    entrypoint: {json.dumps(words)}\n", 1)


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("phase", ["its lock", "creating", "starting", "answers?"])
def test_interrupted_in_any_phase_it_leaves_nothing(
    phase: str, signum: signal.Signals, code: int, place: Place, lab: Lab
) -> None:
    (place.state / "compose.yml").write_text(silent(place))
    holder = ""
    if phase == "its lock":
        marks = {**place.plan().marks, labels.PROCESS: identity.process(1)}
        holder = lock.create(place.connection, place.name, place.image.reference, marks)
    with lab.running("up", "./compose.yml") as command:
        command.hear(phase)
        command.send(signum)
        ended = command.end()
    if holder:
        containers.remove(place.connection, holder)
    assert (ended.code, ended.out) == (code, ""), ended
    assert soon(lambda: place.left() == [])
    assert not (place.state / ".local/state/armadillo" / place.name / "jwt").exists()


def test_interrupted_while_it_cleans_up_the_watchdog_goes_on(place: Place, lab: Lab) -> None:
    with lab.running("up", "--name", place.name) as command:
        command.hear("starting")
        command.send(signal.SIGINT)
        time.sleep(random.random() / 2)
        command.send(signal.SIGTERM)
        assert command.end().code in (130, 143)
    assert soon(lambda: place.left() == [])


def killed_after(seconds: float, place: Place, lab: Lab) -> bool:
    """Kill an `up`; say whether that was before it had done its work, and given back its lock."""
    words = [sys.executable, "-m", "armadillo", "up", "--name", place.name, "--timeout", "60s"]
    process = subprocess.Popen(
        words, cwd=lab.home, env=lab.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    process.wait()
    found = [one.name for one in containers.found(place.connection, f"{labels.NAME}={place.name}")]
    return process.returncode < 0 and (found == [] or lock.lock_name(place.name) in found)


def test_killed_at_any_moment_the_watchdog_alone_leaves_nothing(place: Place, lab: Lab) -> None:
    since = time.monotonic()
    assert lab("up", "--name", place.name).code == 0
    whole = time.monotonic() - since
    assert lab("down", place.name).code == 0
    for _ in range(ROUNDS):
        if not killed_after(random.uniform(0.2, 0.95) * whole, place, lab):
            assert lab("down", place.name).code == 0
            continue
        since = time.monotonic()
        while place.left():
            assert time.monotonic() - since < SECONDS, place.left()
            time.sleep(0.05)
    assert soon(lambda: not [pid for pid in watchdogs() if os.getsid(pid) == pid and is_ours(pid, place)])
    assert place.left() == []
    assert lab("down", place.name).code == 0
    assert lab("up", "--name", place.name).code == 0


def is_ours(pid: int, place: Place) -> bool:
    """Say whether a watchdog's environment is that of the place's commands."""
    try:
        return str(place.state).encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def test_killed_with_its_watchdog_the_next_up_and_down_find_their_way(place: Place, lab: Lab) -> None:
    for word, code in (("down", 0), ("up", 0)):
        (place.state / "compose.yml").write_text(silent(place))
        with lab.running("up", "./compose.yml") as command:
            command.hear("answers?")
            for pid in watchdogs():
                if is_ours(pid, place):
                    os.kill(pid, signal.SIGKILL)
            command.send(signal.SIGKILL)
            command.end()
        assert any(name.endswith("-lock") for name in place.left())
        assert lab(word, "--name", place.name).code == code
    assert place.server.running


def test_at_the_next_up_what_a_killed_one_had_made_is_no_obstacle(place: Place, lab: Lab) -> None:
    with lab.running("up", "--name", place.name) as command:
        command.hear("starting")
        command.send(signal.SIGKILL)
        command.end()
    ended = lab("up", "--name", place.name, "--json")
    assert ended.code == 0, ended
    assert not ended.json["adopted"]
    time.sleep(2 * watchdog.QUIET_SECONDS)
    assert place.server.running
    assert len(place.left()) == 5
