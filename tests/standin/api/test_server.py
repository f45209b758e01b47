"""What a server says of itself, and who may hear it."""

from __future__ import annotations

import json
import time
import zlib

import jwt
import pytest

from tests.standin.driving import SECRET, Client, Running, basic


def _bearer(**claims: object) -> dict[str, str]:
    return {"authorization": f"bearer {jwt.encode({'iss': 'arangodb', **claims}, SECRET, 'HS256')}"}


SUPERUSER = _bearer(server_id="test")
NOBODY: dict[str, str] = {}


def test_the_version_is_bare_and_detailed_when_asked(client: Client) -> None:
    assert client.get("/_api/version").json == {"server": "arango", "license": "community", "version": "3.12.5"}
    details = client.get("/_api/version?details=true").json["details"]
    assert all(isinstance(value, str) for value in details.values())
    assert details["mode"] == "server"
    assert "not ArangoDB" in details["standin"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/_admin/server/role", {"error": False, "code": 200, "role": "SINGLE", "mode": "default"}),
        ("/_admin/server/availability", {"mode": "default"}),
        ("/_admin/server/mode", {"mode": "default"}),
        ("/_admin/license", {"license": "none"}),
        ("/_admin/database/target-version", {"error": False, "code": 200, "version": "3120500"}),
    ],
)
def test_short_answers(client: Client, path: str, expected: dict[str, object]) -> None:
    answer = client.get(path)
    assert (answer.status, answer.json) == (200, expected)


def test_a_single_server_has_no_id_for_others(client: Client) -> None:
    assert client.get("/_admin/server/id").error == (500, 500)


def test_the_status_is_that_of_a_single_server(client: Client, running: Running) -> None:
    status = client.get("/_admin/status").json
    assert (status["server"], status["pid"], status["operationMode"]) == ("arango", running.process.pid, "server")
    assert status["serverInfo"]["role"] == "SINGLE"
    assert status["serverInfo"]["writeOpsEnabled"] is True
    assert "agency" not in status


def test_the_engine_is_named(client: Client) -> None:
    engine = client.get("/_api/engine").json
    assert engine["name"] == "rocksdb"
    assert {"primary", "edge"} <= set(engine["supports"]["indexes"])


def test_the_time_is_now(client: Client) -> None:
    assert abs(client.get("/_admin/time").json["time"] - time.time()) < 60


def test_support_info_is_for_admins_in_system(client: Client) -> None:
    info = client.get("/_admin/support-info").json
    assert info["deployment"] == {"type": "single"}
    assert info["host"]["physicalMemory"]["overridden"] is False
    assert client.post("/_api/database", {"name": "other"}).status == 201
    assert client.get("/_db/other/_admin/support-info").error == (405, 405)
    assert client.ask("DELETE", "/_api/database/other").status == 200


def test_metrics_are_for_prometheus(client: Client) -> None:
    answer = client.get("/_admin/metrics/v2")
    assert answer.headers["content-type"].startswith("text/plain")
    assert b"\narangodb_server_statistics_server_uptime_total " in answer.body


def test_log_levels_are_read_and_set(client: Client, running: Running) -> None:
    assert client.get("/_admin/log/level").json["requests"] == "INFO"
    assert client.ask("PUT", "/_admin/log/level", {"requests": "debug"}).json["requests"] == "DEBUG"
    assert client.ask("PUT", "/_admin/log/level", "info").json["requests"] == "INFO"
    assert client.ask("PUT", "/_admin/log/level", {"requests": "loud"}).error == (400, 400)
    assert client.ask("PUT", "/_admin/log/level", {"none": "info"}).error == (400, 400)
    assert client.ask("PUT", "/_admin/log/level", [1]).error == (400, 400)


def test_echo_returns_what_was_understood(client: Client) -> None:
    echo = client.ask("POST", "/_admin/echo?a=b", {"x": 1}, {"X-Mine": "ü"}).json
    assert (echo["user"], echo["requestType"], echo["parameters"]) == ("root", "POST", {"a": "b"})
    assert json.loads(echo["requestBody"]) == {"x": 1}
    assert echo["headers"]["x-mine"] == "ü"
    assert bytes(echo["rawRequestBody"]["data"]) == b'{"x": 1}'


def test_every_reply_has_the_headers_of_an_arangod_and_says_what_it_is(client: Client) -> None:
    for path in ("/_api/version", "/_api/nothing"):
        headers = client.get(path).headers
        assert headers["server"] == "ArangoDB"
        assert headers["x-armadillo-stand-in"] == "1"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-arango-queue-time-seconds"] == "0.000000"
        assert headers["content-type"] == "application/json; charset=utf-8"


def test_a_success_never_holds_an_error_number(client: Client) -> None:
    for path in ("/_api/version", "/_admin/server/role", "/_admin/status", "/_api/collection", "/_api/engine"):
        assert "errorNum" not in client.get(path).json


def test_a_token_is_issued_for_a_password(client: Client, running: Running) -> None:
    anybody = running.client(NOBODY)
    token = anybody.post("/_open/auth", {"username": "root", "password": ""}).json["jwt"]
    claims = jwt.decode(token, SECRET, ["HS256"])
    assert (claims["preferred_username"], claims["iss"], claims["exp"] - claims["iat"]) == ("root", "arangodb", 3600)
    assert running.client({"authorization": f"bearer {token}"}).get("/_admin/echo").json["user"] == "root"
    assert anybody.post("/_open/auth", {"username": "root", "password": "no"}).error == (401, 401)
    assert anybody.post("/_open/auth", {"username": "none", "password": ""}).error == (401, 401)
    assert anybody.post("/_open/auth", {"username": "root"}).error == (400, 400)
    assert anybody.post("/_open/auth", b"{").error == (400, 600)


