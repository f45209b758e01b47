"""The process: from the arguments to the exit code, with the signals as arangod takes them.

Knows nothing of what the server does while it lives.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence

from arangod import ARANGO_VERSION
from arangod.api.version import details
from arangod.failure import Exit, ExitCode
from arangod.options.parse import Options, help_text, parse
from arangod.process.log import Log, outputs_from
from arangod.process.machine import detect
from arangod.process.role import wanted
from arangod.process.serve import Life

_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
_ENDED = signal.SIGUSR1
_WATCHED = (*_STOPS, signal.SIGHUP, _ENDED)
_ROLE_LETTERS = {"SINGLE": "S", "AGENT": "A", "PRIMARY": "P", "COORDINATOR": "C"}


def take_signals() -> None:
    """Keep signals until `run` waits for them; done first, so that none is lost or kills half a start."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)


def say(text: str, *, fd: int = 1) -> None:
    """Write a text to standard output or standard error."""
    stream = sys.stderr if fd == 2 else sys.stdout
    stream.write(f"{text}\n")
    stream.flush()


def version_text() -> str:
    """Return what `--version` prints."""
    facts = "\n".join(f"{name}: {value}" for name, value in details().items())
    return f"{ARANGO_VERSION}\n\n{facts}"


def _log(options: Options) -> Log:
    tty = options.flag("log.foreground-tty")
    outputs = outputs_from(options.text("log.file"), options.texts("log.output"), tty=tty)
    letter = _ROLE_LETTERS.get(wanted(options)[0], "U") if options.flag("log.role") else ""
    return Log(outputs, options.texts("log.level"), role=letter, use_json=options.flag("log.use-json-format"))


def run(argv: Sequence[str], environ: Mapping[str, str], *, password: str | None = None) -> int:
    """Do what the arguments say; `password` is what a new data directory gives to root."""
    try:
        what, options = parse(argv)
        if what != "run":
            say(version_text() if what == "version" else help_text())
            return ExitCode.OK
        log = _log(options)
    except Exit as exc:
        say(exc.text, fd=2)
        return exc.code
    if password is not None:
        options.preset("database.password", password)
    return _Process(log, Life(options, log, detect(environ))).run()


class _Process:
    """Lets a life run in a thread of its own and stays awake for signals in the main one."""

    def __init__(self, log: Log, life: Life) -> None:
        self._log = log
        self._life = life
        self._main = threading.get_ident()
        self._code: int | None = None

    def run(self) -> int:
        threading.Thread(target=self._live, name="life", daemon=True).start()
        stops = 0
        while True:
            taken = signal.sigwaitinfo(_WATCHED)
            if taken.si_signo == _ENDED and self._code is not None:
                return self._code
            if taken.si_signo == signal.SIGHUP:
                self._rotate()
            elif taken.si_signo in _STOPS:
                stops += 1
                self._stop(signal.Signals(taken.si_signo).name, taken.si_pid, stops)

    def _live(self) -> None:
        code: int = ExitCode.FAILED
        try:
            code = self._life.live()
        except Exit as exc:
            code = exc.code
            self._log.write("FATAL", exc.id or "5a00c", exc.topic, exc.text)
            if not self._log.is_on_terminal:
                say(exc.text, fd=2)
        except Exception as exc:  # noqa: BLE001  the end of the life is the end of the process, and is said
            self._log.fault(exc, "the life of the server")
        finally:
            self._code = code
            signal.pthread_kill(self._main, _ENDED)

    def _stop(self, name: str, sender: int, stops: int) -> None:
        if stops == 1:
            self._log.write(
                "INFO", "b4133", "general", f"{name} received (sender pid {sender}), beginning shut down sequence"
            )
            self._life.stop()
            return
        text = f"{name} received during shutdown sequence (sender pid {sender}), terminating!"
        self._log.write("FATAL", "11ca3", "general", text)
        os._exit(ExitCode.FAILED)

    def _rotate(self) -> None:
        self._log.write("INFO", "33eae", "general", "hangup received, about to reopen logfile")
        try:
            self._log.reopen()
        except Exit as exc:
            self._log.write("ERROR", "5a00d", "general", exc.text)
            return
        self._log.write("INFO", "23db2", "general", "hangup received, reopened logfile")
