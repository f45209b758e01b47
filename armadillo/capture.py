"""Output of any length in bounded memory: head and tail at hand, everything in a file once it is too much.

Knows nothing of processes; whoever reads a stream hands its pieces over.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import IO


class Captured(bytes):
    """What a stream printed; of very much, head and tail here and everything in `file`."""

    file: Path | None = None

    @property
    def text(self) -> str:
        """The bytes as UTF-8, with a sign for each that is none."""
        return self.decode("utf-8", errors="replace")


class Bounded:
    """Takes a stream of any length: head and tail in memory, everything in a file once it is too much."""

    def __init__(self, keep: int, directory: Path | None) -> None:
        self._half = max(1, keep // 2)
        self._directory = directory
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0
        self._file: IO[bytes] | None = None
        self._path: Path | None = None
        self._problem = ""

    def take(self, chunk: bytes) -> None:
        self._total += len(chunk)
        if self._total > 2 * self._half and self._path is None and not self._problem:
            self._spill(bytes(self._head + self._tail), opening=True)
        if self._path is not None:
            self._spill(chunk)
        room = self._half - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:] if room < len(chunk) else b""
        del self._tail[: -self._half]

    def _spill(self, data: bytes, *, opening: bool = False) -> None:
        if self._problem:
            return
        try:
            if opening:
                number, name = tempfile.mkstemp(prefix="output-", suffix=".log", dir=self._directory)
                self._file, self._path = os.fdopen(number, "wb"), Path(name)
            if self._file is not None:
                self._file.write(data)
        except OSError as exc:  # the command is worth more than the middle of its output
            self._problem = f", as its file failed: {exc}"

    def __enter__(self) -> Bounded:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._file is not None and self._path is not None:
            try:
                self._file.close()
            except OSError as exc:
                self._problem = self._problem or f", as its file failed: {exc}"
            if self._problem or error is not None:
                self._path.unlink(missing_ok=True)

    def captured(self) -> Captured:
        """Return what was taken; its file is complete once this is left."""
        cut = self._total - len(self._head) - len(self._tail)
        where = self._problem or f", all is in {self._path}"
        sign = f"\n[… {cut} bytes cut{where}]\n".encode() if cut else b""
        captured = Captured(bytes(self._head) + sign + bytes(self._tail))
        captured.file = None if self._problem else self._path
        return captured
