"""What the commands that speak to an engine share: the connection, a deployment's servers, files and times, a yes.

Knows no single command, and imports nothing of Docker before an engine is asked.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from armadillo.cli.names import state_folder
from armadillo.cli.output import Output
from armadillo.clock import rfc3339
from armadillo.errors import ConfigurationError, EnvironmentUnusable
from armadillo.units import parse_duration

if TYPE_CHECKING:
    from armadillo.cluster.deployment import Deployment, Server
    from armadillo.engine.docker import Connection

ROLES = ("agent", "dbserver", "coordinator", "single")
YEARS = 10 * 366 * 86_400.0


@dataclasses.dataclass(frozen=True, slots=True)
class Engine:
    """Which engine to speak to."""

    docker_host: Annotated[
        str | None,
        typer.Option("--docker-host", metavar="URL", help="The engine, as in DOCKER_HOST.", show_default=False),
    ] = None
    context: Annotated[
        str | None, typer.Option("--context", metavar="NAME", help="A docker context.", show_default=False)
    ] = None

    @contextlib.contextmanager
    def opened(self) -> Iterator[Connection]:
        """Connect, and close what was opened."""
        from armadillo.engine.docker import Connection
        from armadillo.engine.endpoint import locate

        with Connection(locate(self.docker_host, self.context, environ=os.environ)) as connection:
            reached(connection)
            yield connection


def reached(connection: Connection) -> None:
    """Say hello to the engine; when nobody is there, tell why in a few words and what to do about it."""
    where = connection.endpoint
    try:
        _ = connection.api
    except EnvironmentUnusable as exc:
        words = str(exc).lower()
        whys = {"refused": "nobody listens there", "no such file": "there is no such socket"}
        why = next((told for sign, told in whys.items() if sign in words), "")
        if not why:
            raise
        raise EnvironmentUnusable(
            f"the engine at {where.url} ({where.origin}) cannot be reached: {why}",
            hint="start Docker, or say where it is: --docker-host URL, or DOCKER_HOST",
        ) from exc


@dataclasses.dataclass(frozen=True, slots=True)
class Several:
    """A deployment and some of its servers; a word that is a role or a server is never the deployment."""

    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME] [NODE]...", help="The deployment, then servers: dbserver2, or agent.", show_default=False
        ),
    ] = None
    name: Annotated[
        str | None, typer.Option("--name", "-n", metavar="NAME", help="The deployment's name.", show_default=False)
    ] = None

    def chosen(self, out: Output) -> tuple[str, tuple[str, ...]]:
        """Return the deployment's name and the servers named."""
        words = list(self.words or ())
        if self.name is None and words and not is_node(words[0]):
            return words[0], tuple(words[1:])
        return self.name or out.config.name, tuple(words)


def is_node(word: str) -> bool:
    """Say whether a word is a role or a server's name."""
    return word.rstrip("0123456789") in ROLES


def seconds(duration: str) -> float:
    """Read a time-out; `none` is so long that nobody sees its end."""
    found = parse_duration(duration, zero=False)
    return YEARS if found is None else found


def cache_folder() -> Path:
    """Return where what can be made again is kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "armadillo"


def copies(deployment: Deployment) -> dict[str, str]:
    """Return the files with this user's copies of the secrets, made again when they are gone or old."""
    from armadillo.files import atomic_write

    folder = state_folder(deployment.name)
    found: dict[str, str] = {}
    for name, content in deployment.secrets().items():
        path = folder / name
        if not is_copy(path, content):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as exc:
                hint = "name another place: XDG_STATE_HOME"
                raise EnvironmentUnusable(f"{folder} cannot be made: {exc.strerror}", hint=hint) from exc
            atomic_write(path, content, "wb", secret=True)
        found[name] = str(path)
    return found


def is_copy(path: Path, content: bytes) -> bool:
    """Say whether a file holds a secret, and for its owner alone."""
    try:
        return path.read_bytes() == content and stat.S_IMODE(path.stat().st_mode) == 0o600
    except OSError:
        return False


def shown(server: Server) -> dict[str, Any]:
    """Return a server for programs."""
    one = server.container
    return {
        "name": server.name,
        "role": server.role,
        "state": one.state,
        "endpoint": server.url or None,
        "container": one.name,
        "image": one.image,
        "created": rfc3339(one.created),
    }


@dataclasses.dataclass(frozen=True, slots=True)
class Sure:
    """Whether a person has to be asked first."""

    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.", show_default=False)] = False
    no_input: Annotated[
        bool, typer.Option("--no-input", help="Never ask; fail where a yes is needed.", show_default=False)
    ] = False

    def confirm(self, what: str) -> None:
        """Ask a person before removing what this call did not make; without one they have to say so beforehand."""
        if self.yes:
            return
        if self.no_input or not sys.stdin.isatty():
            raise ConfigurationError(f"to {what} needs a yes", hint="give --yes")
        if not typer.confirm(f"{what}?", err=True):
            raise typer.Exit(1)
