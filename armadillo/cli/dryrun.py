"""What `armadillo up --dry-run` prints: the plan, made of the Compose text alone. Asks no engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from armadillo import assets
from armadillo.cli.wishes import Wished
from armadillo.cluster.make import secret_names
from armadillo.cluster.plan import STANDIN_MEMORY
from armadillo.topology.composefile import ComposeFile
from armadillo.topology.model import Role
from armadillo.units import format_duration, format_size

ORDER = (Role.AGENT, Role.DBSERVER, Role.COORDINATOR, Role.SINGLE)


def planned(made: Wished, lifetime: str, limit: float, given: Iterable[str]) -> dict[str, Any]:
    """Return what would be done, for programs."""
    file = made.file
    brought = set(given)
    return {
        "name": file.name,
        "project": file.project,
        "topology_hash": file.hash,
        "images": sorted({service.image for service in file.services}),
        "start": [[one.name for one in file.services if one.role is role] for role in roles(file)],
        "memory": sum(service.mem_limit or 0 for service in file.services),
        "networks": [network.key for network in file.networks],
        "volumes": [volume.key for volume in file.volumes],
        "secrets": {key: "given" if key in brought else "generated" for key in secret_names(file)},
        "ports": [
            {"server": service.name, "container": port.container, "host": port.host}
            for service in file.services
            for port in service.ports
        ],
        "lifetime": lifetime,
        "timeout": limit,
        "substitutions": substitutions(file, made),
        "compose": made.text,
    }


def roles(file: ComposeFile) -> list[Role]:
    return [role for role in ORDER if any(service.role is role for service in file.services)]


def substitutions(file: ComposeFile, made: Wished) -> dict[str, str]:
    """Return what `up` puts in the place of what the text says; it changes nothing else."""
    explicit = made.topology is not None and made.topology.image is not None
    default = not explicit and any(service.image == assets.ARANGODB_IMAGE for service in file.services)
    small = format_size(STANDIN_MEMORY)
    return {
        "image": f"the stand-in with {small} a server, where no registry gives it" if default else "as it is",
        "secrets": "in a volume of the engine instead of files",
        "ports": "those without a host port get a free one, and keep it",
        "subnet": "a free one of Armadillo's pool, where none is given",
        "healthchecks": "none: ready is proved from outside",
        "labels": "run-id, owner, process, lifetime, created, port, version, standin, and Compose's own",
    }


def spoken(plan: Mapping[str, Any]) -> str:
    """Return what would be done, for people."""
    start = ", then ".join(", ".join(group) for group in plan["start"])
    secrets = ", ".join(f"{name} ({how})" for name, how in plan["secrets"].items())
    ports = ", ".join(f"{one['server']} on {one['host'] or 'a free port'}" for one in plan["ports"])
    rows = [
        ("image", ", ".join(plan["images"])),
        ("start", start),
        ("memory", f"{format_size(plan['memory'])} at most" if plan["memory"] else "not limited"),
        ("networks", ", ".join(plan["networks"])),
        ("volumes", ", ".join(plan["volumes"])),
        ("secrets", secrets),
        ("publish", ports),
        ("lifetime", plan["lifetime"]),
        ("timeout", format_duration(plan["timeout"])),
    ]
    lines = [f"  {what:9} {said or 'none'}" for what, said in rows]
    changes = [f"  {what:12} {said}" for what, said in plan["substitutions"].items()]
    head = f"up would start {plan['name']} (nothing has been done)"
    return "\n".join([head, *lines, "in place of what the Compose text says:", *changes]) + "\n"
