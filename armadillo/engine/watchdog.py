"""A small process that outlives a killed `up` and removes what it had made, by its run's label.

Run as a script with the standard library alone (`python -I -S watchdog.py`), its orders as JSON on stdin. It knows
nothing of the rest of the package: it has to work when the rest is gone.

The pipe it reads its orders from stays open: the parent writes `bye` when all is well and `go` when it is not, and the
kernel tells its death by the process's own file descriptor. Children that inherited the pipe do not matter then.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import os
import select
import signal
import socket
import ssl
import sys
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

# A create that was under way when its caller died can land after the list was taken.
QUIET_SECONDS = 1.2
PAUSE_SECONDS = 0.1
LONGEST_SECONDS = 60.0
WATCHING = "watching\n"
HARMLESS = (200, 204, 304, 404, 409)


@dataclasses.dataclass(frozen=True, slots=True)
class Orders:
    """Whom to watch, the labels of what is to go, the label of what goes last, and where the engine is."""

    parent: int
    labels: Sequence[str]
    last: str
    engine: str
    certificates: str = ""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the engine's socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def connection(orders: Orders) -> http.client.HTTPConnection:
    """Open a connection to the engine, however it is reached."""
    where = urllib.parse.urlsplit(orders.engine)
    if where.scheme in ("unix", "http+unix"):
        return UnixConnection(where.path)
    host, port = where.hostname or "localhost", where.port or 2375
    if not orders.certificates:
        return http.client.HTTPConnection(host, port, timeout=30)
    folder = orders.certificates
    context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    return http.client.HTTPSConnection(host, port, timeout=30, context=context)


class Asked(Protocol):
    """How the engine is asked; a seam for tests."""

    def __call__(self, method: str, path: str) -> tuple[int, Any]: ...


def asking(orders: Orders) -> Asked:
    """Return a function that sends one request on a connection of its own."""

    def ask(method: str, path: str) -> tuple[int, Any]:
        with contextlib.closing(connection(orders)) as line:
            line.request(method, path)
            reply = line.getresponse()
            body = reply.read()
        return reply.status, json.loads(body) if body.strip() and reply.status == 200 else None

    return ask


def left(ask: Asked, orders: Orders) -> Iterator[str]:
    """Yield the path that deletes each object of the run; each kind is asked for when it has its turn.

    Containers, volumes, networks, and last what others wait for.
    """
    query = urllib.parse.quote(json.dumps({"label": list(orders.labels)}))
    key, _, value = orders.last.partition("=")
    rows = ask("GET", f"/containers/json?all=1&filters={query}")[1] or ()
    late = [row for row in rows if row["Labels"].get(key) == value]
    yield from (removal(row) for row in rows if row not in late)
    for row in (ask("GET", f"/volumes?filters={query}")[1] or {}).get("Volumes") or ():
        yield f"/volumes/{row['Name']}?force=1"
    for row in ask("GET", f"/networks?filters={query}")[1] or ():
        yield f"/networks/{row['Id']}"
    yield from map(removal, late)


def removal(row: dict[str, Any]) -> str:
    return f"/containers/{row['Id']}?force=1&v=1"


def sweep(ask: Asked, orders: Orders, stuck: set[str]) -> bool:
    """Remove what is there; say whether anything was that had not been stuck before."""
    found = False
    for path in left(ask, orders):
        found |= path not in stuck
        status, _ = ask("DELETE", path)
        if path.startswith("/networks/") and status == 403:
            stuck.add(path)  # the engine's own miscount may keep it until its restart; the label stays with it
        elif status not in HARMLESS:
            time.sleep(PAUSE_SECONDS)
    return found


def clean(ask: Asked, orders: Orders) -> None:
    """Sweep until nothing has been found for a while."""
    started = quiet_since = time.monotonic()
    stuck: set[str] = set()
    while time.monotonic() - quiet_since < QUIET_SECONDS and time.monotonic() - started < LONGEST_SECONDS:
        try:
            if sweep(ask, orders, stuck):
                quiet_since = time.monotonic()
        except (OSError, http.client.HTTPException, ValueError):
            quiet_since = time.monotonic()  # the engine is away; it may come back
        time.sleep(PAUSE_SECONDS)


def dismissed(orders: Orders, pipe: int) -> bool:
    """Wait until the parent says bye (True), or go, or is gone (False)."""
    try:
        parent = os.pidfd_open(orders.parent)
    except ProcessLookupError:
        return False
    ready, _, _ = select.select([parent, pipe], [], [])
    said = os.read(pipe, 64) if pipe in ready else b""
    if parent not in ready and not said:  # closed without a word: only the process itself tells whether it lives
        select.select([parent], [], [])
    return said.startswith(b"bye")


def main() -> None:
    """Read the orders, wait, and clean up if need be."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    os.chdir("/")
    first = b""
    while not first.endswith(b"\n"):
        more = os.read(0, 65536)
        if not more:
            return
        first += more
    line, _, rest = first.partition(b"\n")
    orders = Orders(**json.loads(line))
    with contextlib.suppress(OSError):  # nobody listens any more: all the more reason to go on
        sys.stdout.write(WATCHING)
        sys.stdout.flush()
    if not (rest.startswith(b"bye") if rest else dismissed(orders, 0)):
        clean(asking(orders), orders)


if __name__ == "__main__":
    main()
