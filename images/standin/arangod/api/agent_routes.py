"""The routes of an agent: the agency, what agents ask each other, and what every server answers.

Knows nothing of consensus or of the store.
"""

from __future__ import annotations

from arangod.api import agency, agency_peers, logs, server, version
from arangod.api.routes import ADMIN, ANYBODY, SUPERUSER, USER, Route

ROUTES: list[tuple[str, str, Route]] = [
    (method, path, Route(handler, need))
    for method, path, need, handler in [
        ("GET", "/_api/version", USER, version.version),
        ("GET", "/_admin/version", USER, version.version),
        ("GET", "/_admin/database/target-version", USER, version.target_version),
        ("GET", "/_admin/license", USER, version.license_),
        ("GET", "/_api/engine", USER, version.engine),
        ("GET", "/_admin/server/availability", ANYBODY, server.availability),
        ("GET", "/_admin/server/role", USER, server.role),
        ("GET", "/_admin/server/id", USER, agency.id_),
        ("GET", "/_admin/server/mode", USER, server.mode),
        ("GET", "/_admin/status", USER, agency.status),
        ("GET", "/_admin/time", USER, server.time_),
        ("GET", "/_admin/metrics", USER, agency.metrics),
        ("GET", "/_admin/metrics/v2", USER, agency.metrics),
        ("DELETE", "/_admin/shutdown", ADMIN, server.shutdown),
        ("GET", "/_admin/log/level", ADMIN, logs.levels),
        ("PUT", "/_admin/log/level", ADMIN, logs.set_levels),
        *((method, "/_admin/echo", USER, server.echo) for method in ("GET", "POST", "PUT", "DELETE", "PATCH")),
        ("GET", "/_api/agency/config", SUPERUSER, agency.config),
        ("GET", "/_api/agency/state", SUPERUSER, agency.state),
        ("GET", "/_api/agency/stores", SUPERUSER, agency.stores),
        ("GET", "/_api/agency/poll", SUPERUSER, agency.poll),
        ("POST", "/_api/agency/read", SUPERUSER, agency.read),
        ("POST", "/_api/agency/write", SUPERUSER, agency.write),
        ("POST", "/_api/agency/transact", SUPERUSER, agency.transact),
        ("POST", "/_api/agency/transient", SUPERUSER, agency.transient),
        ("POST", "/_api/agency/inquire", SUPERUSER, agency.inquire),
        *((method, "/_api/agency/{verb}", SUPERUSER, agency.unknown) for method in ("GET", "POST")),
        ("POST", "/_api/agency_priv/appendEntries", SUPERUSER, agency_peers.append_entries),
        ("GET", "/_api/agency_priv/requestVote", SUPERUSER, agency_peers.request_vote),
        ("POST", "/_api/agency_priv/gossip", SUPERUSER, agency_peers.gossip),
        ("GET", "/_api/agency_priv/activeAgents", SUPERUSER, agency_peers.active_agents),
    ]
]
