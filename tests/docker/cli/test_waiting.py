"""What ends while somebody looks on: `wait`, `logs -f` and `exec` of servers that stop, crash or are not there."""

from __future__ import annotations

import signal

import pytest

from .lab import Lab

pytestmark = pytest.mark.docker


def test_a_server_that_has_crashed_ends_the_wait_before_it_begins(lab: Lab) -> None:
    name = lab.up()
    lab.signal(name, "KILL")
    for what in ("ready", "healthy"):
        ended = lab("wait", name, "--for", what)
        assert ended.code == 12
        assert "single ended by itself: exit code 137 (SIGKILL)" in ended.err


@pytest.mark.parametrize("what", ["ready", "healthy"])
def test_a_server_that_dies_ends_the_wait_at_once(what: str, lab: Lab) -> None:
    name = lab.up()
    lab.signal(name, "STOP")
    with lab.running("wait", name, "--for", what) as command:
        command.hear("? no, ")
        lab.signal(name, "KILL")
        ended = command.end()
    assert ended.code == 12, ended


def test_a_server_that_was_stopped_is_waited_for(lab: Lab) -> None:
    name = lab.up()
    assert lab("stop", name).code == 0
    ended = lab("wait", name, "--timeout", "300ms")
    assert (ended.code, "single: running? no, exited" in ended.err) == (11, True)
    assert lab("wait", name, "--for", "healthy", "--timeout", "300ms").code == 11
    with lab.running("wait", name) as command:
        command.hear("running? no")
        assert lab("start", name, "--no-wait").code == 0
        assert command.end().code == 0


def test_a_wait_is_interrupted(lab: Lab) -> None:
    name = lab.up()
    with lab.running("wait", name, "--for", "gone") as command:
        command.hear("still there")
        command.send(signal.SIGINT)
        assert command.end().code == 130
    with lab.running("wait", name, "--for", "gone") as command:
        command.hear("still there")
        assert lab("down", name).code == 0
        assert command.end().code == 0


def test_logs_that_are_followed_end_with_the_servers(lab: Lab) -> None:
    name = lab.up()
    with lab.running("logs", name, "-f") as command:
        command.hear("ready for business", stdout=True)
        assert lab("stop", name).code == 0
        assert command.end().code == 0


def test_a_wait_for_a_stopped_server_says_how_to_start_it(lab: Lab) -> None:
    name = lab.up()
    assert lab("stop", name).code == 0
    ended = lab("wait", name, "--timeout", "1s")
    assert (ended.code, f"armadillo start {name} single" in ended.err) == (11, True)


def test_nothing_is_run_in_a_server_that_is_stopped(lab: Lab) -> None:
    name = lab.up()
    assert lab("stop", name).code == 0
    ended = lab("exec", name, "single", "--", "true")
    assert (ended.code, f"armadillo start {name} single" in ended.err) == (1, True)
