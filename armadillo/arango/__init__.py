"""One ArangoDB server, over HTTP. Knows no container and no topology."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from armadillo.arango.http import Client, Reply, simple_health_check

if TYPE_CHECKING:
    from armadillo.cluster.server import ArangoServer

__all__ = ["ArangoServer", "Client", "Reply", "simple_health_check"]


def __getattr__(name: str) -> Any:
    """Look up the one name that needs an engine when it is used."""
    if name != "ArangoServer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from armadillo.cluster.server import ArangoServer

    return ArangoServer
