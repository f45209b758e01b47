"""Groups of real processes, deaf ones among them, and programs that cannot start."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from armadillo import child
from armadillo.child import end_group, ending, group_alive, spawn
from armadillo.deadline import TimeoutManager
from armadillo.errors import ArmadilloError, ConfigurationError, EnvironmentUnusable, NotFoundError
from tests.processes import DEAF, PATIENCE, sh, soon, working_in

GRACE = 0.3


@pytest.mark.parametrize(("code", "words"), [(3, "exit code 3"), (-9, "SIGKILL"), (-99, "signal 99")])
def test_an_ending_is_a_code_or_the_name_of_a_signal(code: int, words: str) -> None:
    assert ending(code) == words


def test_a_second_ctrl_c_ends_the_grace_and_still_leaves_nothing(tmp_path: Path) -> None:
    def pause(seconds: float) -> None:
        raise KeyboardInterrupt

    deaf = subprocess.Popen(sh(DEAF + "touch started; sleep 1000 & wait"), cwd=tmp_path, start_new_session=True)
    assert soon((tmp_path / "started").exists)
    with pytest.raises(KeyboardInterrupt):
        end_group(deaf.pid, grace=PATIENCE, pause=pause)
    assert deaf.wait(PATIENCE) == -signal.SIGKILL
    assert soon(lambda: not working_in(tmp_path))


def test_the_watchdog_can_end_a_group_nobody_waits_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    deaf = subprocess.Popen(sh(DEAF + "touch started; sleep 1000"), cwd=tmp_path, start_new_session=True)
    assert soon((tmp_path / "started").exists)
    with TimeoutManager().scope("hang", 0, escalate=[lambda: end_group(deaf.pid, grace=GRACE)]):
        assert deaf.wait(PATIENCE) == -signal.SIGKILL
    names = ("timeout.watchdog.fired", "timeout.escalate.term", "timeout.escalate.kill")
    assert [name for name in names if name in caplog.text] == list(names)


def test_ending_a_group_that_is_gone_is_nothing(caplog: pytest.LogCaptureFixture) -> None:
    gone = subprocess.Popen(["true"], start_new_session=True)
    gone.wait(PATIENCE)
    end_group(gone.pid)
    assert caplog.text == ""


def test_a_zombie_nobody_reaps_does_not_keep_a_group_alive() -> None:
    zombie = subprocess.Popen(["true"], start_new_session=True)
    assert soon(lambda: not group_alive(zombie.pid))
    os.killpg(zombie.pid, 0)
    zombie.wait(PATIENCE)


def test_a_process_that_ends_while_we_look_is_gone() -> None:
    assert child._stat(Path("/proc/0/stat")) == ("X", 0)


def test_a_group_of_somebody_else_counts_as_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_permitted(group: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "killpg", not_permitted)
    assert group_alive(1)


@pytest.mark.parametrize(
    ("argv", "kind", "text"),
    [
        (["no-such-program-anywhere"], EnvironmentUnusable, "no program no-such-program-anywhere on this machine"),
        (["/no/such/program"], NotFoundError, "no program /no/such/program"),
        ([], ConfigurationError, "empty command"),
        (["/dev/null"], ConfigurationError, "cannot be executed"),
        (["echo", "a\0b"], ConfigurationError, "cannot be run"),
        (["echo", "x" * 10_000_000], ConfigurationError, "cannot be run"),
    ],
)
def test_what_cannot_be_started_is_told_with_a_hint(argv: list[str], kind: type[ArmadilloError], text: str) -> None:
    with pytest.raises(kind, match=text) as told:
        spawn(argv, env=None, cwd=None)
    assert told.value.hint


def test_a_missing_directory_is_not_taken_for_a_missing_program(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such directory"):
        spawn(["true"], env=None, cwd=tmp_path / "missing")


def test_a_machine_that_is_at_its_limit_is_unusable() -> None:
    error = child._not_started(["true"], None, BlockingIOError(11, "Resource temporarily unavailable"))
    assert isinstance(error, EnvironmentUnusable)
