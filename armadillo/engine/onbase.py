"""The stand-in's image on another image's Python, by the engine's own builder.

Knows the Dockerfile and the files beside it; nothing of this machine's Python.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence

import docker.errors

from armadillo.engine.answers import listening
from armadillo.engine.docker import Connection, translated
from armadillo.errors import EnvironmentUnusable

_SILENCE = 300.0
_UNDO_SECONDS = 10.0
_STEP = re.compile(r" ---> ([0-9a-f]{12})\s*")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def build(connection: Connection, base: str, base_id: str, tag: str, context: bytes) -> None:
    """Let the engine make the image; of a build that fails or is interrupted nothing stays."""
    steps: list[str] = []
    done = False
    try:
        _build(connection, base, tag, context, steps)
        done = True
    finally:
        if not done:
            undo(connection, [step for step in steps if step not in base_id])


def _build(connection: Connection, base: str, tag: str, context: bytes, steps: list[str]) -> None:
    asked = {"t": tag, "rm": "1", "forcerm": "1", "buildargs": json.dumps({"BASE": base})}
    headers = {"Content-Type": "application/x-tar"}
    what, said = f"building the stand-in on {base}", ""
    with listening(
        connection, what, "/build", silence=_SILENCE, params=asked, headers=headers, data=context
    ) as answers:
        for answer in answers:
            text = _COLOUR.sub("", str(answer.get("stream", "")))
            if step := _STEP.fullmatch(text):
                steps.append(step[1])
            if "error" in answer:
                raise refusal(base, str(answer["error"]), said)
            said = said if text.startswith("Removing intermediate") else text.strip() or said


def refusal(base: str, words: str, said: str) -> EnvironmentUnusable:
    """Return our error for a build that failed, in the words of the step that did where it had some."""
    if "python3" in words and "executable file not found" in words:
        words = "it has no python3"
    elif "non-zero code" in words:
        words = said
    return EnvironmentUnusable(
        f"the stand-in cannot be built on {base}: {words}", hint="--base names an image with Python 3.11 or newer"
    )


def undo(connection: Connection, steps: Sequence[str]) -> None:
    """Remove what the steps made, last first; what another image stands on stays, and so does what is in use."""
    deadline = time.monotonic() + _UNDO_SECONDS
    with translated("removing what is left of the build"):
        for step in reversed(steps):
            while not _removed(connection, step) and time.monotonic() < deadline:
                time.sleep(0.1)


def _removed(connection: Connection, image: str) -> bool:
    """Say whether it is gone or has to stay; a container of the step that was interrupted holds it for a moment."""
    try:
        connection.api.remove_image(image, noprune=True)
    except docker.errors.ImageNotFound:
        return True
    except docker.errors.APIError as exc:
        return "container" not in str(exc.explanation)
    return True
