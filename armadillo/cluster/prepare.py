"""From a Compose text to a plan: which image runs, whether memory suffices, which ports are free. Makes nothing.

An image that is missing is pulled or built on the way; whether to is the caller's word.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from pathlib import Path

from armadillo import __version__, assets
from armadillo.clock import rfc3339
from armadillo.cluster.deployment import Told
from armadillo.cluster.plan import Lifetime, Plan, check_memory, chosen_ports, marks, memory_used
from armadillo.engine import images, tree
from armadillo.engine.docker import Connection
from armadillo.engine.images import ResolvedImage
from armadillo.topology.composefile import ComposeFile


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How image, lifetime and memory are to be settled."""

    run_id: str
    cache: Path | None = None
    explicit: bool = False
    pull: images.Pull = "missing"
    lifetime: Lifetime = dataclasses.field(default=Lifetime())
    force: bool = False


def prepared(connection: Connection, file: ComposeFile, choice: Choice, *, told: Told) -> Plan:
    """Settle everything `up` needs to know before it makes the first thing."""
    resolved = tree.tried(connection, file, images_of(connection, file, choice, told=told), told)
    standin = any(image.standin for image in resolved.values())
    if not choice.force:
        total = int(connection.info()["MemTotal"])
        check_memory(file, standin=standin, total=total, used=memory_used(connection, besides=file.name))
    found = marks(
        file,
        run_id=choice.run_id,
        lifetime=choice.lifetime,
        standin=standin,
        version=next(iter(resolved.values())).version,
        created=rfc3339(datetime.datetime.now(datetime.UTC)),
    )
    return Plan(file, resolved, chosen_ports(connection, file), found, connection.endpoint.host)


def images_of(connection: Connection, file: ComposeFile, choice: Choice, *, told: Told) -> Mapping[str, ResolvedImage]:
    """Return what runs for each image of the text; the pinned one may be replaced unless it was asked for."""
    found: dict[str, ResolvedImage] = {}
    for wish in dict.fromkeys(service.image for service in file.services):
        default = wish == assets.ARANGODB_IMAGE and not choice.explicit
        standin = wish.startswith(assets.STANDIN_ALIAS)
        asked = None if default else images.STANDIN_WISH if standin else wish
        found[wish] = images.resolve(
            connection, asked, version=__version__, pull=choice.pull, cache=choice.cache, told=told
        )
    return found
