"""Which routes a server of each role has.

Knows nothing of what is behind them.
"""

from __future__ import annotations

from arangod.api.routes import Route

Routes = list[tuple[str, str, Route]]


def routes_for(role: str) -> Routes:
    """Return the routes of a role; a server loads only those of its own."""
    match role:
        case "AGENT":
            from arangod.api.agent_routes import ROUTES
        case "PRIMARY":
            from arangod.api.dbserver_routes import ROUTES
        case "COORDINATOR":
            from arangod.api.coordinator_routes import ROUTES
        case _:
            from arangod.api.routes import ROUTES
    return ROUTES
