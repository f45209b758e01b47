"""Programs of this machine: one-shot commands, and children that run for long; each in a process group of its own.

Knows nothing of Docker or of what the programs are for.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO

from armadillo.capture import Bounded, Captured
from armadillo.child import GRACE, LOOK, Argument, end, end_group, ending, group_alive, spawn
from armadillo.deadline import TIMEOUTS, TimeoutManager
from armadillo.errors import (
    TAIL_CHARS,
    ConflictError,
    CrashDetected,
    EnvironmentUnusable,
    ExecutionError,
    TimeoutExpired,
    tail,
)
from armadillo.log import get_logger

log = get_logger(__name__)

KEEP = 1 << 20
"""Bytes of each output stream held in memory: half from its head, half from its tail."""

_SETTLE = 1.0
_CHUNK = 1 << 16
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended; a negative exit code is the number of the signal that ended it."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: Captured
    stderr: Captured
    duration: float

    @property
    def ok(self) -> bool:
        return self.exit_code == 0

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.stdout.text

    @property
    def ended(self) -> str:
        """How it ended, in words: `exit code 3`, `SIGKILL`."""
        return ending(self.exit_code)

    def check(self) -> Result:
        """Return the result of a success; raise ExecutionError for a failure."""
        if not self.ok:
            printed = tail((self.stderr or self.stdout).text)
            raise ExecutionError(
                f"{_shown(self.argv)} ended with {self.ended}" + (f": {printed}" if printed else ""),
                details={"command": shlex.join(self.argv), "exit_code": self.exit_code, "stderr": printed},
            )
        return self


def _shown(argv: Sequence[str]) -> str:
    command = shlex.join(argv)
    return command if len(command) <= _SHOWN else f"{command[:_SHOWN]}…"


class _Running:
    """A started command with its pipes; feeds and drains them from one thread, so that neither side can block."""

    def __init__(self, child: subprocess.Popen[bytes], data: bytes, streams: Sequence[Bounded]) -> None:
        self.child = child
        self._input = memoryview(data)
        self._selector = selectors.DefaultSelector()
        self._pipes = [pipe for pipe in (child.stdin, child.stdout, child.stderr) if pipe is not None]
        for pipe in self._pipes:
            os.set_blocking(pipe.fileno(), False)
        if child.stdin is not None:
            self._selector.register(child.stdin, selectors.EVENT_WRITE, self._feed)
        for source, stream in zip((child.stdout, child.stderr), streams, strict=True):
            if source is not None:
                self._selector.register(source, selectors.EVENT_READ, partial(_drain, stream))

    @property
    def over(self) -> bool:
        """Whether the child is gone and nobody can print into its pipes any more."""
        printing = any(key.events == selectors.EVENT_READ for key in self._selector.get_map().values())
        return self.child.poll() is not None and not printing

    def step(self, seconds: float) -> None:
        """Move what can be moved; wait at most so long for something to move."""
        if not self._selector.get_map():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(seconds)
            return
        for key, _ in self._selector.select(seconds):
            if not key.data(key.fd):
                self._selector.unregister(key.fd)
                self._close_pipe(key.fd)
        self.child.poll()

    def close(self) -> None:
        self._selector.close()
        for pipe in self._pipes:
            pipe.close()

    def _close_pipe(self, number: int) -> None:
        for pipe in self._pipes:
            if not pipe.closed and pipe.fileno() == number:
                pipe.close()

    def _feed(self, number: int) -> bool:
        try:
            self._input = self._input[os.write(number, self._input[:_CHUNK]) :]
        except BlockingIOError:
            return True
        except OSError:  # it does not want to read on: its own affair
            return False
        return bool(self._input)


def _drain(stream: Bounded, number: int) -> bool:
    try:
        chunk = os.read(number, _CHUNK)
    except BlockingIOError:
        return True
    stream.take(chunk)
    return bool(chunk)


@dataclass(frozen=True, slots=True)
class ProcessExecutor:
    """Runs one-shot commands; output beyond `keep` bytes goes to a file in `directory`, which is the caller's."""

    directory: Path | None = None
    keep: int = KEEP
    grace: float = GRACE
    timeouts: TimeoutManager = field(default=TIMEOUTS)

    def run(
        self,
        argv: Sequence[Argument],
        *,
        timeout: float | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Argument | None = None,
        input: bytes | str | None = None,  # noqa: A002 - the name users know from subprocess
    ) -> Result:
        """Run a command until its output ends; leave no process of its group, however it ends.

        `env` is the whole environment; without one it is ours. The time-out is at most what the scope leaves.
        """
        self.timeouts.check()
        allowed, started = self.timeouts.clamp(timeout), time.monotonic()
        words = tuple(os.fspath(word) for word in argv)
        data = input.encode() if isinstance(input, str) else input or b""
        with Bounded(self.keep, self.directory) as out, Bounded(self.keep, self.directory) as err:
            child = spawn(words, env=env, cwd=cwd, stdin=subprocess.PIPE if data else subprocess.DEVNULL)
            running = _Running(child, data, (out, err))
            late = "was interrupted"
            try:
                late = self._follow(running, started + allowed)
            finally:
                self._finish(running, late=bool(late))
        result = Result(words, child.returncode, out.captured(), err.captured(), time.monotonic() - started)
        self._tell(result, late)
        return result

    def _follow(self, running: _Running, until: float) -> str:
        """Return why the command has to be ended; nothing when it ended by itself."""
        while not running.over:
            if self.timeouts.cancelled is not None:
                return f"was cancelled: {self.timeouts.cancelled}"
            left = until - time.monotonic()
            if left <= 0:
                return "was out of time"
            running.step(min(left, LOOK))
        return ""

    def _finish(self, running: _Running, *, late: bool) -> None:
        group = running.child.pid
        try:
            if late:
                end_group(group, grace=self.grace, pause=running.step)
            elif group_alive(group):  # it left something that prints nothing: not late, but not ours to leave
                end(group, self.grace, running.step)
            until = time.monotonic() + _SETTLE
            while not running.over and time.monotonic() < until:
                running.step(LOOK)
        finally:
            running.close()

    def _tell(self, result: Result, late: str) -> None:
        facts = {"argv": list(result.argv), "exit_code": result.exit_code, "seconds": round(result.duration, 3)}
        if late:
            log.warning("proc.exec.failed", **facts, reason=late)
            raise TimeoutExpired(
                f"{_shown(result.argv)} {late} after {result.duration:.1f} s",
                argv=result.argv,
                seconds=result.duration,
                stdout=result.stdout.text,
                stderr=result.stderr.text,
                hint="give it more time, or look at what it printed",
            )
        if result.ok:
            log.info("proc.exec.ok", **facts)
        else:
            log.warning("proc.exec.failed", **facts)


