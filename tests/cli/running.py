"""The command line as its users run it: in a process of its own, or in this one where many runs are wanted."""

from __future__ import annotations

import array
import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

PATIENCE = 60
# A test run in the background is deaf to Ctrl-C, and so would be what it starts.
_HEARS_CTRL_C = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from armadillo.cli import main
sys.exit(main(["render", "-"]))
"""


class Ended(NamedTuple):
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Call(Protocol):
    """Runs a command line in this process."""

    def __call__(self, *words: str, stdin: bytes = b"") -> Ended: ...


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which nothing is set that a command would heed but what is given."""
    ours = ("ARMADILLO_", "_ARMADILLO", "XDG_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "HOME": str(home), **(more or {})}


def armadillo(*words: str, cwd: Path, stdin: str = "", env: Mapping[str, str] | None = None) -> Ended:
    """Run a command line in a new process, in a home and directory of its own."""
    ended = subprocess.run(
        [sys.executable, "-m", "armadillo", *words],
        cwd=cwd,
        input=stdin,
        env=environment(cwd, env),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def in_shell(script: str, *, cwd: Path, env: Mapping[str, str] | None = None) -> Ended:
    """Run a shell script in which `armadillo` is the command."""
    define = f'armadillo() {{ "{sys.executable}" -m armadillo "$@"; }}\n'
    ended = subprocess.run(
        ["bash", "-c", define + script],
        cwd=cwd,
        env=environment(cwd, env),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def interrupted_while_reading(signum: signal.Signals, cwd: Path) -> Ended:
    """Send a signal to a command that has read the beginning of its stdin, and waits for more."""
    reading, writing = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-c", _HEARS_CTRL_C],
        cwd=cwd,
        env=environment(cwd),
        stdin=reading,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        os.write(writing, b"kind: Topology\n")
        while not emptied(reading):
            os.sched_yield()
        child.send_signal(signum)
        out, err = child.communicate(timeout=PATIENCE)
    finally:
        os.close(reading)
        os.close(writing)
        child.kill()
        child.wait()
    return Ended(child.returncode, out, err)


def emptied(pipe: int) -> bool:
    """Say whether everything in a pipe has been read."""
    waiting = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, waiting)
    return waiting[0] == 0
