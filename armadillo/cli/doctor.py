"""`armadillo doctor`: whether this machine can do it, and with what. Changes nothing."""

from __future__ import annotations

import datetime
import grp
import os
import platform
import pwd
import shutil
from collections.abc import Iterator
from typing import Any

from armadillo import __version__
from armadillo.assets import ARANGODB_IMAGE
from armadillo.cli.lab import Engine, reached
from armadillo.cli.output import Output, table
from armadillo.engine import images
from armadillo.engine.docker import Connection
from armadillo.engine.endpoint import Endpoint, locate
from armadillo.engine.leftovers import leftovers
from armadillo.engine.survey import registry, survey
from armadillo.errors import ArmadilloError, meaning

GIB = 1 << 30
LEAST_MEMORY = GIB
LEAST_DISK = 2 * GIB
Row = dict[str, Any]


def doctor(out: Output, engine: Engine) -> int:
    """Look whether this machine can do it.

    Exits 10 when nothing can be started here. What is not needed is told all the same.
    """
    rows = [row("armadillo", True, f"{__version__} on Python {platform.python_version()}"), user()]
    code = 0
    try:
        where = locate(engine.docker_host, engine.context, environ=os.environ)
        with Connection(where) as connection:
            reached(connection)
            rows += looked(connection, where)
    except ArmadilloError as exc:
        rows.append(row("engine", False, str(exc), hint=exc.hint))
        code = meaning(exc).exit_code
    rows += compose()
    if any(one["needed"] and not one["fine"] for one in rows):
        code = code or 10
    cells = [(one["what"], "yes" if one["fine"] else "NO" if one["needed"] else "no", one["seen"]) for one in rows]
    hints = "".join(f"  → {one['what']}: {one['hint']}\n" for one in rows if one["hint"] and not one["fine"])
    out.result("doctor", {"checks": rows, "usable": code == 0}, table(("WHAT", "FINE", "SEEN"), cells) + hints)
    return code


def row(what: str, fine: bool, seen: str, *, needed: bool = True, hint: str = "") -> Row:
    """Return one thing that was looked at."""
    return {"what": what, "fine": fine, "seen": " ".join(seen.split()), "needed": needed, "hint": hint}


def user() -> Row:
    """Look who asks."""
    number = os.geteuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = str(number)
    try:
        member = grp.getgrnam("docker").gr_gid in os.getgroups()
    except KeyError:
        member = False
    return row("user", True, name if number == 0 else f"{name}, {'' if member else 'not '}in the group docker")


def looked(connection: Connection, where: Endpoint) -> Iterator[Row]:
    """Look at an engine that answers."""
    seen = survey(connection)
    rootless = ", rootless" if seen.rootless else ""
    yield row("engine", True, f"{seen.version} (API {seen.api}{rootless}) at {where.url} ({where.origin})")
    yield row("machine", seen.platform.startswith("linux"), f"{seen.platform}, {seen.cpus} CPUs")
    yield row("memory", seen.memory >= LEAST_MEMORY, f"{seen.memory / GIB:.1f} GiB", hint="servers need 1 GiB at least")
    if seen.free is None:
        yield row("disk", True, "cannot be seen from here", needed=False)
    else:
        yield row("disk", seen.free >= LEAST_DISK, f"{seen.free / GIB:.1f} GiB free", hint="docker system prune")
    yield row("cgroups", True, seen.cgroups, needed=False)
    yield row("storage", True, seen.storage, needed=False)
    yield from of_images(connection)
    left = leftovers(connection, datetime.datetime.now(datetime.UTC))
    names = ", ".join(f"{one.deployment} ({one.why})" for one in left)
    yield row("leftovers", not left, names or "none", needed=False, hint="armadillo prune")


def of_images(connection: Connection) -> Iterator[Row]:
    """Look for the images a deployment would be started from."""
    found = {one.reference for one in images.listed(connection)}
    here = ARANGODB_IMAGE in found
    refusal = registry(connection, ARANGODB_IMAGE)
    yield row("registry", not refusal, refusal or f"gives {ARANGODB_IMAGE}", needed=False)
    seen = "is here" if here else "is not here, and no registry gives it" if refusal else "would be pulled"
    hint = "docker load brings it without a registry"
    yield row("official image", here or not refusal, f"{ARANGODB_IMAGE} {seen}", needed=False, hint=hint)
    alias = sorted(name for name in found if name.endswith(f"standin:{__version__}"))
    yield row("stand-in", True, ", ".join(alias) or "is built when it is needed", needed=False)


def compose() -> Iterator[Row]:
    """Look for Compose, which is only needed for using rendered text by hand."""
    seen = shutil.which("docker-compose") or shutil.which("docker")
    yield row("compose", bool(seen), seen or "not found; only rendered text by hand needs it", needed=False)
