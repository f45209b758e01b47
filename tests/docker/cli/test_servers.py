"""`armadillo stop`, `start`, `restart`: port, data and password stay, and unknown servers are told."""

from __future__ import annotations

import base64
import json
import urllib.request
from typing import Any

import pytest

from .lab import Lab

pytestmark = pytest.mark.docker


def ask(variables: dict[str, str], method: str, path: str, body: object = None) -> Any:
    login = base64.b64encode(f"root:{variables['ARANGO_ROOT_PASSWORD']}".encode()).decode()
    request = urllib.request.Request(
        variables["ARANGO_ENDPOINTS"] + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Basic {login}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_a_restart_keeps_port_data_and_password(lab: Lab) -> None:
    name = lab.up()
    before = lab("env", name, "--show-secrets", "--json").json["variables"]
    ask(before, "POST", "/_api/collection", {"name": "kept"})
    ask(before, "POST", "/_api/document/kept", {"_key": "one", "value": 1})
    stopped = lab("stop", name)
    assert (stopped.code, stopped.out) == (0, "single: exited\n")
    assert lab("status", name, "--check").code == 1
    assert lab("endpoints", name).code == 10
    started = lab("start", name, "--json")
    assert started.json["servers"][0]["endpoint"] == before["ARANGO_ENDPOINTS"]
    again = lab("restart", name, "single")
    assert again.out == f"single: running at {before['ARANGO_ENDPOINTS']}\n"
    assert lab("env", name, "--show-secrets", "--json").json["variables"] == before
    assert ask(before, "GET", "/_api/document/kept/one")["value"] == 1


def test_a_word_that_is_a_server_is_never_the_deployment(lab: Lab) -> None:
    name = lab.up()
    assert lab("restart", "single", env={"ARMADILLO_NAME": name}).code == 0
    for words in ([name, "dbserver2"], [name, "nonsense"], ["agent", "--name", name]):
        ended = lab("stop", *words)
        assert (ended.code, "it has single" in ended.err) == (2, True), ended
    unknown = lab("stop", lab.name())
    assert (unknown.code, "no deployment" in unknown.err) == (2, True)


def test_data_in_memory_would_be_lost_so_it_is_not_stopped(lab: Lab) -> None:
    name = lab.name()
    lab.home.joinpath("t.yml").write_text(
        f"apiVersion: armadillo/v1\nkind: Topology\nmetadata: {{name: {name}}}\n"
        "spec: {mode: single, volumes: tmpfs}\n"
    )
    assert lab("up", "./t.yml").code == 0
    for verb in ("stop", "restart"):
        ended = lab(verb, name)
        assert (ended.code, f"armadillo down {name}" in ended.err) == (2, True)
    assert [one.state for one in lab.servers(name)] == ["running"]
    assert lab("down", name).code == 0


def test_a_server_that_does_not_stop_in_time_is_killed_and_told(lab: Lab) -> None:
    name = lab.up()
    lab.signal(name, "STOP")
    ended = lab("stop", name, "--grace", "1s", "--json")
    assert (ended.code, ended.json["killed"]) == (0, ["single"])
    assert "single had to be killed" in ended.err
