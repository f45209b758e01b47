"""The command line on a real engine: deployments with names of their own, in a home of their own, swept at the end."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from armadillo import labels
from armadillo.engine import containers, reaper
from armadillo.engine.docker import Connection
from tests.cli.running import PATIENCE, Ended, environment

# A test run in the background is deaf to Ctrl-C, and so would be what it starts.
HEARS = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from armadillo.cli import main
sys.exit(main(sys.argv[1:]))
"""


class Lab:
    """Runs commands, and knows which names it gave."""

    def __init__(self, home: Path, connection: Connection, cache: Path) -> None:
        self.home = home
        self.connection = connection
        self._env = {"ARMADILLO_IMAGE": "standin", "XDG_CACHE_HOME": str(cache)}
        self._names: list[str] = []

    def name(self) -> str:
        """Return a name that nobody else has."""
        self._names.append(f"t{secrets.token_hex(4)}")
        return self._names[-1]

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of the commands."""
        return environment(self.home, {**self._env, **(more or {})})

    def __call__(self, *words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Ended:
        """Run a command line in a process of its own."""
        ended = subprocess.run(
            [sys.executable, "-m", "armadillo", *words],
            cwd=self.home,
            env=self.environment(env),
            input=stdin,
            capture_output=True,
            timeout=PATIENCE,
        )
        return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    def up(self, *words: str) -> str:
        """Start a deployment and return its name."""
        name = self.name()
        ended = self("up", "--name", name, *words)
        assert ended.code == 0, ended
        return name

    def running(self, *words: str, env: Mapping[str, str] | None = None) -> Running:
        """Start a command line and go on."""
        return Running([sys.executable, "-c", HEARS, *words], self.home, self.environment(env))

    def servers(self, name: str) -> list[containers.Container]:
        """Return the servers that a deployment has on the engine."""
        return containers.servers(self.connection, name)

    def left(self, name: str) -> list[str]:
        """Return everything of a deployment that is on the engine."""
        mark = f"{labels.NAME}={name}"
        networks = self.connection.api.networks(filters={"label": [mark]})
        return [
            *(one.name for one in containers.found(self.connection, mark)),
            *reaper.volumes(self.connection, mark),
            *(row["Name"] for row in networks),
        ]

    def signal(self, name: str, word: str) -> None:
        """Send a signal to every server of a deployment."""
        for one in self.servers(name):
            containers.signal(self.connection, one, word)

    def sweep(self) -> None:
        """Remove everything that was started under names of this lab."""
        for name in self._names:
            reaper.sweep(self.connection, f"{labels.NAME}={name}")


class Running:
    """A command that runs beside the test; on the way out it is killed if it still does."""

    def __init__(self, argv: list[str], cwd: Path, env: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            argv, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.heard = ""

    def hear(self, words: str, *, stdout: bool = False) -> str:
        """Read what it says until the words come, and return that line."""
        stream: Any = self.process.stdout if stdout else self.process.stderr
        for line in stream:
            self.heard += line
            if words in line:
                return str(line)
        raise AssertionError(f"it never said {words!r}, but: {self.heard}")

    def send(self, signum: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.process.pid, signum)

    def end(self) -> Ended:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return Ended(self.process.returncode, out, self.heard + err)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.kill()
        self.process.communicate()
