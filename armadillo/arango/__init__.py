"""One ArangoDB server, over HTTP. Knows no container and no topology."""

from __future__ import annotations

from armadillo.arango.http import Client, Reply, simple_health_check

__all__ = ["Client", "Reply", "simple_health_check"]
