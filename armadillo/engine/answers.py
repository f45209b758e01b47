"""The engine's long answers, a pull, a load, a build: one line of JSON at a time, and an end when nobody listens.

Knows nothing of images; docker-py's own calls for these neither bound the silence nor end the work when interrupted.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Mapping
from typing import Any

import requests

from armadillo.engine.docker import Connection, translated
from armadillo.errors import TimeoutExpired

CONNECT_SECONDS = 10.0


@contextlib.contextmanager
def listening(
    connection: Connection,
    what: str,
    path: str,
    *,
    silence: float,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    data: bytes = b"",
) -> Generator[Generator[dict[str, Any]]]:
    """Ask, and give the answer's lines; leaving early makes the engine stop. A refusal is a line with an `error`."""
    lines = _lines(connection, what, path, silence, params=params, headers=headers, data=data)
    with translated(what), contextlib.closing(lines):
        yield lines


def _lines(connection: Connection, what: str, path: str, silence: float, **asked: Any) -> Generator[dict[str, Any]]:
    api = connection.api
    url = f"{api.base_url}/v{api.api_version}{path}"
    try:
        with api.post(url, stream=True, timeout=(CONNECT_SECONDS, silence), **asked) as answer:
            for line in answer.iter_lines():
                said = json.loads(line)
                yield said if answer.ok else {"error": str(said.get("message", said)), "status": answer.status_code}
    except requests.exceptions.ReadTimeout as exc:
        raise _silent(what, silence) from exc
    except requests.exceptions.ConnectionError as exc:
        if "Read timed out" not in str(exc):
            raise
        raise _silent(what, silence) from exc


def _silent(what: str, seconds: float) -> TimeoutExpired:
    return TimeoutExpired(f"{what}: nothing was heard for {seconds:g} s", seconds=seconds)
