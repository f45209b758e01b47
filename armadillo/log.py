"""Events for people or as JSON lines, to stderr and a file: structlog through stdlib logging, secrets masked.

structlog is imported with the first line that is written, so that importing this costs next to nothing. Knows nothing
of who logs what; it only keeps the list of the events' names.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import math
import os
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from armadillo.clock import rfc3339
from armadillo.errors import ConfigurationError
from armadillo.redact import Redactor

if TYPE_CHECKING:
    from structlog.stdlib import ProcessorFormatter
    from structlog.typing import Processor

EVENTS: Final[Mapping[str, str]] = {
    "auth.secret.exposed": "every user of the machine can read a secret file",
    "auth.secret.short": "a secret is shorter than the algorithm deserves",
    "cluster.ready": "a deployment was proved ready",
    "proc.crash": "a child that should run for long ended by itself",
    "proc.exec.failed": "a one-shot command ended with another exit code than 0, or had to be ended",
    "proc.exec.ok": "a one-shot command ended with exit code 0",
    "proc.start": "a child that runs for long was started",
    "proc.stop": "a child that runs for long was stopped because we asked for it",
    "server.crash": "a server's container ended by itself",
    "server.start": "a server's container was started",
    "timeout.escalate.kill": "a process group outlived its grace and was killed",
    "timeout.escalate.term": "a process group was asked to end",
    "timeout.watchdog.fired": "a scope overran, and the watchdog began to end what runs in it",
}

LEVELS: Final[Mapping[str, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

_PRIVATE = 0o600
_DEEPEST = 8
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_META = ("_record", "_from_structlog")
_OURS = "armadillo"

redactor: Final = Redactor()
"""What every line goes through; `redactor.add(value)` masks a secret from then on."""

_undo = contextlib.ExitStack()


class Logger:
    """Logs the events of one module: a name of `EVENTS`, and its facts as keywords."""

    __slots__ = ("_stdlib",)

    def __init__(self, name: str) -> None:
        self._stdlib = logging.getLogger(name)

    def debug(self, event: str, **facts: Any) -> None:
        """Log what helps to find a fault."""
        if self._stdlib.isEnabledFor(logging.DEBUG):
            self._say(logging.DEBUG, event, facts)

    def info(self, event: str, **facts: Any) -> None:
        """Log what was done."""
        if self._stdlib.isEnabledFor(logging.INFO):
            self._say(logging.INFO, event, facts)

    def warning(self, event: str, **facts: Any) -> None:
        """Log what may not be as one thinks."""
        if self._stdlib.isEnabledFor(logging.WARNING):
            self._say(logging.WARNING, event, facts)

    def error(self, event: str, **facts: Any) -> None:
        """Log what failed; `exc_info=` adds an exception's traceback."""
        if self._stdlib.isEnabledFor(logging.ERROR):
            self._say(logging.ERROR, event, facts)

    def _say(self, level: int, event: str, facts: dict[str, Any]) -> None:
        said: Any = {"event": event, **facts}
        for process in _chain():
            said = process(self._stdlib, "", said)
        arguments, keywords = said
        self._stdlib.log(level, *arguments, stacklevel=3, **keywords)


class _Event(dict[str, Any]):
    """An event and its facts; as text it is what handlers that are not ours show, such as pytest's."""

    def __str__(self) -> str:
        facts = (f"{name}={value!r}" for name, value in self.items() if name not in ("event", "exception"))
        line = " ".join((self["event"], *facts))
        return f"{line}\n{self['exception']}" if "exception" in self else line


def get_logger(name: str) -> Logger:
    """Return the logger of a module; needs no configuration, and costs nothing before its first line."""
    return Logger(name)


@contextlib.contextmanager
def context(**values: Any) -> Iterator[None]:
    """Add values to every line of this thread or task until the end of the block; what they hid comes back."""
    from structlog.contextvars import bound_contextvars

    with bound_contextvars(**values):
        yield


def configure(
    *,
    level: str = "warning",
    form: str = "text",
    file: str | os.PathLike[str] | None = None,
    stream: TextIO | None = None,
    color: bool = False,
) -> None:
    """Send every record of this process to stderr or `stream`, and to a file that only its owner can read.

    Replaces what it set up before. Other libraries are heard from warning on, and entirely at debug.
    """
    if level not in LEVELS or form not in ("text", "json"):
        raise ConfigurationError(
            f"no log of level {level!r} and form {form!r}", hint=f"levels are {', '.join(LEVELS)}; forms text, json"
        )
    handlers: list[logging.Handler] = [_Console(stream)]
    handlers[0].setFormatter(_Lines(form == "json", color))
    if file is not None:
        handlers.append(_opened(Path(file)))
        handlers[1].setFormatter(_Lines(form == "json", False))
    reset()
    for handler in handlers:
        logging.getLogger().addHandler(handler)
        _undo.callback(_remove, handler)
    _set_level(logging.getLogger(_OURS), LEVELS[level])
    _set_level(logging.getLogger(), LEVELS[level] if level == "debug" else max(LEVELS[level], logging.WARNING))


