"""A child process that leads a group of its own: how it starts, and how the whole group ends.

Knows nothing of output or deadlines; who waits meanwhile says how.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TypeAlias

from armadillo.errors import ArmadilloError, ConfigurationError, EnvironmentUnusable, NotFoundError
from armadillo.log import get_logger

log = get_logger(__name__)

Argument: TypeAlias = str | os.PathLike[str]

GRACE = 5.0
"""Seconds between TERM and KILL."""
LOOK = 0.05
"""Seconds between two looks at what tells nobody of its end."""


def ending(exit_code: int) -> str:
    """Say how a process ended: with a code, or by the name of a signal."""
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"


def end_group(group: int, *, grace: float = GRACE, pause: Callable[[float], object] = time.sleep) -> None:
    """End a process group: TERM, grace, KILL; return when no member lives. Fits a scope's `escalate=`."""
    if not group_alive(group):
        return
    log.warning("timeout.escalate.term", group=group)
    end(group, grace, pause)


def end(group: int, grace: float, pause: Callable[[float], object]) -> None:
    """End a group without a word about the TERM, as when somebody asked for it."""
    try:
        _signal_group(group, signal.SIGTERM)
        if _ends_within(group, grace, pause):
            return
        log.warning("timeout.escalate.kill", group=group, grace=grace)
    except BaseException:  # a second Ctrl-C: no more grace, but nothing is left behind
        _signal_group(group, signal.SIGKILL)
        raise
    _signal_group(group, signal.SIGKILL)
    _ends_within(group, GRACE, pause)


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _ends_within(group: int, seconds: float, pause: Callable[[float], object]) -> bool:
    until = time.monotonic() + seconds
    while group_alive(group):
        left = until - time.monotonic()
        if left <= 0:
            return False
        pause(min(left, LOOK))
    return True


def group_alive(group: int) -> bool:
    """Return whether a process group has a member that is more than a zombie."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # Orphans nobody reaps, as under a container's careless first process, keep their group for ever.
    stats = [_stat(entry) for entry in Path("/proc").glob("[0-9]*/stat")]
    return not stats or any(state not in "ZX" for state, member_of in stats if member_of == group)


def _stat(path: Path) -> tuple[str, int]:
    try:
        fields = path.read_text(errors="replace").rpartition(")")[2].split()
    except OSError:  # it ended while we looked
        return "X", 0
    return fields[0], int(fields[2])


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None,
    cwd: Argument | None,
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
) -> subprocess.Popen[bytes]:
    if not argv:
        raise ConfigurationError("an empty command cannot be run", hint="give the program and its arguments")
    try:
        return subprocess.Popen(
            argv, env=env, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr, bufsize=0, start_new_session=True
        )
    except (OSError, ValueError) as exc:
        raise _not_started(argv, cwd, exc) from exc


def _not_started(argv: Sequence[str], cwd: Argument | None, exc: Exception) -> ArmadilloError:
    program = argv[0]
    if cwd is not None and not Path(cwd).is_dir():
        return NotFoundError(f"{program} cannot start in {cwd}: no such directory", hint=f"mkdir -p {cwd}")
    if isinstance(exc, FileNotFoundError):
        if "/" not in program:
            return EnvironmentUnusable(f"no program {program} on this machine", hint=f"install {program}, or set PATH")
        return NotFoundError(f"no program {program}", hint="check the path, and the interpreter its first line names")
    if isinstance(exc, PermissionError):
        return ConfigurationError(f"{program} cannot be executed: {exc}", hint=f"chmod +x {program}")
    if isinstance(exc, ValueError) or getattr(exc, "errno", None) in (errno.E2BIG, errno.ENOEXEC, errno.ENOTDIR):
        return ConfigurationError(f"{shlex.join(argv)[:200]} cannot be run: {exc}", hint="check program and arguments")
    return EnvironmentUnusable(f"{program} did not start: {exc}", hint="look at the limits: ulimit -a")
