"""How a command that waits tells what it is at: on a terminal one line painted again, elsewhere a line per change.

Knows no command; everything here goes to stderr.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any, TextIO

import typer

from armadillo.cli.output import Output

Told = Callable[[str], None]

WHEEL = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
EVERY = 0.1
ERASE = "\r\x1b[K"


class Way(enum.StrEnum):
    """How progress is told."""

    AUTO = "auto"
    PLAIN = "plain"
    TTY = "tty"
    NONE = "none"


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """How a command that waits tells what it is at."""

    progress: Annotated[Way, typer.Option("--progress", help="How to tell what it waits for, on stderr.")] = Way.AUTO

    @contextlib.contextmanager
    def shown(self, out: Output) -> Iterator[Told]:
        """Give what is told each new phase or reason for waiting."""
        begun = time.monotonic()
        way = self.way(sys.stderr)
        if out.quiet or way is Way.NONE:
            yield lambda line: None
        elif way is Way.PLAIN:
            yield lambda line: out.say(f"[{elapsed(begun)}] {flat(line)}")
        else:
            with Line(sys.stderr, begun).painting() as line:
                yield line.tell

    def way(self, stream: TextIO) -> Way:
        """Return the way; a terminal that can erase a line gets it painted."""
        if self.progress is not Way.AUTO:
            return self.progress
        return Way.TTY if stream.isatty() and os.environ.get("TERM") != "dumb" else Way.PLAIN


def elapsed(begun: float) -> str:
    return f"{time.monotonic() - begun:5.1f} s"


def flat(line: str) -> str:
    """Return a reason on one line."""
    return " ".join(line.split())


class Line:
    """A line that is painted again and again; whatever else goes to the stream meanwhile is written above it."""

    def __init__(self, stream: TextIO, begun: float) -> None:
        self._stream = stream
        self._begun = begun
        self._text = ""
        self._turns = 0
        self._lock = threading.RLock()  # a signal's handler may write while its own thread paints
        self._over = threading.Event()

    def tell(self, line: str) -> None:
        """Show another text from now on."""
        with self._lock:
            self._text = flat(line)
            self._paint()

    @contextlib.contextmanager
    def painting(self) -> Iterator[Line]:
        """Stand in for stderr while the block lasts; when it fails, what it was at stays to be read."""
        thread = threading.Thread(target=self._turn, name="progress", daemon=True)
        before: Any = sys.stderr
        sys.stderr = self  # it writes, and passes on everything else
        thread.start()
        last = ""
        try:
            yield self
        except BaseException:
            last = f"[{elapsed(self._begun)}] {self._text}\n" if self._text else ""
            raise
        finally:
            sys.stderr = before
            self._over.set()
            thread.join()
            self._put(ERASE + last)

    def write(self, text: str) -> int:
        """Write to the stream, above the line."""
        with self._lock:
            self._put(ERASE + text)
            if text.endswith("\n"):
                self._paint()
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _turn(self) -> None:
        while not self._over.wait(EVERY):
            with self._lock:
                self._turns += 1
                self._paint()

    def _paint(self) -> None:
        if self._text:
            wheel = WHEEL[self._turns % len(WHEEL)] if (self._stream.encoding or "").lower() == "utf-8" else "-"
            line = f"{wheel} {elapsed(self._begun)}  {self._text}"
            self._put(ERASE + line[: shutil.get_terminal_size().columns - 1])

    def _put(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)
            self._stream.flush()
