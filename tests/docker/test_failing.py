"""How `up` fails: in time, with what is known of the cause, and with nothing left."""

from __future__ import annotations

import dataclasses
import datetime
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from armadillo import labels
from armadillo.cluster.plan import check_memory, memory_used
from armadillo.cluster.readiness import wait_ready
from armadillo.cluster.start import up
from armadillo.engine import containers, identity, lock, reaper
from armadillo.engine.events import DeathWatch, crash
from armadillo.errors import (
    ArmadilloError,
    AuthError,
    ConflictError,
    CrashDetected,
    EnvironmentUnusable,
    NotFoundError,
    NotReadyInTime,
    SeveralFailed,
)
from armadillo.topology import Topology
from armadillo.topology.composefile import ComposeFile
from tests.docker.place import Place, running, twins, unheard
from tests.processes import soon

pytestmark = pytest.mark.docker

# The first process of a container heeds a signal only when it asked for it.
HEEDS = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit());"
DYING = "import time; print('last words'); time.sleep(0.5); raise SystemExit(3)"
SILENT = HEEDS + "print('here I am'); signal.pause()"
GREEDY = "import os; hog = [bytearray(os.urandom(1 << 20)) * 8 for _ in range(1000)]"
WRONG = """
import http.server, json
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(STATUS); self.end_headers(); self.wfile.write(json.dumps(SAYS).encode())
http.server.HTTPServer(("", 8529), Answer).serve_forever()
"""


def wrong(status: int, says: object) -> str:
    return HEEDS + WRONG.replace("STATUS", str(status)).replace("SAYS", repr(says))


def test_a_server_that_dies_is_told_with_its_last_words_and_its_logs_are_kept(place: Place) -> None:
    with pytest.raises(CrashDetected) as caught:
        place.up(running(place.file(), DYING))
    error = caught.value
    assert (error.exit_code, error.reason) == (3, "exit code 3")
    assert "last words" in error.log_tail
    assert error.details["server"] == "single"
    assert place.left() == []
    folder = Path(error.details["logs"])
    assert "last words" in (folder / "single.log").read_text()
    assert str(folder) in error.hint
    assert list((place.state / place.name).iterdir()) == [folder]


def test_the_death_is_heard_in_the_second_it_happens(place: Place) -> None:
    place.up()
    heard = threading.Event()
    with DeathWatch(place.connection, place.name) as watch, watch.telling(lambda death: heard.set()):
        since = time.monotonic()
        containers.signal(place.connection, place.server, "KILL")
        assert heard.wait(10)
        assert time.monotonic() - since < 1.0
    (death,) = watch.deaths
    assert (death.service, death.exit_code, death.id) == ("single", 137, place.server.id)
    with watch.telling(lambda death: heard.clear()):
        assert not heard.is_set()
    error = crash(place.connection, death.id, "single")
    assert (error.exit_code, error.reason) == (137, "exit code 137 (SIGKILL)")


def test_a_stream_is_closed_and_its_thread_ends(place: Place) -> None:
    before = threading.active_count()
    with DeathWatch(place.connection, place.name):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_a_server_that_dies_while_it_is_waited_for_ends_the_wait(place: Place) -> None:
    place.up(running(place.file(), SILENT), wait=False)
    threading.Timer(0.5, lambda: containers.signal(place.connection, place.server, "KILL")).start()
    since = time.monotonic()
    with pytest.raises(CrashDetected, match="SIGKILL"):
        wait_ready(place.deployment, timeout=30, told=unheard)
    assert time.monotonic() - since < 5


def test_a_server_that_somebody_removes_is_told_so(place: Place) -> None:
    place.up(running(place.file(), SILENT), wait=False)
    threading.Timer(0.5, lambda: containers.remove(place.connection, place.server.id)).start()
    with pytest.raises(CrashDetected):
        wait_ready(place.deployment, timeout=30, told=unheard)
    with pytest.raises(NotFoundError, match="no server of"):
        wait_ready(place.deployment, timeout=30, told=unheard)


def test_out_of_memory_is_said_as_such(place: Place) -> None:
    with pytest.raises(CrashDetected, match="out of memory") as caught:
        place.up(running(place.file(), GREEDY))
    assert caught.value.details["oom_killed"]
    assert place.left() == []


