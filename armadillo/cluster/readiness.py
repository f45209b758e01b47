"""Ready is proved: containers run, servers answer as their role, and a client creates, writes, reads and drops.

Knows what ready means; how a deployment came to be is not its business.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from armadillo.arango import Client, admin
from armadillo.cluster.deployment import Deployment, Server, Told
from armadillo.cluster.whole import PROBE, SUPERVISED, heard, leads, of_role, status_of, written
from armadillo.deadline import TIMEOUTS
from armadillo.engine.events import DeathWatch, crash
from armadillo.errors import ArmadilloError, AuthError, HealthCheckError, NetworkError, NotFoundError
from armadillo.wait import NotYet, until

SECONDS = 3.0
SHORTEST = 0.1
HASTE = 0.5
FORGOTTEN = 60.0
BETWEEN_ROUNDS = 0.2
Settle = Callable[[Client], None] | None
SAYS = {"single": "SINGLE", "coordinator": "COORDINATOR", "dbserver": "PRIMARY", "agent": "AGENT"}


def wait_ready(
    deployment: Deployment,
    *,
    timeout: float | None,
    told: Told,
    watch: DeathWatch | None = None,
    settle: Settle = None,
    nodes: tuple[str, ...] = (),
) -> None:
    """Wait until the deployment is ready, twice in a row; ends at once when one of its containers dies.

    `settle` is given a cluster's first coordinator as soon as it answers, each time before the probe.
    With `nodes` only those servers have to be ready: the rest may be down on purpose.
    """
    with contextlib.ExitStack() as stack:
        deaths = watch or stack.enter_context(DeathWatch(deployment.connection, deployment.name))
        with TIMEOUTS.scope(f"readiness of {deployment.name}", timeout) as scope:
            stack.enter_context(deaths.telling(lambda death: scope.cancel(f"{death.service} ended")))
            try:
                until(lambda: twice(deployment, settle, nodes), what=deployment.name, timeout=timeout, told=told)
            except ArmadilloError:
                if not deaths.deaths:
                    raise
    for death in deaths.deaths:
        raise crash(deployment.connection, death.id, death.service)


def twice(deployment: Deployment, settle: Settle = None, nodes: tuple[str, ...] = ()) -> None:
    """Go through all checks, and once more after a while."""
    once(deployment, settle, nodes)
    TIMEOUTS.sleep(BETWEEN_ROUNDS)
    once(deployment, settle, nodes)


def once(deployment: Deployment, settle: Settle = None, nodes: tuple[str, ...] = ()) -> None:
    """Go through all checks, or raise NotYet with the first that does not hold."""
    servers = deployment.chosen(nodes)
    if not servers:
        raise NotFoundError(f"no server of {deployment.name} is there", hint=f"armadillo up --name {deployment.name}")
    for server in servers:
        if not server.container.running:
            raise NotYet(f"no, {server.container.state}", question=f"{server.name}: running?")
    for server in servers:
        if server.url:
            with deployment.client(server) as client:
                answers(client, server)
    if nodes:
        registered_as_good(deployment, servers)
        return
    if of_role(servers, "agent"):
        as_a_whole(deployment, servers)
    for server in of_role(servers, "single", "coordinator"):
        with deployment.client(server) as client:
            if settle is not None and server.role == "coordinator":
                with reasons(f"{server.name}: root's password?"):
                    settle(client)
                settle = None
            probe(client, server)


def as_a_whole(deployment: Deployment, servers: Sequence[Server]) -> None:
    """Check that the agency has one leader and acknowledges, and that every expected server is GOOD."""
    found = heard(deployment, servers)
    with reasons("agency: leader?"):
        leads(found)
    with reasons("agency: write and read?"):
        written(deployment, found)
    registered_as_good(deployment, servers)


def registered_as_good(deployment: Deployment, servers: Sequence[Server]) -> None:
    """Check that a coordinator that runs calls each of the servers GOOD; while none runs, nobody can."""
    supervised = of_role(servers, *SUPERVISED)
    asked_ones = [one for one in of_role(deployment.servers(), "coordinator") if one.container.running and one.url]
    if not (supervised and asked_ones):
        return
    with deployment.client(asked_ones[0]) as client, reasons("cluster: health?"):
        registered = admin.servers(client)
    for server in supervised:
        with reasons(f"{server.name}: GOOD?"):
            status_of(registered, server)


def answers(client: Client, server: Server) -> None:
    """Check that a server answers as its role."""
    with reasons(f"{server.name}: answers?"):
        said = field(asked(client, "GET", "/_admin/server/role"), "role")
        if said != SAYS[server.role]:
            raise NotYet(f"no, {said}", question=f"{server.name}: role {SAYS[server.role]}?")
        asked(client, "GET", "/_admin/server/availability")


def probe(client: Client, server: Server, *, seconds: float = SECONDS) -> None:
    """Create, write, read and drop, as a client would."""
    name = f"{PROBE}{int(time.time()):x}_{secrets.token_hex(4)}"
    with reasons(f"{server.name}: probe collection?"):
        try:
            asked(client, "POST", "/_api/collection", {"name": name}, seconds=seconds)
            asked(client, "POST", f"/_api/document/{name}", {"_key": "probe", "value": name}, seconds=seconds)
            read = field(asked(client, "GET", f"/_api/document/{name}/probe", seconds=seconds), "value")
        except ArmadilloError:
            with contextlib.suppress(ArmadilloError):
                asked(client, "DELETE", f"/_api/collection/{name}", seconds=HASTE)
            raise
        asked(client, "DELETE", f"/_api/collection/{name}", seconds=seconds)
        if read != name:
            raise NotYet(f"no, {read}", question=f"{server.name}: probe read back?")
        drop_forgotten(client, seconds=seconds)


def drop_forgotten(client: Client, *, seconds: float = SECONDS) -> None:
    """Drop the collections of probes long over: one whose creation got no answer may come to be later."""
    said = asked(client, "GET", "/_api/collection?excludeSystem=true", seconds=seconds)
    for one in said.get("result", ()) if isinstance(said, dict) else ():
        match = re.fullmatch(rf"{PROBE}([0-9a-f]+)_[0-9a-f]+", str(one.get("name")))
        if match and int(match[1], 16) < time.time() - FORGOTTEN:
            with contextlib.suppress(ArmadilloError):  # another probe may have dropped it just now
                asked(client, "DELETE", f"/_api/collection/{match[0]}", seconds=seconds)


def asked(
    client: Client, method: str, path: str, body: Mapping[str, str] | None = None, *, seconds: float = SECONDS
) -> Any:
    """Ask a server, in no more time than there is."""
    return client.ask(method, path, json=body, seconds=max(SHORTEST, TIMEOUTS.clamp(seconds)))


def field(said: Any, key: str) -> str:
    """Return what an answer says of something; whoever else has the port may answer anything."""
    return str(said.get(key)) if isinstance(said, dict) else f"something else: {said!r:.80}"


@contextlib.contextmanager
def reasons(question: str) -> Iterator[None]:
    """Turn what went wrong into the reason for waiting on; a refusal of who we are will not change."""
    try:
        yield
    except HealthCheckError as exc:
        if exc.status in (401, 403):
            raise AuthError(f"{question} {exc}", hint="the secrets of this deployment are not its servers'") from exc
        raise NotYet(f"no, {exc}", question=question) from exc
    except NetworkError as exc:
        raise NotYet(f"no, {exc}", question=question) from exc
    except NotYet as exc:
        raise exc if exc.question else NotYet(f"no, {exc}", question=question) from exc
