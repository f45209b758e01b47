"""What tests of real processes need: shell scripts, patience, and who is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 30.0
DEAF = "trap '' TERM; "


def sh(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def working_in(directory: Path) -> list[int]:
    """Return the processes whose current directory this is."""
    entries = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [int(entry.name) for entry in entries if _place(entry) == str(directory)]


def _place(entry: Path) -> str:
    try:
        return str((entry / "cwd").readlink())
    except OSError:  # of a zombie there is nothing to read
        return ""


def soon(holds: Callable[[], bool]) -> bool:
    """Give a slow machine time until something holds."""
    until = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True
