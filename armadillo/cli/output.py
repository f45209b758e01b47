"""What a command says: its result on stdout in the form asked for, everything else on stderr.

Knows no command; the only place that writes to the two streams.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from armadillo.cli.globals import Form, Globals
from armadillo.errors import EnvironmentUnusable

if TYPE_CHECKING:
    from armadillo.config import ArmadilloConfig


@dataclasses.dataclass(frozen=True, slots=True)
class Output:
    """The two streams of one command, and the configuration it runs under."""

    config: ArmadilloConfig
    form: Form
    quiet: bool = False

    @classmethod
    @contextlib.contextmanager
    def opened(cls, said: Globals) -> Iterator[Output]:
        """Read the configuration, start the log, and give a command its voice."""
        from armadillo import log
        from armadillo.config import load_config

        config = load_config(
            output=said.form and said.form.value,
            log_level=said.level,
            log_format=said.log_format and said.log_format.value,
            log_file=said.log_file,
            color=said.color and said.color.value,
        )
        out = cls(config, Form(config.output), said.quiet)
        paint = coloured(sys.stderr, config.color)
        log.configure(level=config.log_level, form=config.log_format, file=config.log_file, color=paint)
        try:
            for warning in config.warnings:
                out.warn(warning)
            yield out
        finally:
            log.reset()

    def result(self, thing: str, data: Mapping[str, Any] | Callable[[], Mapping[str, Any]], text: str) -> None:
        """Write the one result: the text for people, or the data with its schema; made only then when it is called."""
        if self.form is Form.TEXT:
            write(text if text.endswith("\n") or not text else text + "\n")
        else:
            said = data() if callable(data) else data
            write(document(self.form, {"schema": f"armadillo.{thing}/v1", **said}))

    def say(self, line: str) -> None:
        """Tell the person something that is not the result."""
        if not self.quiet:
            talk(line + "\n")

    def warn(self, line: str) -> None:
        """Tell the person what may not be as they think."""
        paint = coloured(sys.stderr, self.config.color)
        self.say(f"{styled('warning:', 33, paint)} {line}")


def document(form: Form, data: Mapping[str, Any]) -> str:
    """Return data as one document in a form; where it is one list of things, `jsonl` has a line for each of them."""
    data = plain(data)
    if form is Form.YAML:
        from armadillo.cli import yamlform

        return yamlform.dump(data)
    if form is Form.JSONL:
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in rows(data))
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def rows(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the things that a document lists, each with its schema, else the document."""
    inside = [value for key, value in data.items() if key != "schema"]
    if len(inside) == 1 and isinstance(inside[0], list) and all(isinstance(row, dict) for row in inside[0]):
        return [{"schema": data["schema"], **row} for row in inside[0]]
    return [data]


def plain(value: Any) -> Any:
    """Return a value as JSON and YAML can hold it; what they cannot becomes text."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return str(value)


def write(text: str) -> None:
    """Write to stdout, and know that it arrived; what its encoding does not have is written with backslashes."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as exc:
        raise lost(exc) from exc


def lost(error: OSError) -> EnvironmentUnusable:
    """Give up stdout, and return what to tell about it."""
    # The interpreter would try once more at its end, and fail with a traceback.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EnvironmentUnusable(
        f"cannot write the result to stdout: {error.strerror}", hint="make room, or write to another place"
    )


def talk(text: str) -> None:
    """Write to stderr; where nobody can be told, the work goes on."""
    with contextlib.suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


def coloured(stream: Any, wish: str) -> bool:
    """Say whether to colour a stream: the wish, else NO_COLOR, FORCE_COLOR, and whether a person is there."""
    if wish != "auto":
        return wish == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"


def styled(text: str, code: int, paint: bool) -> str:
    """Wrap a text in an ANSI style."""
    return f"\x1b[{code}m{text}\x1b[0m" if paint else text


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay out rows under a header, columns two spaces apart."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
    return "\n".join(lines) + "\n"
