from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker.errors
import pytest
import requests

from armadillo.deadline import TIMEOUTS
from armadillo.engine import containers
from armadillo.engine import docker as seam
from armadillo.engine.docker import Connection, translated
from armadillo.engine.endpoint import Endpoint
from armadillo.errors import (
    ArmadilloError,
    ConflictError,
    EnvironmentUnusable,
    ExecutionError,
    NetworkError,
    NotFoundError,
    TimeoutExpired,
)
from tests.engine.fake import Answer, Asked, FakeEngine, engine, refused

TAKEN = "driver failed programming external connectivity: Bind for 127.0.0.1:8529 failed: port is already allocated"


@pytest.mark.parametrize(
    ("answer", "kind", "hint"),
    [
        (refused(404, "No such container: x"), NotFoundError, ""),
        (refused(404, "No such image: x:1"), EnvironmentUnusable, "looks for the image"),
        (refused(409, "name is already in use"), ConflictError, ""),
        (refused(500, TAKEN), ConflictError, "--port"),
        (refused(500, "listen tcp4 127.0.0.1:80: bind: address already in use"), ConflictError, "ss -ltnp"),
        (refused(500, "write /x: no space left on device"), EnvironmentUnusable, "docker system df"),
        (refused(400, "invalid reference format"), EnvironmentUnusable, ""),
        (refused(500, "it broke"), ExecutionError, ""),
        (Answer(500), ExecutionError, ""),
    ],
)
def test_what_the_engine_refuses_is_of_our_kind_and_in_its_words(
    answer: Answer, kind: type[ArmadilloError], hint: str, tmp_path: Path
) -> None:
    with (
        engine(tmp_path / "s", lambda asked: answer) as server,
        server.connection() as connection,
        pytest.raises(kind) as told,
    ):
        containers.start(connection, "x", name="single")
    assert type(told.value) is kind
    assert str(told.value).startswith("starting single: ")
    assert hint in told.value.hint
    if answer.says:
        assert answer.says["message"] in str(told.value)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (requests.exceptions.ReadTimeout("slow"), NetworkError, "did not answer in 60 s"),
        (requests.exceptions.ConnectionError("Connection aborted."), EnvironmentUnusable, "cannot be reached"),
        (requests.exceptions.ConnectionError(PermissionError(13, "Permission denied")), EnvironmentUnusable, "denied"),
        (docker.errors.DockerException("odd"), EnvironmentUnusable, "cannot be reached: odd"),
        (BrokenPipeError(32, "Broken pipe"), EnvironmentUnusable, "cannot be reached"),
    ],
)
def test_an_engine_that_does_not_answer_is_told_with_what_to_do(
    error: Exception, kind: type[ArmadilloError], words: str
) -> None:
    with pytest.raises(kind, match=words) as told, translated("asking"):
        raise error
    assert told.value.__cause__ is error
    assert kind is NetworkError or told.value.hint


def test_a_call_takes_no_longer_than_there_is_time(tmp_path: Path) -> None:
    over = threading.Event()

    def slow(asked: Asked) -> Answer:
        over.wait(30)
        return Answer(200, [])

    with engine(tmp_path / "s", slow) as server, server.connection() as connection:
        connection.api.version()
        since = time.monotonic()
        with pytest.raises(TimeoutExpired), TIMEOUTS.scope("a test", 0.5):
            containers.found(connection)
        assert time.monotonic() - since < 10
        with pytest.raises(TimeoutExpired), TIMEOUTS.scope("a test", 0.0):
            containers.found(connection)
        over.set()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FakeEngine]:
    with engine(tmp_path / "s", lambda asked: Answer(200, [])) as found:
        yield found


def files() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the list itself


def in_threads(call: Callable[[], object], count: int) -> None:
    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_threads_hand_on_their_clients_and_each_keeps_one_connection_open(server: FakeEngine) -> None:
    with server.connection() as connection:
        clients: set[int] = set()

        def ask() -> None:
            clients.add(id(connection.api))
            for label in ("a", "b", "c"):
                containers.found(connection, label)

        in_threads(ask, 4)
        before = files()
        for _ in range(5):
            in_threads(ask, 1)
        assert len(clients) <= 4
        assert files() <= before


def test_closing_closes_what_every_thread_had_opened(server: FakeEngine) -> None:
    before = files()
    with server.connection() as connection:
        in_threads(lambda: containers.found(connection), 3)
        with connection.streaming() as client:
            assert client.version()
    assert files() <= before + 1, "the server may not have heard of it yet"


def test_the_engine_says_what_it_is(tmp_path: Path) -> None:
    with (
        engine(tmp_path / "s", lambda asked: Answer(200, {"NCPU": 2})) as server,
        server.connection() as connection,
    ):
        assert connection.info() == {"NCPU": 2}


def test_certificates_are_all_three_files(tmp_path: Path) -> None:
    assert seam.tls_of(Endpoint("tcp://x:2376", "a test")) is False
    for name in ("ca", "cert", "key"):
        (tmp_path / f"{name}.pem").write_text("")
    found = seam.tls_of(Endpoint("tcp://x:2376", "a test", str(tmp_path)))
    assert not isinstance(found, bool)
    assert found.cert == (f"{tmp_path}/cert.pem", f"{tmp_path}/key.pem")
    with pytest.raises(EnvironmentUnusable), Connection(Endpoint("tcp://x:2376", "a test", "/nowhere")) as connection:
        connection.info()
