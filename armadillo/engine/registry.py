"""Getting an image from a registry, and telling a registry that says no from one that cannot be reached.

Knows nothing of what an image is wanted for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import docker.auth
import docker.errors
import docker.utils

from armadillo.engine.answers import listening
from armadillo.engine.docker import Connection
from armadillo.errors import ConfigurationError, EnvironmentUnusable, NetworkError, TimeoutExpired

SILENCE = 20.0
"""The engine itself gives up on a registry after 15 s without an answer, and then says so better than we can."""

_NOBODY = (
    *(
        "dial tcp",
        "no such host",
        "connection refused",
        "connection reset",
        "network is unreachable",
        "no route to host",
    ),
    *("timeout", "timed out", "deadline exceeded", "proxyconnect", "server misbehaving", "x509", "unexpected eof"),
    *(": eof", "bad gateway", "service unavailable", "gateway time-out", "internal server error"),
)
_DENIED = ("denied", "unauthorized", "authentication required")
_DONE = ("Pull complete", "Already exists")


def fetch(connection: Connection, reference: str, told: Callable[[str], None], *, silence: float = SILENCE) -> None:
    """Pull an image; a NetworkError says that no registry answered, every other error that one said no."""
    repository, tag = docker.utils.parse_repository_tag(reference)
    asked = {"fromImage": repository, "tag": tag or "latest"}
    what = f"pulling {reference}"
    told(what)
    try:
        with listening(
            connection,
            what,
            "/images/create",
            silence=silence,
            params=asked,
            headers=_credentials(connection, repository),
        ) as answers:
            progress = Progress(what, told)
            for answer in answers:
                if "error" in answer:
                    raise refusal(reference, str(answer["error"]), int(answer.get("status", 0)))
                progress.see(answer)
    except TimeoutExpired as exc:
        raise NetworkError(str(exc), hint="docker pull shows more; is there a proxy the engine should use?") from exc


def _credentials(connection: Connection, repository: str) -> dict[str, str]:
    try:
        registry, _ = docker.auth.resolve_repository_name(repository)
        header = docker.auth.get_config_header(connection.api, registry)
    except docker.errors.DockerException as exc:
        raise ConfigurationError(f"{repository!r} cannot be pulled: {exc}", hint="write it as repository:tag") from exc
    return {"X-Registry-Auth": header.decode()} if header else {}


def refusal(reference: str, words: str, status: int = 0) -> NetworkError | EnvironmentUnusable | ConfigurationError:
    """Return our kind for what the engine said when a pull failed."""
    lower = words.lower()
    if any(sign in lower for sign in _NOBODY):
        return NetworkError(f"no registry could be reached for {reference}: {words}")
    if status == 400 or "invalid reference" in lower:
        return ConfigurationError(f"{reference!r} is no name of an image: {words}", hint="write it as repository:tag")
    if "toomanyrequests" in lower:
        return EnvironmentUnusable(f"the registry will not give {reference} now: {words}", hint="docker login, or wait")
    if "no matching manifest" in lower:
        return EnvironmentUnusable(
            f"there is no {reference} for this engine's processor: {words}", hint="--image names another"
        )
    if any(sign in lower for sign in _DENIED):
        return EnvironmentUnusable(f"{reference} does not exist, or not for you: {words}", hint="docker login")
    return EnvironmentUnusable(f"{reference} cannot be pulled: {words}", hint="check the name and the tag")


class Progress:
    """Layers done of layers seen, told whenever the first number grows."""

    def __init__(self, what: str, told: Callable[[str], None]) -> None:
        self._what = what
        self._told = told
        self._layers: dict[str, bool] = {}

    def see(self, answer: dict[str, Any]) -> None:
        """Take in one line of the engine's."""
        layer, status = answer.get("id", ""), answer.get("status", "")
        if not layer or status.startswith("Pulling from"):
            return
        before = sum(self._layers.values())
        self._layers[layer] = self._layers.get(layer, False) or status in _DONE
        if (after := sum(self._layers.values())) > before:
            self._told(f"{self._what}: {after} of {len(self._layers)} layers")
