"""Ctrl-C while things are taken down: once it is told what goes on, twice it is done the hard way, then it is left.

Knows what a signal means to the person who sends it, and nothing of what is taken down.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from armadillo.errors import ArmadilloError


class Interrupts:
    """Counts the signals that asked to end; `code` is what the command exits with then."""

    def __init__(self, told: Callable[[str], None], hurry: Callable[[], None]) -> None:
        self._told = told
        self._hurry = hurry
        self._count = 0
        self.code = 0

    @contextlib.contextmanager
    def heard(self) -> Iterator[Interrupts]:
        """Listen to Ctrl-C and SIGTERM while the block lasts; a third one ends it as an interrupt does."""
        before = {signum: signal.signal(signum, self._hear) for signum in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)

    def _hear(self, signum: int, frame: FrameType | None) -> None:
        # Who sends SIGTERM is a program, and its SIGKILL comes next: there is no time for patience.
        self._count += 2 if signum == signal.SIGTERM and self._count == 0 else 1
        self.code = 128 + signum
        if self._count == 1:
            self._told("Ctrl-C: it goes on stopping; once more kills at once")
        elif self._count == 2:
            self._told("killing what still runs; once more leaves everything as it is")
            threading.Thread(target=self._kill, name="hurry", daemon=True).start()
        else:
            raise KeyboardInterrupt

    def _kill(self) -> None:
        with contextlib.suppress(ArmadilloError):
            self._hurry()
