"""Who made a thing: the user and machine that own it, and the process that may die before it is done.

Reads /proc of this machine; knows no engine.
"""

from __future__ import annotations

import contextlib
import functools
import os
import platform
from pathlib import Path


@functools.cache
def machine() -> str:
    """Return what tells this machine from others."""
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        with contextlib.suppress(OSError):
            if found := Path(path).read_text().strip()[:12]:
                return found
    return platform.node() or "unknown"


def owner() -> str:
    """Return the owner label: user and machine, the default filter of what `prune` touches."""
    return f"{os.getuid()}@{machine()}"


@functools.cache
def boot() -> str:
    """Return what tells this boot of the machine from others: a process id means nothing beyond it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    except OSError:
        return "00000000"


def started(pid: int) -> str:
    """Return when a process started, in the kernel's ticks; empty when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else fields[18]


def process(pid: int | None = None) -> str:
    """Return the process label; it is never another process's, though numbers are used again."""
    pid = pid or os.getpid()
    return f"{boot()}:{pid}:{started(pid)}"


def alive(label: str) -> bool:
    """Say whether the process that a label names still runs on this machine."""
    booted, _, rest = label.partition(":")
    pid, _, ticks = rest.partition(":")
    return booted == boot() and pid.isdigit() and bool(ticks) and started(int(pid)) == ticks
