"""What an agent says of itself: configuration, status and measures.

Knows nothing of HTTP.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from arangod import ARANGO_VERSION
from arangod.agency.agent import Agent, NotLeading, View
from arangod.agency.consensus import Keeping
from arangod.agency.pool import Pool
from arangod.agency.raft import Timing
from arangod.agency.supervise import Timings


class Settings(NamedTuple):
    """What the options ask of an agent."""

    size: int
    endpoint: str
    others: tuple[str, ...]
    timing: Timing
    keeping: Keeping
    supervision: bool
    timings: Timings
    wait_for_sync: bool


def _last_acked(agent: Agent, view: View) -> dict[str, Any]:
    if not view.leading:
        return {}
    told: dict[str, Any] = {agent.id: {"lastAckedTime": 0, "lastAckedIndex": view.commit}}
    for peer, one in view.acked.items():
        told[peer] = {
            "lastAckedTime": round(one.ago, 6),
            "lastAckedIndex": one.upto,
            "lastAppend": round(one.asked_ago, 6),
        }
    return told


def configuration(agent: Agent, pool: Pool, settings: Settings) -> dict[str, Any]:
    """Return what `config` says."""
    timing, timings = settings.timing, settings.timings
    try:
        view = agent.view()
    except NotLeading:
        view = None
    return {
        "term": view.term if view else 0,
        "leaderId": view.leader if view else "",
        "commitIndex": view.commit if view else agent.state.index,
        "lastCompactionAt": view.compacted if view else 0,
        "nextCompactionAfter": (view.compacted if view else 0) + settings.keeping.size + settings.keeping.step,
        "lastAcked": _last_acked(agent, view) if view else {},
        "configuration": {
            "pool": pool.endpoints,
            "active": sorted(pool.endpoints),
            "id": agent.id,
            "agency size": settings.size,
            "pool size": settings.size,
            "endpoint": settings.endpoint,
            "min ping": timing.shortest,
            "max ping": timing.longest,
            "timeoutMult": 1,
            "supervision": settings.supervision,
            "supervision frequency": timings.frequency,
            "compaction step size": settings.keeping.step,
            "compaction keep size": settings.keeping.size,
            "supervision grace period": timings.grace_period,
            "supervision ok threshold": timings.ok_threshold,
            "version": 2,
            "startup": "origin",
        },
        "engine": "rocksdb",
        "version": ARANGO_VERSION,
        "license": "community",
    }


def status(agent: Agent, settings: Settings) -> dict[str, Any]:
    """Return what `/_admin/status` says of the role."""
    try:
        view = agent.view()
    except NotLeading:
        view = None
    return {
        "id": agent.id,
        "leaderId": view.leader if view else "",
        "leading": bool(view and view.leading),
        "endpoint": settings.endpoint,
        "term": view.term if view else 0,
    }


def measures(agent: Agent) -> dict[str, tuple[str, float]]:
    """Return the measures an agent has besides those of every server."""
    try:
        view = agent.view()
    except NotLeading:
        view = None
    return {
        "arangodb_agency_term": ("gauge", view.term if view else 0),
        "arangodb_agency_local_commit_index": ("gauge", view.commit if view else 0),
        "arangodb_agency_log_size_bytes": ("gauge", agent.log_bytes),
        **{f"arangodb_agency_{name}_total": ("counter", count) for name, count in agent.counts.items()},
    }
