"""Which engine to speak to: the flag, DOCKER_HOST, the docker context, a rootless socket, Podman's socket.

Reads the environment it is given and docker's own files; connects to nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from armadillo.errors import ConfigurationError, EnvironmentUnusable, NotFoundError

DEFAULT_SOCKET = Path("/var/run/docker.sock")
SCHEMES = ("unix", "http+unix", "tcp", "http", "https")


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an engine is reached, and who said so; `published` is where its ports are, if the user knows better."""

    url: str
    origin: str
    certificates: str = ""
    published: str = ""

    def __post_init__(self) -> None:
        if urllib.parse.urlsplit(self.url).scheme not in SCHEMES:
            raise ConfigurationError(
                f"{self.origin}: {self.url!r} cannot be spoken to",
                hint="write unix:///path/docker.sock or tcp://host:port; "
                "an engine behind ssh: ssh -NL /tmp/docker.sock:/var/run/docker.sock HOST",
            )

    @property
    def local(self) -> bool:
        """Say whether what the engine publishes on 127.0.0.1 is this host's 127.0.0.1."""
        return urllib.parse.urlsplit(self.url).scheme in ("unix", "http+unix")

    @property
    def host(self) -> str:
        """The address under which published ports are reached."""
        found = "" if self.local else urllib.parse.urlsplit(self.url).hostname or ""
        return self.published or found or "127.0.0.1"


def locate(
    host: str | None = None, context: str | None = None, *, environ: Mapping[str, str], home: Path | None = None
) -> Endpoint:
    """Return the first endpoint in the order above that somebody named or that is there."""
    folder = docker_folder(environ, home or Path(environ.get("HOME") or "/"))
    published = environ.get("TESTCONTAINERS_HOST_OVERRIDE", "")
    return dataclasses.replace(first(host, context, environ, folder), published=published)


def first(host: str | None, context: str | None, environ: Mapping[str, str], folder: Path) -> Endpoint:
    """Return the endpoint that was named, else the one that is there."""
    verified = environ.get("DOCKER_TLS_VERIFY")
    certificates = (environ.get("DOCKER_CERT_PATH") or str(folder)) if verified else ""
    if host:
        return Endpoint(host, "--docker-host", certificates)
    if context and context != "default":
        return of_context(context, "--context", folder)
    if not context and environ.get("DOCKER_HOST"):
        return Endpoint(environ["DOCKER_HOST"], "DOCKER_HOST", certificates)
    named = context or environ.get("DOCKER_CONTEXT") or current_context(folder)
    if named and named != "default":
        return of_context(named, "docker context", folder)
    return of_socket(environ)


def of_socket(environ: Mapping[str, str]) -> Endpoint:
    """Return the first socket that may be used, else the first that is there: its refusal tells why."""
    there = [(path, origin) for path, origin in sockets(environ) if os.path.exists(path)]  # noqa: PTH110 - never raises
    for path, origin in there:
        if os.access(path, os.R_OK | os.W_OK):
            return Endpoint(f"unix://{path}", origin)
    for path, origin in there:
        return Endpoint(f"unix://{path}", origin)
    raise EnvironmentUnusable(
        "no Docker engine was found",
        hint="start Docker, or say where it is: --docker-host unix:///path/docker.sock, or DOCKER_HOST",
    )


def sockets(environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Yield the sockets worth looking for, best first."""
    runtime = Path(environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    yield DEFAULT_SOCKET, "default socket"
    yield runtime / "docker.sock", "rootless socket"
    yield runtime / "podman" / "podman.sock", "Podman socket"
    yield Path("/run/podman/podman.sock"), "Podman socket"


def docker_folder(environ: Mapping[str, str], home: Path) -> Path:
    """Return where the docker command keeps its configuration."""
    return Path(environ.get("DOCKER_CONFIG") or home / ".docker")


def current_context(folder: Path) -> str:
    """Return the context docker itself would use."""
    said = read(folder / "config.json")
    return str(said.get("currentContext", "")) if isinstance(said, dict) else ""


def of_context(name: str, origin: str, folder: Path) -> Endpoint:
    """Return a docker context's endpoint."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = read(folder / "contexts" / "meta" / digest / "meta.json")
    try:
        url = str(meta["Endpoints"]["docker"]["Host"])
    except (TypeError, KeyError) as exc:
        raise NotFoundError(f"no docker context {name!r}", hint="docker context ls shows those there are") from exc
    tls = folder / "contexts" / "tls" / digest / "docker"
    return Endpoint(url, f"{origin} {name}", str(tls) if tls.is_dir() else "")


def read(path: Path) -> Any:
    """Return what one of docker's own files says; None when it says nothing."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
