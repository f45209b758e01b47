"""What agents say of themselves, and what follows when all of them are heard: leader, term, lag, quorum.

Asks one agent at a time; which agents a deployment has is not its business.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from armadillo.arango.http import Client
from armadillo.errors import HealthCheckError

SECONDS = 3.0
PROBE = "/armadillo/probe"
PROBE_TTL = 60
ACKED_WITHIN = 1.0
LAG = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Agent:
    """One agent's own view."""

    id: str
    leader: str
    term: int
    commit_index: int
    size: int
    active: tuple[str, ...]
    acked: Mapping[str, tuple[float, int]]

    @property
    def leads(self) -> bool:
        """Say whether it takes itself for the leader."""
        return bool(self.id) and self.leader == self.id


def of_config(said: Mapping[str, Any]) -> Agent:
    """Read an agent's configuration."""
    try:
        inner = said["configuration"]
        acked = {
            other: (float(one.get("lastAckedTime", 0)), int(one.get("lastAckedIndex", 0)))
            for other, one in (said.get("lastAcked") or {}).items()
        }
        return Agent(
            id=str(inner["id"]),
            leader=str(said.get("leaderId", "")),
            term=int(said["term"]),
            commit_index=int(said.get("commitIndex", 0)),
            size=int(inner["agency size"]),
            active=tuple(inner.get("active") or ()),
            acked=acked,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise HealthCheckError("the agent's configuration is not one", status=200, body=str(said)) from exc


def asked(client: Client, *, seconds: float = SECONDS) -> Agent:
    """Ask an agent for its configuration."""
    return of_config(client.ask("GET", "/_api/agency/config", seconds=seconds))


@dataclasses.dataclass(frozen=True, slots=True)
class Agency:
    """All agents of a deployment by their server's name; None for one that does not answer."""

    agents: Mapping[str, Agent | None]

    @property
    def heard(self) -> dict[str, Agent]:
        """Return those that answer."""
        return {name: agent for name, agent in self.agents.items() if agent is not None}

    @property
    def leader(self) -> str | None:
        """The server that leads: itself says so, in the newest term, and a quorum names it."""
        heard = self.heard
        newest = max((agent.term for agent in heard.values()), default=0)
        for name, agent in heard.items():
            behind = sum(other.leader == agent.id and other.term == newest for other in heard.values())
            if agent.leads and agent.term == newest and behind >= self.quorum:
                return name
        return None

    @property
    def quorum(self) -> int:
        """How many agents it takes."""
        return len(self.agents) // 2 + 1

    @property
    def margin(self) -> int:
        """How many more agents may be lost; below zero nothing is acknowledged any more."""
        return len(self.heard) - self.quorum

    @property
    def term(self) -> int:
        """The newest term anybody is in."""
        return max((agent.term for agent in self.heard.values()), default=0)

    @property
    def lag(self) -> dict[str, int]:
        """How many log entries each follower that answers is behind the leader."""
        heard, leader = self.heard, self.leader
        if leader is None:
            return {}
        ahead = heard[leader].commit_index
        return {name: max(0, ahead - agent.commit_index) for name, agent in heard.items() if name != leader}

    def disagreement(self) -> str:
        """Say in what the agents that answer do not agree; empty when they do."""
        heard = self.heard
        if self.leader is None:
            said = ", ".join(f"{name}: {agent.leader or 'none'} in term {agent.term}" for name, agent in heard.items())
            return f"no leader ({said or 'no agent answers'})"
        leading = heard[self.leader]
        for name, agent in heard.items():
            if agent.leader != leading.id:
                return f"{name} follows {agent.leader or 'nobody'}, not {self.leader}"
            if agent.term != leading.term:
                return f"{name} is in term {agent.term}, {self.leader} in {leading.term}"
            if agent.size != len(self.agents) or len(agent.active) != agent.size:
                return f"{name} knows {len(agent.active)} of {agent.size} agents, there are {len(self.agents)}"
        return ""

    def slow(self) -> str:
        """Say which follower has not acknowledged for a while, or lags; empty when none."""
        leader = self.leader
        if leader is None:
            return "no leader"
        names = {agent.id: name for name, agent in self.heard.items()}
        for other, (ago, _) in self.heard[leader].acked.items():
            if ago >= ACKED_WITHIN:
                return f"{names.get(other, other)} has acknowledged nothing for {ago:.1f} s"
        return next((f"{name} is {behind} entries behind" for name, behind in self.lag.items() if behind > LAG), "")


def write_and_read(leader: Client, *, seconds: float = SECONDS) -> str:
    """Write a key of our own through the leader and read it back; it goes by itself."""
    value = secrets.token_hex(8)
    key = f"{PROBE}/{value}"
    wrote = leader.ask(
        "POST", "/_api/agency/write", json=[[{key: {"op": "set", "new": value, "ttl": PROBE_TTL}}]], seconds=seconds
    )
    read = tree(leader, [key], seconds=seconds)
    leader.ask("POST", "/_api/agency/write", json=[[{key: {"op": "delete"}}]], seconds=seconds)
    if walked(read, key) != value:
        raise HealthCheckError("the agency does not read back what it wrote", status=200, body=str(read))
    return f"wrote and read back at log index {wrote.get('results', ['?'])[0]}"


def tree(leader: Client, paths: Sequence[str], *, seconds: float = SECONDS) -> Any:
    """Return the parts of the agency's tree at some paths, below its root."""
    read = leader.ask("POST", "/_api/agency/read", json=[list(paths)], seconds=seconds)
    return read[0] if isinstance(read, list) and read else {}


def walked(value: Any, key: str) -> Any:
    """Return what is at a path of a tree; None when there is nothing."""
    for part in key.strip("/").split("/"):
        value = value.get(part) if isinstance(value, dict) else None
    return value
