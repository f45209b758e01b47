"""In what a running deployment differs from a plan, in words a person can act on. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from armadillo.cluster.deployment import Deployment
from armadillo.cluster.plan import Plan
from armadillo.engine import containers, creation
from armadillo.topology.composefile import Service
from armadillo.units import format_size


def differences(deployment: Deployment, plan: Plan) -> list[str]:
    """Return each difference as a line."""
    there = {one.name: one.container.id for one in deployment.servers()}
    wanted = plan.file.by_name
    found = [f"{name} is not wanted any more" for name in there if name not in wanted]
    found += [f"{name} is not there" for name in wanted if name not in there]
    for name, service in wanted.items():
        if name in there:
            seen = containers.inspected(deployment.connection, there[name])
            found += [f"{name}: {line}" for line in of_server(seen, service, plan)]
    return found or ["the text differs in what no server shows (network, volumes or labels)"]


def of_server(seen: dict[str, Any], service: Service, plan: Plan) -> Iterator[str]:
    """Yield in what one server differs."""
    body = creation.container(plan.file, service, plan.substitutions)
    config, limits = seen["Config"], seen["HostConfig"]
    if config["Image"] != body["Image"]:
        yield f"image {config['Image']}, wanted {body['Image']}"
    if body.get("Cmd") is not None and config.get("Cmd") != body["Cmd"]:
        yield changed("arguments", config.get("Cmd") or [], body["Cmd"])
    if missing := sorted(set(body["Env"]) - set(config.get("Env") or ())):
        yield f"environment {', '.join(one.partition('=')[0] for one in missing)}"
    memory, wished = int(limits.get("Memory") or 0), int(body["HostConfig"].get("Memory") or 0)
    if memory != wished:
        yield f"memory {format_size(memory)}, wanted {format_size(wished)}"
    if limits.get("NanoCpus") != body["HostConfig"].get("NanoCpus", 0):
        yield "cpus"
    published, wanted = limits.get("PortBindings") or {}, body["HostConfig"].get("PortBindings", {})
    if published != wanted:
        yield changed("ports", said(published), said(wanted))


def said(bindings: Mapping[str, list[dict[str, str]]]) -> list[str]:
    """Write published ports as Compose does."""
    return [f"{at['HostIp']}:{at['HostPort']}:{port}" for port, all_of in bindings.items() for at in all_of]


def changed(what: str, old: list[str], new: list[str]) -> str:
    """Say what was added and what went."""
    parts = [f"+{one}" for one in new if one not in old] + [f"-{one}" for one in old if one not in new]
    return f"{what} {' '.join(parts) or 'in another order'}"