def test_a_server_that_never_answers_is_11_and_names_what_was_waited_for(place: Place) -> None:
    with pytest.raises(NotReadyInTime, match=r"single: answers\? no, ") as caught:
        place.up(running(place.file(), SILENT), timeout=3)
    assert "here I am" in (Path(caught.value.details["logs"]) / "single.log").read_text()
    assert place.left() == []


@pytest.mark.parametrize(
    ("status", "says", "words"),
    [
        (200, {"role": "AGENT"}, r"role SINGLE\? no, AGENT"),
        (200, ["nothing"], "something else"),
        (503, {}, "HTTP 503"),
    ],
)
def test_an_answer_that_is_not_right_is_waited_over(status: int, says: object, words: str, place: Place) -> None:
    with pytest.raises(NotReadyInTime, match=words):
        place.up(running(place.file(), wrong(status, says)), timeout=6)


def test_a_server_that_does_not_know_us_never_will(place: Place) -> None:
    since = time.monotonic()
    with pytest.raises(AuthError, match="HTTP 401"):
        place.up(running(place.file(), wrong(401, {})))
    assert time.monotonic() - since < 30
    assert place.left() == []


def test_a_frozen_server_is_not_running(place: Place) -> None:
    place.up()
    containers.signal(place.connection, place.server, "PAUSE")
    with pytest.raises(NotReadyInTime, match=r"running\? no, paused"):
        wait_ready(place.deployment, timeout=0.5, told=unheard)


def test_out_of_time_is_11_wherever_it_happens(place: Place) -> None:
    with pytest.raises(NotReadyInTime, match=f"{place.name} not ready in 0.2 s"):
        place.up(twins(place.file(), 6), timeout=0.2)
    assert place.left() == []


def test_what_failed_is_kept_when_asked_for(place: Place) -> None:
    told: list[str] = []
    with pytest.raises(CrashDetected):
        place.up(running(place.file(), DYING), keep=True, told=told.append)
    now = datetime.datetime.now(datetime.UTC)
    state = place.seen()["State"]
    assert state["Status"] == "exited"
    assert (now - datetime.datetime.fromisoformat(state["FinishedAt"][:26] + "Z")).total_seconds() < 2
    assert any(line.startswith("kept: ") for line in told)


@pytest.fixture
def taken() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as holder:
        yield holder.getsockname()[1]


def test_a_port_that_is_taken_is_17_with_the_way_out(taken: int, place: Place) -> None:
    with pytest.raises(ConflictError) as caught:
        place.up(place.file(Topology(image="standin", port=taken)))
    assert str(taken) in str(caught.value)
    assert "--port" in caught.value.hint
    assert place.left() == []


def test_a_port_that_was_asked_for_is_the_port(place: Place) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as holder:
        free = holder.getsockname()[1]
    place.up(place.file(Topology(image="standin", port=free)))
    assert place.server.ports == ((8529, free),)
    assert place.deployment.endpoints()[0].url == f"http://127.0.0.1:{free}"


def on(file: ComposeFile, subnet: str) -> ComposeFile:
    return dataclasses.replace(file, networks=(dataclasses.replace(file.networks[0], subnet=subnet),))


def test_a_subnet_that_was_asked_for_is_the_subnet_and_only_once(place: Place) -> None:
    subnet = f"10.213.{int(place.name[-2:], 16)}.128/27"
    place.up(on(place.file(), subnet))
    row = place.connection.api.inspect_network(f"armadillo-{place.name}_lab")
    assert row["IPAM"]["Config"] == [{"Subnet": subnet}]
    other = dataclasses.replace(place, name=f"{place.name}b")
    with pytest.raises(ConflictError, match=rf"overlaps {subnet} of network armadillo-{place.name}_lab"):
        other.up(on(other.file(), subnet))
    assert other.left() == []


