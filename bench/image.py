"""How long the stand-in's image takes: built from nothing, on a layer that is there, found, and started to an answer.

    python bench/image.py

The ratio compares the start until the first answer with the bare start of the container, in one run.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from armadillo.engine import standin
from armadillo.engine.docker import Connection
from armadillo.engine.endpoint import locate

ROUNDS = 7
PATIENCE = 20.0
VERSION = "bench"


def main() -> None:
    """Measure, print, and remove what was made."""
    with Connection(locate(environ=os.environ)) as connection, tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        made = standin.build_standin(connection, version=VERSION, cache=cache)
        try:
            print(f"{'built from nothing' if made.built else 'was there':<28}{made.seconds * 1000:8.0f} ms")
            print(f"{'Python’s layer known':<28}{upper(connection, cache, made.tag) * 1000:8.0f} ms")
            print(f"{'found':<28}{median(lambda: found(connection, cache)) * 1000:8.1f} ms")
            print(f"{'size':<28}{made.size / 1e6:8.1f} MB")
            starts = [start(connection, made.tag) for _ in range(ROUNDS)]
            bare, answered = (statistics.median(column) for column in zip(*starts, strict=True))
            print(f"{'start':<28}{bare * 1000:8.0f} ms")
            print(f"{'start to the first answer':<28}{answered * 1000:8.0f} ms")
            print(f"ratio {answered / bare:.2f}")
        finally:
            connection.api.remove_image(standin.alias(VERSION))
            if made.built:
                connection.api.remove_image(made.tag)


def median(call: Callable[[], None]) -> float:
    """Return the middle of a few timings."""
    seconds = []
    for _ in range(ROUNDS):
        since = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - since)
    return statistics.median(seconds)


def found(connection: Connection, cache: Path) -> None:
    """Look for the image that is there."""
    assert standin.find_standin(connection, version=VERSION, cache=cache)


def upper(connection: Connection, cache: Path, tag: str) -> float:
    """Build the image of a server that differs in one file, on the layer that the engine has, and remove it."""
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder, "standin")
        shutil.copytree(standin.server().folder, other)
        (other / "arangod" / "other.py").write_text("# so that it differs\n")
        made = standin.build_standin(connection, version=VERSION, cache=cache, folder=other)
    standin.name(connection, tag, VERSION)
    connection.api.remove_image(made.tag)
    return made.seconds


def start(connection: Connection, tag: str) -> tuple[float, float]:
    """Return the seconds of one start, alone and until the first answer."""
    api = connection.api
    container = api.create_container(tag, environment={"ARANGO_NO_AUTH": "1"})["Id"]
    try:
        since = time.perf_counter()
        api.start(container)
        bare = time.perf_counter() - since
        address = api.inspect_container(container)["NetworkSettings"]["IPAddress"]
        while not answers(address):
            if time.perf_counter() - since > PATIENCE:
                raise SystemExit(api.logs(container, tail=20).decode())
            time.sleep(0.002)
        return bare, time.perf_counter() - since
    finally:
        api.remove_container(container, force=True, v=True)


def answers(address: str) -> bool:
    """Say whether the server answers at all."""
    with contextlib.suppress(OSError), contextlib.closing(http.client.HTTPConnection(address, 8529)) as asking:
        asking.request("GET", "/_api/version")
        return asking.getresponse().status == 200
    return False


if __name__ == "__main__":
    main()
