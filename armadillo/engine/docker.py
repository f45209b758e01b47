"""The connection to a Docker engine, and the translation of what it says when it says no.

The only module, with its neighbours in this room, that knows docker-py. Knows nothing of topologies.
"""

from __future__ import annotations

import contextlib
import math
import threading
import urllib.parse
from collections import deque
from collections.abc import Iterator
from typing import Any

import docker
import docker.errors
import requests
from docker.tls import TLSConfig
from docker.transport import UnixHTTPAdapter

from armadillo.deadline import TIMEOUTS
from armadillo.engine.endpoint import Endpoint
from armadillo.errors import (
    ArmadilloError,
    ConflictError,
    EnvironmentUnusable,
    ExecutionError,
    NetworkError,
    NotFoundError,
)

CALL_SECONDS = 60
ON_SOCKET = "http+docker://"


@contextlib.contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn docker-py's and requests' errors into ours, once, naming what was tried."""
    try:
        yield
    except docker.errors.ImageNotFound as exc:
        raise EnvironmentUnusable(f"{what}: {explained(exc)}", hint="the same again looks for the image anew") from exc
    except docker.errors.NotFound as exc:
        raise NotFoundError(f"{what}: {explained(exc)}") from exc
    except docker.errors.APIError as exc:
        raise refusal(what, exc) from exc
    except requests.exceptions.Timeout as exc:
        TIMEOUTS.check()
        raise NetworkError(f"{what}: the engine did not answer in {CALL_SECONDS} s") from exc
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as exc:
        raise unreachable(what, exc) from exc


def unreachable(what: str, error: Exception) -> EnvironmentUnusable:
    """Return the error for an engine that does not answer, or not to us."""
    if "permission denied" in str(error).lower():
        hint = "you may not use its socket: sudo usermod -aG docker $USER and log in again, or use a rootless engine"
        return EnvironmentUnusable(f"{what}: permission denied", hint=hint)
    return EnvironmentUnusable(f"{what}: the engine cannot be reached: {error}", hint="docker info")


def explained(error: docker.errors.APIError) -> str:
    """Return the engine's own words."""
    return str(error.explanation or error).strip()


PORT_TAKEN = ("port is already allocated", "address already in use")


def refusal(what: str, error: docker.errors.APIError) -> ArmadilloError:
    """Return our kind for an answer that says no."""
    words = explained(error)
    lower = words.lower()
    if any(said in lower for said in PORT_TAKEN):
        return ConflictError(
            f"{what}: {words}", hint="ss -ltnp tells who has the port; give another --port, or none for a free one"
        )
    if error.status_code == 409:
        return ConflictError(f"{what}: {words}")
    if "no space left on device" in lower:
        return EnvironmentUnusable(f"{what}: {words}", hint="make room: docker system df, docker system prune")
    if error.status_code == 400:
        return EnvironmentUnusable(f"{what}: {words}")
    return ExecutionError(f"{what}: {words}", details={"status": error.status_code})


class OneSocket(UnixHTTPAdapter):
    """Keeps one connection for all requests; docker-py itself keeps one for each path and query."""

    def get_connection(self, url: Any, proxies: Any = None) -> Any:
        return super().get_connection(ON_SOCKET, proxies)


class Leased:
    """A client in a thread's hands; when the thread ends it is free for the next."""

    def __init__(self, client: docker.APIClient, idle: deque[docker.APIClient]) -> None:
        self.client = client
        self._idle = idle

    def __del__(self) -> None:
        self._idle.append(self.client)


class Connection:
    """One engine; every thread gets a client of its own, as docker-py asks for, and gives it back when it ends."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._own = threading.local()
        self._idle: deque[docker.APIClient] = deque()
        self._opened: list[docker.APIClient] = []
        self._version: str | None = None

    @property
    def api(self) -> docker.APIClient:
        """This thread's client, whose calls take no longer than what the scopes around have left."""
        TIMEOUTS.check()
        leased: Leased | None = getattr(self._own, "leased", None)
        if leased is None:
            leased = self._own.leased = Leased(self._free(), self._idle)
        leased.client.timeout = math.ceil(TIMEOUTS.clamp(CALL_SECONDS)) or 1
        return leased.client

    def _free(self) -> docker.APIClient:
        try:
            return self._idle.popleft()
        except IndexError:
            client = self._open()
            self._opened.append(client)
            return client

    def _open(self) -> docker.APIClient:
        with translated(f"connecting to the engine at {self.endpoint.url}"):
            client = docker.APIClient(
                base_url=self.endpoint.url,
                version=self._version or "auto",
                timeout=CALL_SECONDS,
                tls=tls_of(self.endpoint),
            )
        self._version = client.api_version
        if self.endpoint.local:
            client.get_adapter(ON_SOCKET).close()
            path = urllib.parse.urlsplit(self.endpoint.url).path
            client.mount(ON_SOCKET, OneSocket(f"http+unix://{path}", CALL_SECONDS))
        return client

    @contextlib.contextmanager
    def streaming(self) -> Iterator[docker.APIClient]:
        """Lend a client of its own, for a stream that outlives a call."""
        client = self._open()
        try:
            yield client
        finally:
            client.close()

    def close(self) -> None:
        """Close every client that was opened."""
        self._idle.clear()
        while self._opened:
            self._opened.pop().close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def info(self) -> dict[str, Any]:
        """Return what the engine says of itself."""
        with translated("asking the engine what it is"):
            return dict(self.api.info())


def tls_of(endpoint: Endpoint) -> TLSConfig | bool:
    """Return the client's certificates, where the endpoint has some."""
    if not endpoint.certificates:
        return False
    folder = endpoint.certificates
    return TLSConfig(client_cert=(f"{folder}/cert.pem", f"{folder}/key.pem"), ca_cert=f"{folder}/ca.pem", verify=True)
