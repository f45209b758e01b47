"""A build or install tree of this host: where its arangod is, what comes with it, and whether an image can run it.

Knows directories and one container that lives for a moment; what servers do with it is not its business.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import docker.errors

from armadillo import labels
from armadillo.engine import containers, identity
from armadillo.engine.docker import Connection, explained, translated
from armadillo.engine.images import ResolvedImage
from armadillo.engine.standin import Told
from armadillo.errors import ConfigurationError, NotFoundError, NotReadyInTime
from armadillo.topology.composefile import ComposeFile, Mount, MountKind
from armadillo.topology.model import Tree
from armadillo.topology.plan import ARANGOD
from armadillo.wait import NotYet, until

PLACES = ("bin", "sbin", "usr/sbin", "usr/bin", "build/bin", "build/sbin", "build/usr/sbin", ".")
SHARES = ("usr/share/arangodb3", "share/arangodb3", "build/share/arangodb3")
SCRIPTS = "js"
ROLE = "trial"
SECONDS = 30.0
HINT = "--bin-dir DIR: a build or install tree for Linux, of the engine's architecture"

_VERSION = re.compile(r"^(?:server-version: *)?v?(\d+\.\d+\.\d[\w.+-]*)\s*$", re.MULTILINE)


def located(folder: Path) -> Tree:
    """Return what of a tree is mounted, or say why it is none."""
    if not folder.is_dir():
        raise NotFoundError(
            f"--bin-dir {folder}: {'no directory' if folder.exists() else 'it is not there'}", hint=HINT
        )
    folder = folder.resolve()
    found = [path for place in PLACES if (path := folder / place / "arangod").is_file()]
    if not found:
        looked = ", ".join(f"{place}/" for place in PLACES[:-1])
        raise ConfigurationError(f"--bin-dir {folder}: no arangod in it, nor in {looked} below it", hint=HINT)
    program = next((path for path in found if os.access(path, os.X_OK)), None)
    if program is None:
        raise ConfigurationError(f"--bin-dir {folder}: {found[0]} is not executable", hint=f"chmod +x {found[0]}")
    share = next((folder / place for place in SHARES if (folder / place).is_dir()), None)
    scripts = folder / SCRIPTS
    return Tree(
        arangod=str(program.resolve()),
        share=None if share is None else str(share),
        scripts=str(scripts) if share is None and scripts.is_dir() else None,
    )


def tried(
    connection: Connection, file: ComposeFile, images: Mapping[str, ResolvedImage], told: Told
) -> dict[str, ResolvedImage]:
    """Return the images as what runs in them: a tree's arangod has its own version, and is no stand-in."""
    found: dict[str, ResolvedImage] = {}
    for wish, image in images.items():
        found[wish] = image
        if path := program(file, wish):
            told(f"asking {path} for its version")
            version = version_of(connection, image.reference, mounts(file, wish))
            notice = "" if image.standin else image.notice
            found[wish] = dataclasses.replace(image, version=version, standin=False, notice=notice)
    return found


def mounts(file: ComposeFile, image: str) -> tuple[Mount, ...]:
    """Return what the servers of an image have mounted of a tree; empty when they run the image's own arangod."""
    for service in file.services:
        binds = tuple(one for one in service.volumes if one.kind is MountKind.BIND)
        if service.image == image and any(one.target == ARANGOD for one in binds):
            return binds
    return ()


def program(file: ComposeFile, image: str) -> str | None:
    """Return the arangod of this host that servers of an image run, if it is one of this host."""
    return next((one.source for one in mounts(file, image) if one.target == ARANGOD), None)


def version_of(connection: Connection, image: str, mounts: Sequence[Mount]) -> str:
    """Ask a tree's arangod for its version as its servers will run it; refuse it with the reason if it cannot."""
    path = next(one.source for one in mounts if one.target == ARANGOD)
    if not connection.endpoint.local:
        raise ConfigurationError(
            f"{path} is on this host, and the engine at {connection.endpoint.url} has files of its own",
            hint="build an image with it there, and name it: --image",
        )
    body = {
        "Image": image,
        "Entrypoint": [ARANGOD],
        "Cmd": ["--version"],
        "Healthcheck": {"Test": ["NONE"]},
        "Labels": marks(),
        "HostConfig": {
            "NetworkMode": "none",
            "CapDrop": ["ALL"],
            "Mounts": [
                {"Type": "bind", "Source": one.source, "Target": one.target, "ReadOnly": True} for one in mounts
            ],
        },
    }
    with translated(f"trying {path}"):
        try:
            made: dict[str, Any] = connection.api.create_container_from_config(body)  # type: ignore[no-untyped-call]
        except docker.errors.APIError as exc:
            raise unusable(path, image, reason(explained(exc)) or explained(exc)) from exc
    try:
        return told_by(connection, made["Id"], path, image)
    finally:
        containers.remove(connection, made["Id"])


def marks() -> dict[str, str]:
    """Return the labels of a container that lives for a moment, under a name that no deployment of its process has."""
    return {
        labels.MANAGED: "true",
        labels.NAME: f"{ROLE}-{os.getpid()}",
        labels.ROLE: ROLE,
        labels.OWNER: identity.owner(),
        labels.PROCESS: identity.process(),
        labels.LIFETIME: "process",
    }


def told_by(connection: Connection, container: str, path: str, image: str) -> str:
    """Start the trial and return the version that it tells."""
    with translated(f"trying {path}"):
        try:
            connection.api.start(container)
        except docker.errors.APIError as exc:
            raise unusable(path, image, reason(explained(exc)) or explained(exc)) from exc

    def ended() -> int:
        state = containers.inspected(connection, container)["State"]
        if state["Running"]:
            raise NotYet("it still runs")
        return int(state["ExitCode"])

    try:
        code = until(ended, what=f"{path} --version", timeout=SECONDS)
    except NotReadyInTime as exc:
        raise unusable(path, image, f"`--version` did not end in {SECONDS:g} s") from exc
    text = containers.log_text(connection, container, lines=40).strip()
    last = text.splitlines()[-1] if text else "it said nothing"
    if code:
        raise unusable(path, image, reason(last) or f"`--version` ended with {code}: {last}")
    found = _VERSION.search(text)
    if found is None:
        raise unusable(path, image, f"`--version` tells no version: {last}")
    return found[1]


def reason(words: str) -> str:
    """Put the engine's refusal to run a program into words; empty when it is another."""
    lower = words.lower()
    if "exec format error" in lower:
        return "it is no program for the engine's architecture"
    if re.search(r"exec .*no such file or directory", lower):
        return "the image lacks the program that interprets or loads it"
    return ""


def unusable(path: str, image: str, why: str) -> ConfigurationError:
    return ConfigurationError(f"{path} cannot run in {image}: {why}", hint=HINT)
