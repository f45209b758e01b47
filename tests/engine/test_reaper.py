from __future__ import annotations

import datetime
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from armadillo import labels
from armadillo.engine import containers, identity, network, reaper, watchdog
from armadillo.engine.docker import Connection
from armadillo.errors import ConflictError, EnvironmentUnusable, NetworkError
from tests.engine.fake import Answer, Asked, FakeEngine, engine, refused

NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
MARKS = {labels.RUN_ID: "r", labels.NAME: "n", labels.CREATED: "c"}


class Things:
    """What is on the engine, and what it says to removing something of it."""

    def __init__(self) -> None:
        self.there: dict[str, list[dict[str, Any]]] = {"containers": [], "volumes": [], "networks": []}
        self.refusals: dict[str, Answer] = {}
        self.stuck: set[str] = set()
        self.removed: list[str] = []
        self.lock = threading.Lock()

    def put(self, kind: str, name: str, **marks: str) -> None:
        row = {"Id": name, "Name": name, "Names": [f"/{name}"], "State": "exited", "Image": "x", "Created": 0}
        self.there[kind].append({**row, "Labels": marks})

    def answer(self, asked: Asked) -> Answer:
        _, kind, *rest = asked.path.split("/")
        with self.lock:
            rows = self.there[kind]
            if asked.method == "GET" and rest in ([], ["json"]):
                return Answer(200, {"Volumes": rows} if kind == "volumes" else rows)
            if rest[0] in self.refusals:
                return self.refusals[rest[0]]
            if asked.method == "GET":
                return Answer(200, {"Containers": {}})
            if rest[0] in self.stuck:
                return refused(403, f"network {rest[0]} has active endpoints")
            self.there[kind] = [row for row in rows if row["Name"] != rest[0]]
            self.removed.append(rest[0])
            return Answer(204)


@pytest.fixture
def things() -> Things:
    made = Things()
    made.put("containers", "lock", **{labels.ROLE: containers.LOCK})
    made.put("containers", "server", **{labels.ROLE: "single"})
    made.put("volumes", "data")
    made.put("networks", "lab")
    return made


@pytest.fixture
def server(things: Things, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    for room in (containers, network, reaper):
        monkeypatch.setattr(room, "BUSY_SECONDS", 0.2)
    with engine(tmp_path / "s", things.answer) as found:
        yield found


@pytest.fixture
def connection(server: FakeEngine) -> Iterator[Connection]:
    with server.connection() as found:
        yield found


def test_the_lock_goes_last_and_everything_is_counted(
    things: Things, server: FakeEngine, connection: Connection
) -> None:
    swept = reaper.sweep(connection, "x=y")
    assert things.removed == ["server", "data", "lab", "lock"]
    assert (swept.containers, swept.volumes, swept.networks, swept.quarantined) == (2, 1, 1, ())
    looks = [asked for asked in server.asked if asked.labels]
    assert all(set(asked.labels) == {f"{labels.MANAGED}=true", "x=y"} for asked in looks)
    assert not reaper.sweep(connection, "x=y")
    assert reaper.nothing(connection, "x=y")


def test_what_is_to_be_kept_or_spared_stays(things: Things, connection: Connection) -> None:
    reaper.sweep(connection, keep_volumes=True, spare="lock")
    assert things.removed == ["server", "lab"]
    assert not reaper.nothing(connection)


def test_a_network_that_the_engine_miscounts_is_quarantined_and_no_failure(
    things: Things, connection: Connection
) -> None:
    things.stuck = {"lab"}
    swept = reaper.sweep(connection)
    assert (swept.networks, swept.quarantined) == (0, ("lab",))
    assert things.removed == ["server", "data", "lock"]
    assert not reaper.nothing(connection), "its label stays with it, for a later sweep"
    reaper.sweep_all(connection)
    things.stuck = set()
    assert reaper.sweep(connection).networks == 1


def test_what_cannot_be_removed_does_not_keep_the_rest_nor_the_lock(things: Things, connection: Connection) -> None:
    things.put("volumes", "busy")
    things.refusals["busy"] = refused(409, "volume is in use - [abc]")
    with pytest.raises(ConflictError, match=r"volume busy is in use: .*abc") as told:
        reaper.sweep(connection)
    assert "docker ps" in told.value.hint
    assert things.removed == ["server", "data", "lock"]


def test_what_another_removes_at_the_same_time_is_as_good(things: Things, connection: Connection) -> None:
    things.refusals["server"] = refused(409, "removal of container server is already in progress")
    gone = threading.Timer(0.05, lambda: things.refusals.update(server=refused(404, "No such container")))
    gone.start()
    containers.remove(connection, "server")
    gone.join()
    things.refusals["data"] = refused(404, "no such volume")
    reaper.remove_volume(connection, "data")


def test_a_time_that_is_over_makes_an_orphan(things: Things, connection: Connection) -> None:
    alive, dead = identity.process(), identity.process(2**22 + 1)
    for name, life, process in (
        ("a", "until:2029-12-31T23:59:59Z", alive),
        ("b", "until:2030-01-01T00:00:01Z", dead),
        ("c", "process", dead),
        ("d", "process", alive),
        ("e", "manual", dead),
    ):
        things.put("containers", name, **{labels.NAME: name, labels.LIFETIME: life, labels.PROCESS: process})
    assert reaper.orphans(connection, NOW) == ["a", "c"]


def watching(connection: Connection, *, keep: bool = False, error: BaseException | None = None) -> None:
    with reaper.guarded(connection, *reaper.made_by(MARKS), keep=keep) as watched:
        watched()
        if error is not None:
            raise error


def test_a_watchdog_goes_home_when_all_is_well(things: Things, connection: Connection) -> None:
    watching(connection)
    assert things.removed == []


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), NetworkError("no answer"), ConflictError("and something is left")]
)
def test_it_cleans_up_by_itself_when_something_is_left_or_may_still_land(
    error: BaseException, things: Things, connection: Connection
) -> None:
    with pytest.raises(type(error)):
        watching(connection, error=error)
    for _ in range(200):
        if len(things.removed) == 4:
            break
        threading.Event().wait(0.05)
    assert things.removed[-1] == "lock"


def test_it_does_not_when_what_failed_shall_be_kept(things: Things, connection: Connection) -> None:
    with pytest.raises(KeyboardInterrupt):
        watching(connection, keep=True, error=KeyboardInterrupt())
    assert things.removed == []


def test_it_goes_home_when_nothing_is_left(server: FakeEngine, connection: Connection, things: Things) -> None:
    things.there = {"containers": [], "volumes": [], "networks": []}
    with pytest.raises(ConflictError):
        watching(connection, error=ConflictError("nothing was made"))
    before = len(server.asked)
    threading.Event().wait(0.2)
    assert len(server.asked) == before


def test_what_a_run_made_is_its_own_alone() -> None:
    assert reaper.made_by(MARKS) == ("armadillo.run-id=r", "armadillo.name=n", "armadillo.created=c")
    assert reaper.made_by({}) == ("armadillo.run-id=", "armadillo.name=", "armadillo.created=")


def test_a_watchdog_that_cannot_be_started_is_told(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "__file__", str(tmp_path / "none.py"))
    with pytest.raises(EnvironmentUnusable, match="did not start"):
        watching(connection)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(EnvironmentUnusable, match="cannot be started"):
        watching(connection)


def test_a_watchdog_that_does_not_go_home_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaper, "BUSY_SECONDS", 0.1)
    deaf = subprocess.Popen(["sleep", "60"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    reaper.dismiss(deaf)
    assert deaf.returncode == -9
