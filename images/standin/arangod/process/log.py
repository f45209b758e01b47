"""The log in arangod's format: lines with ids, levels by topic, to files, standard output or standard error.

Knows nothing of what happens in the server.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence

from arangod.failure import Exit, ExitCode
from arangod.jsontext import encode

LEVELS = ("FATAL", "ERROR", "WARNING", "INFO", "DEBUG", "TRACE")
_WORDS = {level.lower(): level for level in LEVELS} | {"err": "ERROR", "warn": "WARNING", "default": "INFO"}
TOPICS = (
    "agency", "agencycomm", "authentication", "authorization", "cluster", "communication", "config", "crash", "engines",
    "general", "heartbeat", "maintenance", "memory", "queries", "replication", "requests", "rocksdb", "security",
    "startup", "supervision", "threads", "trx",
)  # fmt: skip
_FIXED = {"-": 1, "+": 2}


class Log:
    """Writes whole lines, each in one call, from any thread."""

    def __init__(
        self,
        outputs: Sequence[str] = ("-",),
        levels: Sequence[str] = (),
        *,
        role: str = "",
        use_json: bool = False,
    ) -> None:
        self._role = role
        self._use_json = use_json
        self._levels = dict.fromkeys(TOPICS, "INFO")
        for setting in levels:
            try:
                self.set_level(setting)
            except ValueError as exc:
                raise Exit(ExitCode.INVALID_VALUE, f"error setting value for option '--log.level': {exc}") from None
        self._outputs = list(dict.fromkeys(outputs))
        self._fds = [_opened(output) for output in self._outputs]
        self._threads = {threading.get_ident(): 1}
        self._lock = threading.Lock()

    @property
    def is_on_terminal(self) -> bool:
        """Tell whether it goes to standard output or standard error."""
        return any(output in _FIXED for output in self._outputs)

    def levels(self) -> dict[str, str]:
        """Return the level of every topic."""
        return dict(self._levels)

    def set_level(self, setting: str) -> None:
        """Set `topic=level`, or all by a bare level; ValueError for what does not exist."""
        topic, equals, word = setting.rpartition("=")
        level = _WORDS.get(word.lower())
        if level is None:
            raise ValueError(f"invalid log level '{word}'")
        if equals and topic.lower() not in (*TOPICS, "all"):
            raise ValueError(f"unknown log topic '{topic}'")
        for name in TOPICS if not equals or topic.lower() == "all" else (topic.lower(),):
            self._levels[name] = level

    def reopen(self) -> None:
        """Open the files again under their names: what was moved away is no longer written to."""
        with self._lock:
            for place, output in enumerate(self._outputs):
                if output not in _FIXED:
                    old, self._fds[place] = self._fds[place], _opened(output)
                    os.close(old)

    def _line(self, level: str, id: str, topic: str, text: str) -> str:  # noqa: A002
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        thread = self._threads.setdefault(threading.get_ident(), len(self._threads) + 1)
        if self._use_json:
            entry = {"time": stamp, "pid": os.getpid(), "tid": thread, "level": level, "topic": topic, "id": id}
            return encode(entry | ({"role": self._role} if self._role else {}) | {"message": text})
        role = f"{self._role} " if self._role else ""
        return f"{stamp} [{os.getpid()}-{thread}] {role}{level} [{id}] {{{topic}}} {text}"

    def write(self, level: str, id: str, topic: str, text: str) -> None:  # noqa: A002
        """Write one line if its topic is logged at this level."""
        if LEVELS.index(level) > LEVELS.index(self._levels[topic]):
            return
        with self._lock:
            line = self._line(level, id, topic, text.replace("\n", "\\n")) + "\n"
            for fd in self._fds:
                _put(fd, line.encode("utf-8", "replace"))

    def fault(self, exc: BaseException, where: str) -> None:
        """Say that there is a mistake in this program, and where."""
        import traceback

        lines = "".join(traceback.format_exception(exc)).rstrip()
        self.write("ERROR", "5a001", "general", f"fault while answering {where}: {lines}")


def _opened(output: str) -> int:
    if output in _FIXED:
        return _FIXED[output]
    path = output.removeprefix("file://")
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as exc:
        raise Exit(ExitCode.FAILED, f"cannot open log file '{path}': {exc}") from None


def _put(fd: int, data: bytes) -> None:
    """Write all of it; a reader who went away is no reason to stop serving."""
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError:
        return


def outputs_from(file: str, outputs: Sequence[str], *, tty: bool) -> list[str]:
    """Return where the options send the log; standard output when they say nothing."""
    for output in outputs:
        if output not in _FIXED and not output.startswith("file://"):
            why = f"unsupported log output '{output}': use '-', '+' or file://PATH"
            raise Exit(ExitCode.INVALID_VALUE, f"error setting value for option '--log.output': {why}")
    wanted = list(outputs) + ([file if file in _FIXED else f"file://{file}"] if file else [])
    return wanted + (["-"] if tty or not wanted else [])
