"""What holds of a cluster as a whole: one leader and a quorum, every server GOOD, no work left, shards in sync.

Asks the servers of a deployment; what follows from the answers is for readiness and health.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from armadillo.arango import admin, agency
from armadillo.arango.agency import Agency, Agent
from armadillo.cluster.checks import CLUSTER, NOT_LOOKED, Check, Needed, looked
from armadillo.cluster.deployment import WORKERS, Deployment, Server
from armadillo.errors import ArmadilloError
from armadillo.wait import NotYet, together

GOOD = "GOOD"
PROBE = "armadillo_probe_"
"""How our own probes' collections begin, which come and go."""
SUPERVISED = ("dbserver", "coordinator")
TREE = (
    "/arango/Current/MaintenanceDBServers",
    "/arango/Readonly",
    "/arango/Supervision/State",
    "/arango/Target/FailedServers",
    "/arango/Target/Pending",
    "/arango/Target/ToBeCleanedServers",
    "/arango/Target/ToDo",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    """A cluster's agency as its agents tell it, and who of them leads."""

    agency: Agency
    leader: Server | None


def of_role(servers: Sequence[Server], *roles: str) -> list[Server]:
    """Return the servers of some roles."""
    return [one for one in servers if one.role in roles]


def heard(deployment: Deployment, servers: Sequence[Server]) -> Heard:
    """Ask every agent, side by side."""
    agents = of_role(servers, "agent")
    answers = together("ask the agents", [partial(view, deployment, one) for one in agents], workers=WORKERS)
    found = Agency({one.name: answer for one, answer in zip(agents, answers, strict=True)})
    return Heard(found, next((one for one in agents if one.name == found.leader), None))


def view(deployment: Deployment, server: Server) -> Agent | None:
    """Return what an agent says; None when it says nothing."""
    if not (server.container.running and server.url):
        return None
    try:
        with deployment.client(server) as client:
            return agency.asked(client)
    except ArmadilloError:
        return None


def leads(found: Heard) -> str:
    """Say who leads, or raise why nobody does."""
    if found.leader is None:
        raise NotYet(found.agency.disagreement())
    return f"{found.leader.name} leads in term {found.agency.term}"


def quorum(found: Heard) -> str:
    """Say how many agents may be lost, or raise that too many are."""
    said = f"{len(found.agency.heard)} of {len(found.agency.agents)} agents answer"
    if found.agency.margin < 0:
        raise NotYet(f"{said}, {found.agency.quorum} are needed")
    return f"{said}, {found.agency.margin} more may be lost"


def agreement(found: Heard) -> str:
    """Say that all agents agree and keep up, or raise who does not."""
    missing = [name for name, agent in found.agency.agents.items() if agent is None]
    if missing:
        raise NotYet(f"{', '.join(missing)} does not answer")
    if wrong := found.agency.disagreement() or found.agency.slow():
        raise NotYet(wrong)
    lag = max(found.agency.lag.values(), default=0)
    return f"all follow {found.agency.leader} in term {found.agency.term}, at most {lag} entries behind"


def written(deployment: Deployment, found: Heard) -> str:
    """Write and read through the leading agent."""
    if found.leader is None:
        raise NotYet("no leader")
    with deployment.client(found.leader) as client:
        return agency.write_and_read(client)


def status_of(registered: Mapping[str, Any], server: Server) -> str:
    """Say that a server is GOOD, or raise what it is and since when."""
    for host, _, told in admin.named(registered):
        if host == server.name:
            status = str(told.get("Status", "?"))
            if status != GOOD:
                raise NotYet(f"{status}, last heard of at {told.get('LastAckedTime') or told.get('SyncTime', '?')}")
            if told.get("SyncStatus", "SERVING") != "SERVING":
                raise NotYet(f"{status}, but says {told['SyncStatus']}")
            return f"{status}, {told.get('ShortName', '?')}"
    raise NotYet("not registered")


def whole(deployment: Deployment, servers: Sequence[Server], found: Heard) -> list[Check]:
    """Go down the list of the whole: through the agents, then through a coordinator that answers."""
    checks = [
        looked(CLUSTER, "leader", partial(leads, found), Needed.SERVICE),
        looked(CLUSTER, "quorum", partial(quorum, found), Needed.SERVICE),
        looked(CLUSTER, "agency probe", partial(written, deployment, found), Needed.SERVICE),
        looked(CLUSTER, "agreement", partial(agreement, found)),
        *tree_checks(deployment, found),
    ]
    return [*checks, *through_coordinator(deployment, servers)]


def tree_checks(deployment: Deployment, found: Heard) -> list[Check]:
    """Read what the agency keeps of maintenance, jobs and failed servers."""
    names = ("supervision", "jobs", "failed servers", "writable")
    if found.leader is None:
        return [Check(CLUSTER, name, False, NOT_LOOKED) for name in names]
    try:
        with deployment.client(found.leader) as client:
            tree = agency.tree(client, TREE)
    except ArmadilloError as exc:
        return [Check(CLUSTER, name, False, str(exc)) for name in names]
    looks: tuple[Callable[[], str], ...] = (
        partial(supervised, tree),
        partial(empty, tree, "Target/ToDo", "Target/Pending"),
        partial(empty, tree, "Target/FailedServers", "Target/ToBeCleanedServers"),
        partial(writable, tree),
    )
    return [looked(CLUSTER, name, look) for name, look in zip(names, looks, strict=True)]


def supervised(tree: Any) -> str:
    """Say that the supervision works, or raise that it is switched off."""
    mode = agency.walked(tree, "/arango/Supervision/State/Mode")
    resting = agency.walked(tree, "/arango/Current/MaintenanceDBServers") or {}
    if mode != "Normal":
        raise NotYet(f"mode is {mode}")
    if resting:
        raise NotYet(f"in maintenance: {', '.join(sorted(resting))}")
    return "Normal, no server in maintenance"


def empty(tree: Any, *paths: str) -> str:
    """Say that nothing is at some paths, or raise what is."""
    for path in paths:
        there = agency.walked(tree, f"/arango/{path}")
        if there:
            raise NotYet(f"{path}: {', '.join(sorted(map(str, there)))}")
    return "none"


def writable(tree: Any) -> str:
    if agency.walked(tree, "/arango/Readonly"):
        raise NotYet("the cluster is read-only")
    return "yes"


def through_coordinator(deployment: Deployment, servers: Sequence[Server]) -> list[Check]:
    """Ask the first coordinator that answers; when none does, nothing that only they know can hold."""
    supervised_ones = of_role(servers, *SUPERVISED)
    names = [(one.name, "GOOD") for one in supervised_ones] + [(CLUSTER, "endpoints"), (CLUSTER, "versions")]
    for server in of_role(servers, "coordinator"):
        if not (server.container.running and server.url):
            continue
        with deployment.client(server) as client:
            try:
                registered = admin.servers(client)
            except ArmadilloError:
                continue
            return [
                *(looked(one.name, "GOOD", partial(status_of, registered, one)) for one in supervised_ones),
                looked(CLUSTER, "endpoints", lambda: all_known(admin.endpoints(client), servers)),
                looked(CLUSTER, "versions", partial(one_version, registered)),
                looked(CLUSTER, "in sync", lambda: in_sync(admin.out_of_sync(client, besides=PROBE)), Needed.IN_SYNC),
            ]
    unseen = [Check(name, what, False, NOT_LOOKED) for name, what in names]
    return [*unseen, Check(CLUSTER, "in sync", False, NOT_LOOKED, Needed.IN_SYNC)]


def all_known(endpoints: Sequence[str], servers: Sequence[Server]) -> str:
    expected = len(of_role(servers, "coordinator"))
    if len(endpoints) != expected:
        raise NotYet(f"the cluster knows {len(endpoints)} of {expected} coordinators")
    return ", ".join(endpoints)


def one_version(registered: Mapping[str, Any]) -> str:
    """Say which version all have; one that does not answer has none to tell, and other checks say that."""
    found = sorted({str(told["Version"]) for told in registered.values() if told.get("Version", "?") != "?"})
    if not found:
        raise NotYet("no server tells its version")
    if len(found) != 1:
        raise NotYet(f"several: {', '.join(found)}")
    return found[0]


def in_sync(behind: Sequence[str]) -> str:
    if behind:
        raise NotYet(f"not in sync: {', '.join(behind)}")
    return "every shard"
