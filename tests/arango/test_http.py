"""Nobody answered, and somebody answered badly: told apart, with what was said."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest

from armadillo.arango import Client, simple_health_check
from armadillo.arango.http import Reply, plain
from armadillo.errors import HealthCheckError, NetworkError

from .answering import Asked, answering, free_port, hang_up, reset, say_nothing, unkind

VERSION = {"server": "arango", "version": "3.12.5", "license": "community"}


def always(status: int, body: object) -> Callable[[Asked], tuple[int, bytes]]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda asked: (status, content)


def test_a_server_that_is_well_tells_its_version() -> None:
    with answering(always(200, VERSION)) as server:
        assert simple_health_check(server.url + "/", headers={"authorization": "bearer x"}) == VERSION
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("GET", "/_api/version")
    assert {name.lower(): value for name, value in asked.headers.items()}["authorization"] == "bearer x"


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (503, {"errorNum": 503, "errorMessage": "starting"}, r"HTTP 503 \[ERR 503\] starting"),
        (401, {"errorNum": 11, "errorMessage": "not authorized"}, r"HTTP 401 \[ERR 11\] not authorized"),
        (404, b"<h1>nothing here</h1>", "HTTP 404$"),
        (500, ["errorNum"], "HTTP 500$"),
        (204, b"", "HTTP 204$"),
    ],
)
def test_another_status_than_200_is_not_well(status: int, body: object, words: str) -> None:
    with answering(always(status, body)) as server, pytest.raises(HealthCheckError, match=words) as told:
        simple_health_check(server.url)
    assert told.value.status == status


@pytest.mark.parametrize(
    ("body", "words"), [(b"welcome", "not JSON"), (b"\xff\xfe", "not JSON"), (b"", "not JSON"), ([1], "not a version")]
)
def test_an_answer_that_is_no_version_is_not_well(body: object, words: str) -> None:
    with answering(always(200, body)) as server, pytest.raises(HealthCheckError, match=words) as told:
        simple_health_check(server.url)
    assert told.value.status == 200


def test_where_nobody_listens_it_is_refused() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(NetworkError, match=rf"GET {url}/_api/version: connection refused$"):
        simple_health_check(url)


@pytest.mark.parametrize(
    ("does", "words"),
    [(reset, "connection reset"), (hang_up, "connection closed without an answer"), (say_nothing, "no answer in time")],
)
def test_a_connection_that_brings_no_answer_says_how_it_ended(
    does: Callable[[socket.socket], object], words: str
) -> None:
    with unkind(does) as url, pytest.raises(NetworkError, match=words):
        simple_health_check(url, 1.0)


def test_what_does_not_speak_http_gave_no_answer() -> None:
    def other(line: socket.socket) -> None:
        line.recv(65536)
        line.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")

    with unkind(other) as url, pytest.raises(NetworkError, match="OpenSSH"):
        simple_health_check(url)


def test_a_name_that_nobody_has_is_told() -> None:
    with pytest.raises(NetworkError, match=r"the name (is not known|cannot be resolved)"):
        simple_health_check("http://nobody.invalid:8529", 5)


def test_a_client_sends_what_it_was_given_and_returns_whatever_came() -> None:
    with answering(always(418, b"short and stout")) as server, Client(server.url, headers={"x-who": "me"}) as client:
        reply = client.send("POST", "/_api/collection", json={"name": "c"})
        assert (reply.status, reply.text) == (418, "short and stout")
        assert client.send("GET", "/again").status == 418
    first, second = server.asked
    assert (first.method, json.loads(first.body), first.headers["x-who"]) == ("POST", {"name": "c"}, "me")
    assert (second.path, second.body) == ("/again", b"")


def test_asking_returns_json_or_raises_what_was_refused() -> None:
    def answer(asked: Asked) -> tuple[int, bytes]:
        if asked.path == "/good":
            return 202, b'{"result": [1]}'
        return 409, b'{"error": true, "errorNum": 1207, "errorMessage": "duplicate name"}'

    with answering(answer) as server, Client(server.url) as client:
        assert client.ask("GET", "/good") == {"result": [1]}
        with pytest.raises(HealthCheckError, match=r"POST /c: HTTP 409 \[ERR 1207\] duplicate name") as told:
            client.ask("POST", "/c", json={})
    assert (told.value.status, json.loads(told.value.body)["errorNum"]) == (409, 1207)


def test_a_user_s_proxy_is_not_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    with answering(always(200, VERSION)) as server:
        assert simple_health_check(server.url) == VERSION


def test_bytes_that_are_no_text_are_shown_as_far_as_they_are() -> None:
    assert Reply(200, {}, b"a\xffb").text == "a\N{REPLACEMENT CHARACTER}b"


def test_a_reason_that_has_no_plainer_words_is_kept() -> None:
    assert plain(OSError("the cable is unplugged")) == "the cable is unplugged"
