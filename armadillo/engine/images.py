"""The images servers run from: list them, pull them, and settle which one a wish means.

Knows ArangoDB's images and the stand-in's; what is started from them is not its business.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import docker.utils

from armadillo import assets, labels
from armadillo.engine import registry
from armadillo.engine.docker import Connection, translated
from armadillo.engine.standin import BuiltImage, Told, alias, build_standin, find_standin, inspected, present
from armadillo.errors import EnvironmentUnusable, NetworkError

__all__ = [
    "BuiltImage",
    "ImageRow",
    "Pull",
    "ResolvedImage",
    "build_standin",
    "find_standin",
    "listed",
    "pull",
    "resolve",
]

Pull = Literal["missing", "always", "never"]
STANDIN_WISH = "standin"

_NO_REGISTRY = "docker load brings an image without a registry; --image standin needs none"
_INSTEAD = "servers run the Armadillo stand-in, a small server for tests, and not ArangoDB"
_VERSION = re.compile(r"v?(\d+\.\d+[\w.+-]*)")


@dataclasses.dataclass(frozen=True, slots=True)
class ImageRow:
    """One name of a local image; `created` is None for an image that is the same whenever it is built."""

    reference: str
    id: str
    size: int
    created: datetime.datetime | None
    standin: bool
    containers: int


@dataclasses.dataclass(frozen=True, slots=True)
class ResolvedImage:
    """What to start servers from; `notice` is what the user has to be told about it."""

    reference: str
    id: str
    digest: str
    version: str
    standin: bool
    notice: str = ""


def listed(connection: Connection) -> list[ImageRow]:
    """Return the stand-in's images and ArangoDB's, by name."""
    with translated("listing the images"):
        rows, containers = connection.api.images(), connection.api.containers(all=True)
    used = Counter(container["ImageID"] for container in containers)
    found = [row for image in rows for row in _rows(image, used[image["Id"]])]
    return sorted(found, key=lambda row: (row.reference, row.id))


def _rows(image: Mapping[str, Any], containers: int) -> Iterator[ImageRow]:
    standin = (image["Labels"] or {}).get(labels.STANDIN) == "true"
    created = datetime.datetime.fromtimestamp(image["Created"], datetime.UTC) if image["Created"] > 0 else None
    names = [tag for tag in image["RepoTags"] or () if tag != "<none>:<none>"]
    for reference in names or [image["Id"]]:
        if standin or _is_arangodb(reference):
            yield ImageRow(reference, image["Id"], image["Size"], created, standin, containers)


def _is_arangodb(reference: str) -> bool:
    repository = reference.rpartition(":")[0]
    return "arangodb" in repository.split("/")


def pull(connection: Connection, name: str, told: Told = lambda line: None) -> ResolvedImage:
    """Get an image from its registry, or say why it cannot be had."""
    try:
        registry.fetch(connection, name, told)
    except NetworkError as exc:
        raise EnvironmentUnusable(str(exc), hint=_NO_REGISTRY) from exc
    return _read(name, present(connection, name))


def resolve(
    connection: Connection,
    wish: str | None,
    *,
    version: str,
    pull: Pull = "missing",
    cache: Path | None = None,
    told: Told = lambda line: None,
) -> ResolvedImage:
    """Settle on an image: one that was asked for, or an error; else the pinned one, or with a notice the stand-in."""
    if wish in (STANDIN_WISH, alias(version)):
        return _standin(connection, version, cache, told)
    name = wish or assets.ARANGODB_IMAGE
    found = inspected(connection, name)
    if found is not None and pull != "always":
        return _read(name, found)
    try:
        if pull == "never" or name.startswith(f"{assets.STANDIN_ALIAS}:"):
            raise NetworkError(f"the image {name} is not here, and it was not to be pulled")
        registry.fetch(connection, name, told)
    except NetworkError as exc:
        if wish is not None:
            raise EnvironmentUnusable(str(exc), hint=_NO_REGISTRY) from exc
        if found is not None:
            return _read(name, found, f"{exc}; {name} is used as it is here")
        return _standin(connection, version, cache, told, f"{exc}; {_INSTEAD}")
    return _read(name, present(connection, name))


def _standin(connection: Connection, version: str, cache: Path | None, told: Told, notice: str = "") -> ResolvedImage:
    built = find_standin(connection, version=version, cache=cache)
    built = built or build_standin(connection, version=version, cache=cache, told=told)
    return _read(built.tag, present(connection, built.tag), notice)


def _read(reference: str, image: Mapping[str, Any], notice: str = "") -> ResolvedImage:
    about = image["Config"] or {}
    variables = dict(variable.partition("=")[::2] for variable in about.get("Env") or ())
    tagged = _VERSION.fullmatch(reference.rpartition(":")[2])
    return ResolvedImage(
        reference=reference,
        id=image["Id"],
        digest=_digest(reference, image["RepoDigests"] or ()),
        version=variables.get("ARANGO_VERSION") or (tagged[1] if tagged else ""),
        standin=(about.get("Labels") or {}).get(labels.STANDIN) == "true",
        notice=notice,
    )


def _digest(reference: str, known: Sequence[str]) -> str:
    """Return the registry's digest, of this name's repository where the image has several names."""
    repository, _ = docker.utils.parse_repository_tag(reference)
    digests = dict(name.rsplit("@", 1) for name in known)
    return str(digests.get(repository) or next(iter(digests.values()), ""))