@pytest.mark.parametrize(
    "headers",
    [
        NOBODY,
        basic("root", "wrong"),
        basic("none", ""),
        _bearer(server_id="x", exp=1),
        _bearer(preferred_username="none"),
        {"authorization": "bearer x.y.z"},
        {"authorization": f"bearer {jwt.encode({'iss': 'arangodb', 'server_id': 'x'}, 'another ' + SECRET, 'HS256')}"},
        {"authorization": f"bearer {jwt.encode({'iss': 'else', 'server_id': 'x'}, SECRET, 'HS256')}"},
    ],
)
def test_without_valid_credentials_nothing_is_told(running: Running, headers: dict[str, str]) -> None:
    client = running.client(headers)
    for path in ("/_api/version", "/_api/none", "/_admin/status", "/_db/none/_api/version", "/_db/none/_open/auth"):
        answer = client.get(path)
        assert answer.error == (401, 11), path
        assert "realm=" in answer.headers["www-authenticate"]


def test_the_challenge_is_left_out_when_asked(running: Running) -> None:
    assert "www-authenticate" not in running.client({"x-omit-www-authenticate": "1"}).get("/_api/version").headers
    assert running.client(basic("x")).get("/_api/version").headers["www-authenticate"].startswith("Basic")
    assert running.client(NOBODY).get("/_api/version").headers["www-authenticate"].startswith("Bearer token_type")


@pytest.mark.parametrize("headers", [basic(), SUPERUSER, _bearer(preferred_username="root")])
def test_a_database_that_is_not_there_is_404_for_who_might_use_it(running: Running, headers: dict[str, str]) -> None:
    client = running.client(headers)
    assert client.get("/_db/none/_api/version").error == (404, 1228)
    assert client.get("/_db/n%C3%B6/_admin/server/availability").error == (404, 1228)
    assert client.get("/_db/_system/_api/version").status == 200


def test_what_is_always_open_is(running: Running) -> None:
    anybody = running.client(NOBODY)
    assert anybody.get("/_admin/server/availability").status == 200
    assert anybody.get("/").status == 301
    assert anybody.get("/_admin/aardvark/index.html").error == (501, 9)
    answer = anybody.ask("OPTIONS", "/_api/version", headers={"origin": "http://x"})
    assert answer.status == 200
    assert "PATCH" in answer.headers["allow"]
    assert answer.headers["access-control-allow-origin"] == "http://x"
    assert anybody.get("/elsewhere").error == (404, 404)


def test_a_token_may_be_for_some_paths_only(running: Running) -> None:
    client = running.client(_bearer(server_id="x", allowed_paths=["/_api/version"]))
    assert client.get("/_api/version").status == 200
    assert client.get("/_admin/status").error == (401, 11)


def test_unknown_paths_and_methods_are_told_apart_from_what_is_not_supported(client: Client) -> None:
    unknown = client.get("/_api/nothing")
    assert unknown.error == (404, 404)
    assert unknown.json["errorMessage"] == "unknown path '/_api/nothing'"
    assert client.ask("PATCH", "/_api/version").error == (405, 405)
    assert client.get("/_api/viewing").error == (404, 404)
    for method, path in (("POST", "/_api/cursor"), ("GET", "/_api/gharial/g"), ("PUT", "/_admin/server/mode")):
        answer = client.ask(method, path)
        assert answer.error == (501, 9)
        assert f"{method} {path}" in answer.json["errorMessage"]
    assert client.get("/_admin/cluster/health").error == (403, 403)
    assert client.get("/_api/agency/config").error == (404, 404)


@pytest.mark.parametrize("headers", [{"x-arango-async": "store"}, {"x-arango-trx-id": "1"}])
def test_headers_that_change_everything_are_refused_by_name(client: Client, headers: dict[str, str]) -> None:
    answer = client.ask("GET", "/_api/version", headers=headers)
    assert answer.error == (501, 9)
    assert next(iter(headers)) in answer.json["errorMessage"]


def test_a_malformed_path_is_refused(client: Client) -> None:
    assert client.get("/_api/%zz").error == (400, 400)


def test_soft_shutdown_and_shutdown_elsewhere_are_refused(client: Client) -> None:
    assert client.ask("DELETE", "/_admin/shutdown?soft=true").error == (501, 9)
    assert client.post("/_api/database", {"name": "other"}).status == 201
    assert client.ask("DELETE", "/_db/other/_admin/shutdown").error == (403, 1230)
    assert client.ask("DELETE", "/_api/database/other").status == 200


def test_bodies_are_compressed_when_asked(client: Client) -> None:
    plain = client.get("/_api/version?details=true")
    answer = client.get("/_api/version?details=true", accept_encoding="deflate")
    assert answer.headers["content-encoding"] == "deflate"
    assert zlib.decompress(answer.body) == plain.body
    assert "content-encoding" not in client.get("/_api/version", accept_encoding="gzip").headers