def test_two_at_once_get_subnets_and_ports_of_their_own(place: Place) -> None:
    other = dataclasses.replace(place, name=f"{place.name}b")
    try:
        threads = [threading.Thread(target=one.up) for one in (place, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        names = [f"armadillo-{one.name}_lab" for one in (place, other)]
        rows = [place.connection.api.inspect_network(name)["IPAM"]["Config"][0]["Subnet"] for name in names]
        assert len(set(rows)) == 2
        assert all(row.endswith("/26") for row in rows)
        assert place.server.ports != other.server.ports
    finally:
        other.sweep()


def test_memory_that_is_short_is_told_as_a_sum(place: Place) -> None:
    with pytest.raises(EnvironmentUnusable, match=r"may use 0\.1 GiB, our running servers 3\.0 GiB.* has 3\.1 GiB"):
        check_memory(place.file(), standin=True, total=int(3.1 * 1024**3), used=3 * 1024**3)
    place.up()

    def own() -> int:
        return memory_used(place.connection) - memory_used(place.connection, besides=place.name)

    assert soon(lambda: own() == 128 * 1024**2)  # other tests' servers come and go between the two looks


def held(place: Place, process: str, owner: str = "") -> str:
    """Hold the lock of a name as another process would."""
    own = {**place.plan().marks, labels.PROCESS: process, labels.OWNER: owner or identity.owner()}
    return lock.create(place.connection, place.name, place.image.reference, own)


def test_a_lock_whose_holder_is_dead_is_taken_over_and_what_it_had_made_is_gone(place: Place) -> None:
    dead = place.plan()
    marks = {**dead.marks, labels.PROCESS: identity.process(2**22 + 1)}
    lock.create(place.connection, place.name, place.image.reference, marks)
    network = place.connection.api.create_network(f"{dead.file.project}_lab", labels=marks)["Id"]
    place.connection.api.create_volume(f"{dead.file.project}_single-data", labels=marks)
    told: list[str] = []
    assert not place.up(told=told.append).adopted
    assert any("it died" in line for line in told)
    assert place.connection.api.inspect_network(f"{dead.file.project}_lab")["Id"] != network


@pytest.mark.parametrize("away", [False, True])
def test_a_lock_whose_holder_lives_is_waited_for(away: bool, place: Place) -> None:
    holder = held(place, identity.process(1), "1000@another" if away else "")
    told: list[str] = []
    with pytest.raises(ConflictError, match="has its lock") as caught:
        place.up(timeout=1, told=told.append)
    assert "armadillo down" in caught.value.hint
    containers.remove(place.connection, holder)
    assert not place.up(told=told.append).adopted


def test_down_takes_what_is_half_made_with_its_lock(place: Place) -> None:
    held(place, identity.process(1))
    assert place.deployment.remove().containers == 1
    assert place.left() == []


def test_parallel_failures_are_all_told(place: Place) -> None:
    file = twins(place.file(), 2)
    broken = [dataclasses.replace(one, entrypoint=("/no/such/program",)) for one in file.services]
    with pytest.raises(SeveralFailed) as caught:
        place.up(dataclasses.replace(file, services=tuple(broken)))
    assert len(caught.value.exceptions) == 2
    assert place.left() == []


def test_an_interrupt_in_a_process_that_goes_on_leaves_nothing_and_no_watchdog(place: Place) -> None:
    def told(line: str) -> None:
        if line.startswith("starting"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        place.up(told=told)
    assert place.left() == []
    assert not place.up().adopted


def test_sweeping_again_and_at_once_is_harmless(place: Place) -> None:
    place.up()
    failed: list[ArmadilloError] = []

    def sweep() -> None:
        try:
            reaper.sweep(place.connection, f"{labels.NAME}={place.name}")
        except ArmadilloError as exc:
            failed.append(exc)

    threads = [threading.Thread(target=sweep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert place.left() == []


def test_a_run_takes_back_its_own_alone_though_a_process_makes_several(place: Place) -> None:
    other = dataclasses.replace(place, name=f"{place.name}b")
    try:
        made = other.plan()
        up(place.connection, made, other.wanted(), told=unheard)
        broken = place.plan(running(place.file(), DYING))
        same_run = {**broken.marks, labels.RUN_ID: made.marks[labels.RUN_ID]}
        with pytest.raises(CrashDetected):
            up(place.connection, dataclasses.replace(broken, marks=same_run), place.wanted(), told=unheard)
        assert other.server.running
    finally:
        other.sweep()
