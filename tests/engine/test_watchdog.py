from __future__ import annotations

import dataclasses
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from armadillo.engine import watchdog
from armadillo.engine.watchdog import Orders
from tests.engine.fake import Answer, Asked, FakeEngine, engine
from tests.processes import PATIENCE

LABELS = ("armadillo.run-id=r", "armadillo.name=n")
LAST = "armadillo.role=lock"


class Things:
    """What a run has made on an engine; removing takes it away, unless it is stuck or the engine is out of sorts."""

    def __init__(self) -> None:
        self.there = {"containers": ["lock", "server"], "volumes": ["data"], "networks": ["lab"]}
        self.stuck: set[str] = set()
        self.sorts: Iterator[int] = iter(())  # statuses of the next removals
        self.removed: list[str] = []

    def answer(self, asked: Asked) -> Answer:
        _, kind, *rest = asked.path.split("/")
        if asked.method == "GET":
            return Answer(200, self.listed(kind))
        assert asked.labels == ()
        name, status = rest[0], next(self.sorts, 204)
        if name in self.stuck:
            return Answer(403, {"message": "has active endpoints"})
        if status == 204:
            self.there[kind].remove(name)
            self.removed.append(name)
        return Answer(status)

    def listed(self, kind: str) -> Any:
        if kind == "containers":
            return [{"Id": name, "Labels": {"armadillo.role": name}} for name in self.there[kind]]
        rows = [{"Id": name, "Name": name} for name in self.there[kind]]
        return {"Volumes": rows or None} if kind == "volumes" else rows


@pytest.fixture
def things() -> Things:
    return Things()