class ProcessSupervisor:
    """A child that runs for long, as `with` or by `start` and `stop`; its end is noticed as it happens.

    Output goes to `log_file`, or to a temporary file that goes with the supervisor. `told` is
    called with the crash, in a thread of the supervisor, once per crash.
    """

    def __init__(
        self,
        argv: Sequence[Argument],
        *,
        name: str = "",
        env: Mapping[str, str] | None = None,
        cwd: Argument | None = None,
        log_file: Path | None = None,
        grace: float = GRACE,
        told: Callable[[CrashDetected], object] | None = None,
        timeouts: TimeoutManager = TIMEOUTS,
    ) -> None:
        self.argv = tuple(os.fspath(word) for word in argv)
        self.name = name or Path(*self.argv[:1]).name
        self.crash: CrashDetected | None = None
        self._env = env
        self._cwd = cwd
        self._grace = grace
        self._told = told
        self._timeouts = timeouts
        self._log_file = log_file
        self._log: IO[bytes] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = False
        self._ended = threading.Event()
        self._reading = threading.Lock()
        self._printed = ""
        self._begin = 0
        self._waiter: threading.Thread | None = None

    def __enter__(self) -> ProcessSupervisor:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if error is None:
            self.check()
        elif self.crash is not None and error is not self.crash:
            error.add_note(str(self.crash))

    @property
    def pid(self) -> int | None:
        """The id of the process and of its group; None before the start."""
        return None if self._child is None else self._child.pid

    def start(self) -> None:
        """Start the child, also again after its end; one that runs is a conflict."""
        if self.is_running():
            raise ConflictError(f"{self.name} runs already, as process {self.pid}", hint="stop it first")
        self._timeouts.check()
        self._join()
        output = self._open_log()
        try:
            child = spawn(self.argv, env=self._env, cwd=self._cwd, stdout=output, stderr=subprocess.STDOUT)
        except BaseException:
            output.close()
            raise
        self._child, self._log, self.crash, self._stopping = child, output, None, False
        self._ended.clear()
        self._waiter = threading.Thread(
            target=copy_context().run, args=(self._await_end, child), name=f"waits for {self.name}", daemon=True
        )
        self._waiter.start()
        log.info("proc.start", name=self.name, argv=list(self.argv), pid=child.pid)

    def is_running(self) -> bool:
        return self._child is not None and not self._ended.is_set()

    def check(self) -> None:
        """Raise CrashDetected when the child ended by itself, and not well."""
        if self.crash is not None:
            raise self.crash

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; return its exit code, raise CrashDetected, or TimeoutExpired while it runs on."""
        if self._child is None:
            raise ConflictError(f"{self.name} was not started", hint="call start() first")
        allowed, started = self._timeouts.clamp(timeout), time.monotonic()
        while not self._ended.is_set():
            left = started + allowed - time.monotonic()
            why = self._timeouts.cancelled
            if left <= 0 or why is not None:
                told = "runs on" if why is None else f"was waited for until somebody cancelled: {why};"
                raise TimeoutExpired(
                    f"{self.name} {told} after {time.monotonic() - started:.1f} s",
                    argv=self.argv,
                    seconds=allowed,
                    stdout=self.output(),
                )
            self._ended.wait(min(left, LOOK))
        self.check()
        return self._child.returncode

    def stop(self, grace: float | None = None) -> int | None:
        """End the whole group, TERM first; return the exit code, None when it never started."""
        if self._child is None:
            return None
        if not self._ended.is_set():
            self._stopping = True
            end(self._child.pid, self._grace if grace is None else grace, self._pause)
            self._join()
            log.info("proc.stop", name=self.name, pid=self._child.pid, ended=ending(self._child.returncode))
        self._join()
        return self._child.returncode

    def output(self) -> str:
        """Return the end of what the child printed since its start."""
        with self._reading:
            if self._log is not None:
                size = os.fstat(self._log.fileno()).st_size
                begin = max(self._begin, size - 4 * TAIL_CHARS)
                self._printed = os.pread(self._log.fileno(), size - begin, begin).decode(errors="replace")
            return self._printed

    def _open_log(self) -> IO[bytes]:
        try:
            output = tempfile.TemporaryFile() if self._log_file is None else self._log_file.open("a+b")  # noqa: SIM115
        except OSError as exc:
            raise EnvironmentUnusable(f"no log file for {self.name}: {exc}", hint="is the directory there?") from exc
        self._begin = os.fstat(output.fileno()).st_size
        return output

    def _await_end(self, child: subprocess.Popen[bytes]) -> None:
        code = child.wait()
        try:
            if code and not self._stopping:
                self.crash = self._crashed(child.pid, code)
            self._ended.set()
            if self.crash is not None and self._told is not None:
                self._told(self.crash)
        finally:
            if group_alive(child.pid):
                end(child.pid, self._grace, time.sleep)
            self.output()
            with self._reading:
                if self._log is not None:
                    self._log.close()
                self._log = None

    def _crashed(self, pid: int, code: int) -> CrashDetected:
        how, printed = ending(code), self.output()
        log.error("proc.crash", name=self.name, pid=pid, exit_code=code, reason=how)
        return CrashDetected(f"{self.name} ended by itself: {how}", exit_code=code, reason=how, log_tail=printed)

    def _pause(self, seconds: float) -> None:
        if self._ended.is_set():
            time.sleep(seconds)
        else:
            self._ended.wait(seconds)

    def _join(self) -> None:
        if self._waiter is not None and self._waiter is not threading.current_thread():
            self._waiter.join()
