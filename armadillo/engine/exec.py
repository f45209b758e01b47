"""A command in a container: its input and its two outputs as they come, and how it ended.

Knows bytes and exit codes; what the command is for is not its business.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from docker.utils.socket import STDERR, frames_iter

from armadillo.engine.containers import Container
from armadillo.engine.docker import Connection, translated
from armadillo.errors import ConflictError, ExecutionError

CHUNK = 65_536
REFUSED = b"OCI runtime exec failed"
NOT_FOUND, NOT_STARTED = 127, 126

Sink = Callable[[bytes], object]


class Source(Protocol):
    """What input is read from."""

    def read(self, size: int, /) -> bytes: ...


def run(
    connection: Connection,
    container: Container,
    argv: Sequence[str],
    *,
    out: Sink,
    err: Sink,
    stdin: Source | None = None,
    user: str = "",
) -> int:
    """Run a command and return its exit code: 127 when there is no such command, 126 when it cannot be started."""
    name = container.service or container.name
    api = connection.api
    try:
        with translated(f"running {argv[0]} in {name}"):
            made = api.exec_create(container.id, list(argv), user=user, stdin=stdin is not None)["Id"]
    except ConflictError as exc:
        hint = f"armadillo start {container.deployment} {name}" if container.deployment else ""
        raise ExecutionError(f"{name} is {container.state}, so nothing can be run in it", hint=hint) from exc
    refused = b""
    with translated(f"running {argv[0]} in {name}"), contextlib.closing(api.exec_start(made, socket=True)) as stream:
        line = plain(stream)
        line.settimeout(None)
        if stdin is not None:
            threading.Thread(target=feed, args=(line, stdin), name="stdin", daemon=True).start()
        for kind, chunk in frames_iter(stream, tty=False):  # type: ignore[no-untyped-call]
            if refused or chunk.startswith(REFUSED):
                refused += chunk
            else:
                (err if kind == STDERR else out)(chunk)
        code = int(api.exec_inspect(made)["ExitCode"])
    if code not in (NOT_FOUND, NOT_STARTED) or not refused:
        out(refused)
        return code
    words = refused.decode(errors="replace").strip()
    missing = "not found" in words or "no such file" in words
    err(f"{name}: {argv[0]}: {'no such command' if missing else 'cannot be started'} ({words})\n".encode())
    return NOT_FOUND if missing else NOT_STARTED


def plain(stream: Any) -> socket.socket:
    """Return the socket in what docker-py gives, which differs with the way the engine is reached."""
    found: socket.socket = getattr(stream, "_sock", stream)
    return found


def feed(line: socket.socket, stdin: Source) -> None:
    """Pass the input on, and its end; a command that ended has no use for the rest."""
    with contextlib.suppress(OSError):
        while chunk := stdin.read(CHUNK):
            line.sendall(chunk)
        line.shutdown(socket.SHUT_WR)