@pytest.fixture
def server(things: Things, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    monkeypatch.setattr(watchdog, "QUIET_SECONDS", 0.1)
    monkeypatch.setattr(watchdog, "PAUSE_SECONDS", 0.01)
    with engine(tmp_path / "s", things.answer) as found:
        yield found


def orders(server: FakeEngine, parent: int = 0) -> Orders:
    return Orders(parent, LABELS, LAST, server.url)


def cleaned(server: FakeEngine) -> None:
    watchdog.clean(watchdog.asking(orders(server)), orders(server))


def test_everything_of_the_run_goes_and_what_others_wait_for_goes_last(things: Things, server: FakeEngine) -> None:
    cleaned(server)
    assert things.removed == ["server", "data", "lab", "lock"]
    assert {asked.labels for asked in server.asked if asked.method == "GET"} == {LABELS}


def test_what_lands_after_the_first_look_goes_too(things: Things, server: FakeEngine) -> None:
    answered = things.answer

    def late(asked: Asked) -> Answer:
        if asked.method == "DELETE" and asked.path == "/containers/lock" and "late" not in things.removed:
            things.there["containers"].append("late")
        return answered(asked)

    server.answers = late
    cleaned(server)
    assert things.removed[-1] == "late"


def test_what_cannot_be_removed_yet_is_tried_again(things: Things, server: FakeEngine) -> None:
    things.sorts = iter((409, 500, 409))
    cleaned(server)
    assert sorted(things.removed) == ["data", "lab", "lock", "server"]


def test_a_network_that_the_engine_miscounts_does_not_keep_it_for_ever(things: Things, server: FakeEngine) -> None:
    things.stuck = {"lab"}
    since = time.monotonic()
    cleaned(server)
    assert time.monotonic() - since < watchdog.LONGEST_SECONDS / 4
    assert things.removed == ["server", "data", "lock"]
    assert [asked.path for asked in server.asked].count("/networks/lab") > 1, (
        "its endpoint may have been on its way out"
    )


def test_an_engine_that_is_away_is_waited_for(things: Things, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "QUIET_SECONDS", 0.1)
    monkeypatch.setattr(watchdog, "PAUSE_SECONDS", 0.01)
    given = Orders(0, LABELS, LAST, f"unix://{tmp_path}/s")
    asked = threading.Event()
    ask = watchdog.asking(given)

    def asking(method: str, path: str) -> tuple[int, Any]:
        asked.set()
        return ask(method, path)

    thread = threading.Thread(target=watchdog.clean, args=(asking, given))
    thread.start()
    assert asked.wait(PATIENCE)
    with engine(tmp_path / "s", things.answer):
        thread.join(PATIENCE)
    assert sorted(things.removed) == ["data", "lab", "lock", "server"]


def test_it_does_not_wait_for_ever(things: Things, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LONGEST_SECONDS", 0.2)
    watchdog.clean(watchdog.asking(Orders(0, LABELS, LAST, f"unix://{tmp_path}/none")), Orders(0, (), LAST, ""))
    assert things.removed == []


@dataclasses.dataclass(slots=True)
class Watching:
    """A watchdog as it is started, and the process it watches."""

    process: subprocess.Popen[bytes]
    parent: subprocess.Popen[bytes]

    def end(self) -> int:
        return self.process.wait(PATIENCE)


@pytest.fixture
def watch(server: FakeEngine) -> Iterator[Callable[[], Watching]]:
    started: list[Watching] = []

    def start() -> Watching:
        parent = subprocess.Popen(["sleep", "60"])
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", watchdog.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(Watching(process, parent))
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(dataclasses.asdict(orders(server, parent.pid))).encode() + b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == watchdog.WATCHING.encode()
        return started[-1]

    yield start
    for one in started:
        for each in (one.process, one.parent):
            each.kill()
            each.communicate()


def test_a_parent_that_is_killed_is_cleaned_up_after(
    things: Things, watch: Callable[[], Watching], tmp_path: Path
) -> None:
    watching = watch()
    watching.parent.kill()
    assert watching.end() == 0
    assert things.there == {"containers": [], "volumes": [], "networks": []}


def test_a_parent_that_says_bye_keeps_what_it_made(things: Things, watch: Callable[[], Watching]) -> None:
    watching = watch()
    watching.process.communicate(b"bye\n", timeout=PATIENCE)
    assert watching.end() == 0
    assert things.removed == []


def test_a_pipe_that_closes_means_nothing_while_the_parent_lives(things: Things, watch: Callable[[], Watching]) -> None:
    watching = watch()
    assert watching.process.stdin is not None
    watching.process.stdin.close()
    watching.process.stdin = None
    with pytest.raises(subprocess.TimeoutExpired):
        watching.process.wait(0.3)
    assert things.removed == []
    watching.parent.kill()
    assert watching.end() == 0
    assert len(things.removed) == 4


def test_signals_that_end_the_parent_do_not_end_it(things: Things, watch: Callable[[], Watching]) -> None:
    watching = watch()
    for name in ("INT", "TERM", "HUP"):
        subprocess.run(["kill", f"-{name}", str(watching.process.pid)], check=True)
    watching.parent.kill()
    assert watching.end() == 0
    assert len(things.removed) == 4


def dismissed(parent: int, said: list[bytes]) -> bool:
    """Ask in this process, with a pipe into which something was said."""
    reading, writing = os.pipe()
    try:
        for words in said:
            os.write(writing, words)
        os.close(writing)
        return watchdog.dismissed(dataclasses.replace(Orders(0, (), LAST, ""), parent=parent), reading)
    finally:
        os.close(reading)


def test_who_is_dead_already_has_dismissed_nobody() -> None:
    with subprocess.Popen(["true"]) as child:
        pass
    assert not dismissed(child.pid, [])


def test_it_goes_home_at_bye_and_cleans_up_at_go_or_when_the_parent_is_gone() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        assert dismissed(child.pid, [b"bye\n"])
        assert not dismissed(child.pid, [b"go\n"])
        threading.Timer(0.2, child.kill).start()
        assert not dismissed(child.pid, [])


def test_without_orders_it_does_nothing() -> None:
    ended = subprocess.run([sys.executable, "-I", "-S", watchdog.__file__], input=b"", capture_output=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_when_the_parent_died_before_it_was_heard_it_cleans_up_all_the_same(things: Things, server: FakeEngine) -> None:
    with subprocess.Popen(["true"]) as parent:
        pass
    reading, writing = os.pipe()
    os.close(reading)
    said = json.dumps(dataclasses.asdict(orders(server, parent.pid))).encode() + b"\n"
    try:
        argv = [sys.executable, "-I", "-S", watchdog.__file__]
        ended = subprocess.run(argv, input=said, stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    assert len(things.removed) == 4, ended.stderr


def test_an_engine_over_tcp_is_asked_there_and_a_secured_one_with_certificates(tmp_path: Path) -> None:
    line = watchdog.connection(Orders(0, (), LAST, "tcp://far.example:2375"))
    assert (line.host, line.port) == ("far.example", 2375)
    assert watchdog.connection(Orders(0, (), LAST, "tcp://far.example")).port == 2375
    with pytest.raises(FileNotFoundError):
        watchdog.connection(Orders(0, (), LAST, "tcp://far.example:2376", str(tmp_path)))


def test_an_engine_over_tcp_is_cleaned_too(things: Things, tmp_path: Path) -> None:
    with engine(tmp_path / "s", things.answer) as server, socket.create_server(("127.0.0.1", 0)) as outside:
        thread = threading.Thread(target=forward, args=(outside, server.path), daemon=True)
        thread.start()
        given = Orders(0, LABELS, LAST, f"tcp://127.0.0.1:{outside.getsockname()[1]}")
        assert watchdog.sweep(watchdog.asking(given), given, set())
    assert len(things.removed) == 4


def forward(outside: socket.socket, path: Path) -> None:
    """Pass each connection's one request and its answer on to a socket."""
    while True:
        try:
            line, _ = outside.accept()
        except OSError:
            return
        with line, socket.socket(socket.AF_UNIX) as inside:
            inside.connect(str(path))
            inside.sendall(line.recv(65536))
            inside.shutdown(socket.SHUT_WR)
            while chunk := inside.recv(65536):
                line.sendall(chunk)
