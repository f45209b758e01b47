"""Real commands, among them the naughty ones: deaf to TERM, closing their output, leaving others behind."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from armadillo.deadline import TimeoutManager
from armadillo.errors import (
    ConfigurationError,
    ConflictError,
    CrashDetected,
    EnvironmentUnusable,
    ExecutionError,
    NotFoundError,
    TimeoutExpired,
)
from armadillo.process import ProcessExecutor, ProcessSupervisor
from tests.processes import DEAF, PATIENCE, sh, soon, working_in

PYTHON = (sys.executable, "-c")
SHORT = 0.5
GRACE = 0.3

run = ProcessExecutor(grace=GRACE).run


def test_a_result_has_everything_the_command_said() -> None:
    result = run(sh("echo out; echo err >&2; exit 3"), timeout=PATIENCE)
    assert (result.exit_code, result.stdout, result.stderr) == (3, b"out\n", b"err\n")
    assert (result.text, result.stderr.text, result.ended, result.ok) == ("out\n", "err\n", "exit code 3", False)
    assert 0 < result.duration < PATIENCE
    assert result.argv[0] == "/bin/sh"


def test_a_signal_is_told_by_name() -> None:
    assert run(sh("kill -9 $$")).ended == "SIGKILL"


def test_check_returns_a_success_and_raises_a_failure_with_what_was_printed() -> None:
    assert run(["true"]).check().ok
    with pytest.raises(ExecutionError, match="exit code 4: no luck"):
        run(sh("echo no luck >&2; exit 4")).check()
    with pytest.raises(ExecutionError, match=r"exit code 1$"):
        run(["false"]).check()
    with pytest.raises(ExecutionError, match=r"false x{100}") as told:
        run(["false", "x" * 10_000]).check()
    assert len(str(told.value)) < 300


def test_environment_directory_and_paths_are_the_ones_asked_for(tmp_path: Path) -> None:
    result = run(sh("echo $WORD; pwd; echo $HOME"), env={"WORD": "hello"}, cwd=tmp_path)
    assert result.text.split("\n") == ["hello", str(tmp_path), "", ""]
    assert run([Path("/bin/echo"), "a b", "$HOME"]).text == "a b $HOME\n"


def test_without_input_there_is_nothing_to_read() -> None:
    assert run(["cat"], timeout=PATIENCE).stdout == b""


@pytest.mark.parametrize("given", ["Grüße", "Grüße".encode()])
def test_input_arrives(given: str | bytes) -> None:
    assert run(["cat"], input=given, timeout=PATIENCE).text == "Grüße"


def test_much_input_and_output_at_once_do_not_block_each_other() -> None:
    data = bytes(range(256)) * 16_000
    result = ProcessExecutor(keep=2 * len(data)).run(["cat"], input=data, timeout=PATIENCE)
    assert result.stdout == data


def test_a_command_need_not_read_its_input() -> None:
    assert run(["true"], input=b"x" * 1_000_000, timeout=PATIENCE).ok


def test_very_much_output_is_bounded_here_and_whole_in_a_file(tmp_path: Path) -> None:
    script = "import sys; sys.stdout.write('begin' + 'x' * 3_000_000 + 'end')"
    result = ProcessExecutor(directory=tmp_path, keep=1000).run([*PYTHON, script], timeout=PATIENCE)
    assert len(result.stdout) < 2000
    assert result.stdout.startswith(b"begin")
    assert result.stdout.endswith(b"end")
    assert result.stdout.file is not None
    assert result.stdout.file.parent == tmp_path
    assert result.stdout.file.stat().st_size == 3_000_008


def test_a_child_that_closes_its_output_is_waited_for(tmp_path: Path) -> None:
    result = run(sh("exec >&- 2>&-; sleep 0.3; touch done; exit 7"), cwd=tmp_path, timeout=PATIENCE)
    assert result.exit_code == 7
    assert (tmp_path / "done").exists()


def test_output_of_a_grandchild_is_waited_for() -> None:
    assert run(sh("(sleep 0.3; echo late) & echo early"), timeout=PATIENCE).text == "early\nlate\n"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("sleep 1000", id="simple"),
        pytest.param(DEAF + "sleep 1000 & sleep 1000; sleep 1000", id="deaf to TERM, grandchild too"),
        pytest.param(DEAF + "(while :; do sleep 1; done) & exit 0", id="leader gone, deaf member holds the pipes"),
        pytest.param("exec >&- 2>&-; sleep 1000", id="closed its output"),
        pytest.param("while :; do echo x; done", id="prints without end"),
        pytest.param("kill -STOP $$", id="stopped"),
    ],
)
def test_out_of_time_nothing_of_the_group_is_left(
    script: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(TimeoutExpired, match=r"was out of time after \d") as told:
        run(sh("echo said this; " + script), timeout=SHORT, cwd=tmp_path)
    assert working_in(tmp_path) == []
    assert told.value.argv[:2] == ("/bin/sh", "-c")
    assert told.value.seconds is not None
    assert told.value.seconds >= SHORT
    assert "said this" in told.value.stdout or "cut" in told.value.stdout
    assert "proc.exec.failed" in caplog.text
    assert "timeout.escalate.term" in caplog.text
    assert ("timeout.escalate.kill" in caplog.text) == (DEAF in script or "STOP" in script)


def test_what_is_printed_while_being_ended_is_told() -> None:
    with pytest.raises(TimeoutExpired) as told:
        run(sh("trap 'echo last words; exit' TERM; echo ready; while :; do sleep 0.05; done"), timeout=SHORT)
    assert told.value.stdout == "ready\nlast words"


def test_what_a_command_leaves_in_silence_is_ended_too(tmp_path: Path) -> None:
    began = time.monotonic()
    result = run(sh("sleep 1000 >/dev/null 2>&1 & echo left it"), cwd=tmp_path, timeout=PATIENCE)
    assert result.text == "left it\n"
    assert working_in(tmp_path) == []
    assert time.monotonic() - began < PATIENCE


def test_one_who_left_the_group_but_holds_the_pipes_does_not_hold_us() -> None:
    script = "import os, time\nif os.fork() == 0:\n os.setsid(); print(os.getpid(), flush=True); time.sleep(1000)"
    with pytest.raises(TimeoutExpired) as told:
        run([*PYTHON, script], timeout=2)
    os.kill(int(told.value.stdout), signal.SIGKILL)


def test_ctrl_c_leaves_nothing_of_the_group(tmp_path: Path) -> None:
    program = (
        "from armadillo.process import ProcessExecutor\n"
        f"ProcessExecutor(grace={GRACE}).run(['/bin/sh', '-c', \"{DEAF} touch started; sleep 1000 & sleep 1000\"])"
    )
    ours = subprocess.Popen([*PYTHON, program], cwd=tmp_path, stderr=subprocess.PIPE)
    assert soon((tmp_path / "started").exists)
    ours.send_signal(signal.SIGINT)
    _, printed = ours.communicate(timeout=PATIENCE)
    assert b"KeyboardInterrupt" in printed
    assert working_in(tmp_path) == []


def test_a_scope_limits_a_command(tmp_path: Path) -> None:
    timeouts = TimeoutManager()
    with timeouts.scope("test", SHORT), pytest.raises(TimeoutExpired, match="was out of time") as told:
        ProcessExecutor(grace=GRACE, timeouts=timeouts).run(["sleep", "1000"], timeout=1000, cwd=tmp_path)
    assert told.value.argv == ("sleep", "1000")


def test_out_of_time_before_it_starts_nothing_starts(tmp_path: Path) -> None:
    timeouts = TimeoutManager()
    with timeouts.scope("test", 0), pytest.raises(TimeoutExpired, match="test was out of time"):
        ProcessExecutor(timeouts=timeouts).run(["touch", str(tmp_path / "done")])
    assert list(tmp_path.iterdir()) == []


def test_cancelling_ends_a_command_at_once(tmp_path: Path) -> None:
    timeouts = TimeoutManager()
    with timeouts.scope("test"):
        threading.Timer(0.2, timeouts.cancel, ["enough"]).start()
        with pytest.raises(TimeoutExpired, match="sleep 1000 was cancelled: enough"):
            ProcessExecutor(grace=GRACE, timeouts=timeouts).run(["sleep", "1000"], cwd=tmp_path)


def test_success_and_failure_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="armadillo"):
        run(["true"])
        run(["false"])
    assert [record.getMessage().split()[0] for record in caplog.records] == ["proc.exec.ok", "proc.exec.failed"]


def test_a_supervised_child_runs_until_it_is_stopped(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="armadillo"), ProcessSupervisor(sh("echo up; sleep 1000")) as server:
        assert server.is_running()
        assert soon(lambda: server.output() == "up\n")
        with pytest.raises(ConflictError, match="sh runs already"):
            server.start()
    assert not server.is_running()
    assert server.output() == "up\n"
    assert server.wait() == -signal.SIGTERM
    assert [record.getMessage().split()[0] for record in caplog.records] == ["proc.start", "proc.stop"]


def test_before_the_start_there_is_nothing_to_stop_or_to_wait_for() -> None:
    server = ProcessSupervisor(["sleep", "1000"])
    assert (server.stop(), server.pid, server.is_running(), server.output()) == (None, None, False, "")
    with pytest.raises(ConflictError, match="was not started"):
        server.wait()


def test_stopping_ends_the_whole_group_even_if_it_is_deaf(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = ProcessSupervisor(sh(DEAF + "sleep 1000 & touch up; sleep 1000"), cwd=tmp_path)
    server.start()
    assert soon((tmp_path / "up").exists)
    assert server.stop(GRACE) == -signal.SIGKILL
    assert working_in(tmp_path) == []
    assert server.stop() == -signal.SIGKILL
    assert "timeout.escalate.kill" in caplog.text


def test_a_member_that_outlives_its_stopped_leader_is_ended(tmp_path: Path) -> None:
    script = f"({DEAF} sleep 1000) & touch up; sleep 1000"
    server = ProcessSupervisor(sh(script), cwd=tmp_path, grace=GRACE)
    server.start()
    assert soon((tmp_path / "up").exists)
    server.stop()
    assert working_in(tmp_path) == []


def test_a_crash_is_told_as_it_happens(tmp_path: Path) -> None:
    crashes: list[CrashDetected] = []
    told = threading.Event()

    def hear(crash: CrashDetected) -> None:
        crashes.append(crash)
        told.set()

    script = "sleep 1000 >/dev/null & for i in 1 2 3; do echo line $i; done; kill -SEGV $$"
    server = ProcessSupervisor(sh(script), cwd=tmp_path, name="agent1", told=hear, grace=GRACE)
    server.start()
    assert told.wait(PATIENCE)
    with pytest.raises(CrashDetected, match="agent1 ended by itself: SIGSEGV") as raised:
        server.wait(PATIENCE)
    assert crashes == [raised.value]
    assert raised.value.exit_code == -signal.SIGSEGV
    assert raised.value.reason == "SIGSEGV"
    assert raised.value.log_tail == "line 1\nline 2\nline 3"
    assert server.stop() == -signal.SIGSEGV


def test_a_crash_is_noticed_within_a_second() -> None:
    noticed: list[float] = []
    told = threading.Event()

    def hear(crash: CrashDetected) -> None:
        noticed.append(time.time())
        told.set()

    script = "import time, sys; print(time.time(), flush=True); sys.exit(5)"
    server = ProcessSupervisor([*PYTHON, script], told=hear)
    server.start()
    assert told.wait(PATIENCE)
    server.stop()
    assert noticed[0] - float(server.output()) < 1


def test_a_crash_inside_the_block_is_raised_at_its_end() -> None:
    def use() -> None:
        with ProcessSupervisor(sh("exit 3"), name="agent1") as server:
            assert soon(lambda: server.crash is not None)

    with pytest.raises(CrashDetected, match="agent1 ended by itself: exit code 3"):
        use()


def test_a_crash_explains_the_error_of_the_block() -> None:
    def use() -> None:
        with ProcessSupervisor(sh("exit 3"), name="agent1") as server:
            assert soon(lambda: server.crash is not None)
            raise KeyError("what came of it")

    with pytest.raises(KeyError) as told:
        use()
    assert told.value.__notes__ == ["agent1 ended by itself: exit code 3"]


def test_an_end_without_a_fault_is_no_crash_and_it_can_be_started_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("older\n")
    server = ProcessSupervisor(sh("echo $$"), log_file=log)
    for _ in range(2):
        server.start()
        assert server.wait(PATIENCE) == 0
        server.stop()
        assert server.output() == f"{server.pid}\n"
    assert len(log.read_text().split()) == 3


def test_waiting_has_a_limit_and_can_be_cancelled() -> None:
    timeouts = TimeoutManager()
    with timeouts.scope("test"), ProcessSupervisor(sh("echo up; sleep 1000"), timeouts=timeouts) as server:
        assert soon(lambda: server.output() == "up\n")
        with pytest.raises(TimeoutExpired, match="sh runs on") as told:
            server.wait(0.05)
        assert told.value.stdout == "up"
        threading.Timer(0.1, timeouts.cancel, ["enough"]).start()
        with pytest.raises(TimeoutExpired, match="enough"):
            server.wait()


def test_one_who_is_told_of_the_crash_may_stop_and_may_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda failed: failures.append(str(failed.exc_value)))

    def hear(crash: CrashDetected) -> None:
        server.stop()
        raise RuntimeError("a bug of who was told")

    server = ProcessSupervisor(sh("sleep 1000 & exit 1"), cwd=tmp_path, told=hear, grace=GRACE)
    server.start()
    assert soon(lambda: not server.is_running())
    server.stop()
    assert failures == ["a bug of who was told"]


def test_a_child_that_cannot_start_leaves_nothing_open(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        ProcessSupervisor(["/no/such/program"]).start()
    with pytest.raises(ConfigurationError, match="empty command"):
        ProcessSupervisor([]).start()
    with pytest.raises(EnvironmentUnusable, match="no log file"):
        ProcessSupervisor(["true"], log_file=tmp_path / "missing" / "log").start()
