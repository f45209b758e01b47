"""How long something is left of an `up` that was killed: 50 times, at random moments, with nothing but its watchdog.

    python bench/kill.py [--rounds N] [--json]

Each round starts the command in a process of its own, kills it with SIGKILL somewhere between its start and its end,
and measures until no container, volume or network of its name is on the engine. The slowest round is held to 3 s.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from armadillo import __version__, labels
from armadillo.engine import containers, lock, network, reaper, standin, watchdog
from armadillo.engine.docker import Connection
from armadillo.engine.endpoint import locate

ROUNDS = 50
BOUND = 3.0
PATIENCE = 60.0
PAUSE = 0.02
EARLIEST = 0.15
SCHEMA = "armadillo.bench-kill/v1"


def command(name: str, home: Path) -> subprocess.Popen[bytes]:
    """Start an `up` that says nothing."""
    words = [sys.executable, "-m", "armadillo", "up", "--name", name, "--image", "standin", "-q"]
    environ = {**os.environ, "XDG_STATE_HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    return subprocess.Popen(words, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def there(connection: Connection, name: str) -> int:
    """Count what is on the engine under a name, by label and by the names the engine has."""
    rows = connection.api.volumes()["Volumes"] or ()
    named = [row["Name"] for row in rows] + [row["Name"] for row in connection.api.networks()]
    mark = f"{labels.NAME}={name}"
    marked = [*containers.found(connection, mark), *network.found(connection, mark)]
    return len(marked) + len([one for one in named if one.startswith(f"{labels.project(name)}_")])


def whole(connection: Connection, home: Path) -> float:
    """Return how long an `up` takes that nobody kills."""
    name = f"bench-kill-{secrets.token_hex(3)}"
    try:
        since = time.monotonic()
        if command(name, home).wait():
            raise SystemExit("`armadillo up` failed, with nobody having killed it")
        return time.monotonic() - since
    finally:
        reaper.sweep(connection, f"{labels.NAME}={name}")


def killed(connection: Connection, home: Path, after: float) -> float | None:
    """Kill an `up` after a while and return how long something of it was left; None when it was ready before."""
    name = f"bench-kill-{secrets.token_hex(3)}"
    try:
        process = command(name, home)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=after)
        process.kill()
        since = time.monotonic()
        if process.wait() >= 0 or is_up(connection, name):
            return None
        return until_quiet(lambda: there(connection, name), since)
    finally:
        reaper.sweep(connection, f"{labels.NAME}={name}")


def is_up(connection: Connection, name: str) -> bool:
    """Say whether a deployment is there and its lock given back: it was ready before the kill."""
    found = [one.name for one in containers.found(connection, f"{labels.NAME}={name}")]
    return bool(found) and lock.lock_name(name) not in found


def until_quiet(count: Callable[[], int], since: float) -> float:
    """Return when something was last seen; it is looked for as long as the watchdog does."""
    last = since
    while time.monotonic() - last < watchdog.QUIET_SECONDS:
        if count():
            last = time.monotonic()
        if last - since > PATIENCE:
            break
        time.sleep(PAUSE)
    return last - since


def main() -> int:
    parser = argparse.ArgumentParser(description="How long something is left of an `up` that was killed.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    wish = parser.parse_args()
    with Connection(locate(environ=os.environ)) as connection, tempfile.TemporaryDirectory() as folder:
        standin.build_standin(connection, version=__version__)
        home = Path(folder)
        longest = max(whole(connection, home) for _ in range(2))
        taken: list[float] = []
        while len(taken) < wish.rounds:
            seconds = killed(connection, home, random.uniform(EARLIEST, longest))
            taken += [] if seconds is None else [seconds]
    median, worst = statistics.median(taken), max(taken)
    if wish.json:
        said = {"rounds": len(taken), "median": round(median, 3), "longest": round(worst, 3), "bound": BOUND}
        print(json.dumps({"schema": SCHEMA, **said}, indent=2))
    else:
        print(f"{len(taken)} times killed, nothing left after")
        print(f"  median  {median:6.2f} s")
        print(f"  longest {worst:6.2f} s    bound {BOUND:g} s{'' if worst <= BOUND else '  BROKEN'}")
    return int(worst > BOUND)


if __name__ == "__main__":
    sys.exit(main())
