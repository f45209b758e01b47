"""`armadillo down`: everything goes, what was not gentle is told, and Ctrl-C means three things."""

from __future__ import annotations

import signal

import pytest

from armadillo.engine import containers

from .lab import Lab

pytestmark = pytest.mark.docker


def test_everything_goes_and_nothing_there_is_fine(lab: Lab) -> None:
    name = lab.up()
    state = lab.home / ".local" / "state" / "armadillo" / name
    assert state.is_dir()
    ended = lab("down", name)
    assert (ended.code, ended.out) == (0, f"{name}: removed 1 container, 3 volumes, 1 network\n")
    assert lab.left(name) == []
    assert not state.exists()
    again = lab("down", "--name", name, "--volumes")
    assert (again.code, again.out) == (0, f"{name}: nothing was there\n")
    strict = lab("down", name, "--strict", "--json")
    assert (strict.code, strict.json["deployments"][0]["removed"]) == (1, False)


def test_data_that_is_kept_is_there_for_the_next_and_told(lab: Lab) -> None:
    name = lab.up()
    secrets = lab("env", name, "--show-secrets", "--json").json["variables"]
    kept = lab("down", name, "--keep-data")
    assert f"armadillo up --name {name}" in kept.out
    assert name in lab("ls", "--json").json["data_kept"]
    assert lab("up", "--name", name).code == 0
    again = lab("env", name, "--show-secrets", "--json").json["variables"]
    assert again["ARANGO_ROOT_PASSWORD"] == secrets["ARANGO_ROOT_PASSWORD"]
    assert lab("down", name, "--strict").code == 0


def test_all_takes_what_is_mine_and_wants_a_yes(lab: Lab) -> None:
    name = lab.up()
    for words in (["--all"], ["--all", "--no-input"]):
        ended = lab("down", *words)
        assert (ended.code, "--yes" in ended.err) == (2, True)
        assert name in ended.err
    assert len(lab.servers(name)) == 1


def test_a_server_that_ended_badly_is_told(lab: Lab) -> None:
    name = lab.up()
    lab.signal(name, "KILL")
    ended = lab("down", name, "--json")
    assert ended.code == 0
    [row] = ended.json["deployments"]
    assert row["servers"][0]["exit_code"] == 137
    assert f"{name}: single ended with exit code 137 (SIGKILL)" in ended.err


def test_a_second_ctrl_c_kills_at_once(lab: Lab) -> None:
    name = lab.up()
    lab.signal(name, "STOP")
    with lab.running("down", name) as command:
        command.hear("stopping single")
        command.send(signal.SIGINT)
        command.hear("once more kills at once")
        command.send(signal.SIGINT)
        command.hear("killing what still runs")
        ended = command.end()
    assert ended.code == 130, ended
    assert "single had to be killed" in ended.err
    assert lab.left(name) == []


def test_sigterm_has_no_time_for_patience(lab: Lab) -> None:
    name = lab.up()
    lab.signal(name, "STOP")
    with lab.running("down", name) as command:
        command.hear("stopping single")
        command.send(signal.SIGTERM)
        ended = command.end()
    assert ended.code == 143, ended
    assert lab.left(name) == []


def test_a_third_ctrl_c_leaves_and_says_how_to_go_on(lab: Lab) -> None:
    name = lab.up()
    lab.signal(name, "STOP")
    with lab.running("down", name) as command:
        for words in ("stopping single", "once more kills", "once more leaves"):
            command.hear(words)
            command.send(signal.SIGINT)
        ended = command.end()
    assert ended.code == 130, ended
    assert f"armadillo down {name}" in ended.err or f"{name}: removed" in ended.out
    for one in lab.servers(name):  # nothing was waited for: it may be killed already, or still be frozen
        containers.remove(lab.connection, one.id)
    assert lab("down", name).code == 0
    assert lab.left(name) == []


def test_what_others_started_is_taken_down_after_a_yes_only(lab: Lab) -> None:
    name = lab.name()
    image = lab("image", "build", "--json").json["tag"]
    marks = {"armadillo.managed": "true", "armadillo.name": name, "armadillo.role": "single"}
    for owner, code in (("4711@elsewhere", 2), ("", 0)):
        owned = {"armadillo.owner": owner} if owner else {}
        made = lab.connection.api.create_container(image, name=f"armadillo-{name}-single", labels={**marks, **owned})
        ended = lab("down", name)
        assert ended.code == code, ended
        assert bool(lab.servers(name)) == bool(code)
        if code:
            assert "which 4711@elsewhere started" in ended.err
            containers.remove(lab.connection, made["Id"])
