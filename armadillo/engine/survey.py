"""What an engine is and has, for a person who wonders whether it will do. Changes nothing there.

Knows the engine's own words; whether they are good enough is for the one who asks.
"""

from __future__ import annotations

import dataclasses
import shutil

from armadillo.engine.docker import Connection, translated
from armadillo.errors import ArmadilloError


@dataclasses.dataclass(frozen=True, slots=True)
class Survey:
    """One engine."""

    version: str
    api: str
    platform: str
    cpus: int
    memory: int
    cgroups: str
    storage: str
    rootless: bool
    free: int | None


def survey(connection: Connection) -> Survey:
    """Ask the engine what it is; the free space of its disk is seen only from the same machine."""
    info = connection.info()
    return Survey(
        version=info["ServerVersion"],
        api=str(connection.api.api_version),
        platform=f"{info['OSType']}/{info['Architecture']}",
        cpus=info["NCPU"],
        memory=info["MemTotal"],
        cgroups=f"v{info.get('CgroupVersion', '1')}, {info.get('CgroupDriver', '?')}",
        storage=info.get("Driver", "?"),
        rootless=any("rootless" in option for option in info.get("SecurityOptions") or ()),
        free=free(info.get("DockerRootDir", "")) if connection.endpoint.local else None,
    )


def free(folder: str) -> int | None:
    """Return the free bytes where the engine keeps its things."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def registry(connection: Connection, reference: str) -> str:
    """Return why a registry will not give an image, empty when it would; nothing is pulled."""
    try:
        with translated(f"asking for {reference}"):
            connection.api.inspect_distribution(reference)  # type: ignore[no-untyped-call]
    except ArmadilloError as exc:
        return str(exc)
    return ""