def reset() -> None:
    """Take back what `configure` did."""
    _undo.close()


def _remove(handler: logging.Handler) -> None:
    logging.getLogger().removeHandler(handler)
    handler.close()


def _set_level(logger: logging.Logger, level: int) -> None:
    _undo.callback(logger.setLevel, logger.level)
    logger.setLevel(level)


class _Console(logging.StreamHandler[TextIO]):
    """Writes to a stream; without one to whatever is stderr at that moment."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__(stream)
        self._chosen = stream

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = self._chosen or sys.stderr
        super().emit(record)


class _PrivateFile(logging.FileHandler):
    """Appends to a file that is made for its owner alone."""

    def _open(self) -> Any:
        def private(path: str, flags: int) -> int:
            return os.open(path, flags, _PRIVATE)

        return open(self.baseFilename, "a", encoding="utf-8", errors="backslashreplace", opener=private)


def _opened(path: Path) -> logging.FileHandler:
    try:
        return _PrivateFile(path)
    except OSError as exc:
        hint = "name a file that can be written"
        if not path.parent.exists():
            hint = f"mkdir -p {path.parent}"
        raise ConfigurationError(f"cannot log to {path}: {exc.strerror}", hint=hint) from exc


class _Lines(logging.Formatter):
    """Makes a line of a record, with a formatter that is made for the first one."""

    def __init__(self, as_json: bool, color: bool) -> None:
        super().__init__()
        self._wish = as_json, color

    @functools.cached_property
    def _formatter(self) -> ProcessorFormatter:
        from structlog.stdlib import ProcessorFormatter

        return ProcessorFormatter(
            foreign_pre_chain=_chain()[:-1],
            processors=[_stamp, ProcessorFormatter.remove_processors_meta, *_renderers(*self._wish)],
        )

    def format(self, record: logging.LogRecord) -> str:
        return self._formatter.format(record)


def _renderers(as_json: bool, color: bool) -> list[Processor]:
    from structlog.dev import ConsoleRenderer, plain_traceback
    from structlog.processors import JSONRenderer

    if as_json:
        return [JSONRenderer()]
    return [_tame, ConsoleRenderer(colors=color, exception_formatter=plain_traceback, sort_keys=False)]


@functools.cache
def _chain() -> tuple[Processor, ...]:
    """Return what every event and foreign record goes through before any handler sees it."""
    from structlog.contextvars import merge_contextvars
    from structlog.processors import ExceptionRenderer
    from structlog.stdlib import ProcessorFormatter

    return (merge_contextvars, ExceptionRenderer(), _mask, ProcessorFormatter.wrap_for_formatter)


def _mask(_: Any, __: str, said: MutableMapping[str, Any]) -> _Event:
    """Mask every secret, in values of any kind; a canonical name stays, though somebody's password be a word of it."""
    canonical = isinstance(said.get("event"), str) and said["event"] in EVENTS
    meta = {name: said[name] for name in (*_META, *(("event",) if canonical else ())) if name in said}
    plain = {name: _plain(value) for name, value in said.items() if name not in meta}
    return _Event({**redactor.redact(plain), **meta})


def _plain(value: Any, deeper: int = _DEEPEST) -> Any:
    """Return the value as JSON can hold it, the rest as text: what is not walked here could hide a secret."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if deeper and isinstance(value, Mapping):
        return {str(key): _plain(inner, deeper - 1) for key, inner in value.items()}
    if deeper and isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner, deeper - 1) for inner in value]
    return str(value)


def _stamp(_: Any, __: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add when, how grave and where."""
    record: logging.LogRecord = said["_record"]
    stamp = {
        "timestamp": rfc3339(datetime.fromtimestamp(record.created, UTC)),
        "level": record.levelname.lower(),
        "logger": record.name,
    }
    return {**stamp, **said, **stamp}


def _tame(_: Any, __: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep an event on its line, and what it carries from steering the terminal."""
    for name, value in said.items():
        if isinstance(value, str):
            pattern = _CONTROL_BUT_LINES if name == "exception" else _CONTROL
            said[name] = pattern.sub(lambda found: ascii(found[0])[1:-1], value)
    return said
