"""The labels on everything of ours: the list of them, and nothing else is stored anywhere.

Words only: what they mean is with whoever sets and reads them.
"""

from __future__ import annotations

from typing import Final

PREFIX: Final = "armadillo."

MANAGED: Final = "armadillo.managed"
NAME: Final = "armadillo.name"
RUN_ID: Final = "armadillo.run-id"
SESSION_ID: Final = "armadillo.session-id"
OWNER: Final = "armadillo.owner"
PROCESS: Final = "armadillo.process"
LIFETIME: Final = "armadillo.lifetime"
PORT: Final = "armadillo.port"
ROLE: Final = "armadillo.role"
INDEX: Final = "armadillo.index"
TOPOLOGY_HASH: Final = "armadillo.topology-hash"
CREATED: Final = "armadillo.created"
VERSION: Final = "armadillo.version"
STANDIN: Final = "armadillo.standin"
SCHEMA: Final = "armadillo.schema"

COMPOSE_PROJECT: Final = "com.docker.compose.project"
COMPOSE_SERVICE: Final = "com.docker.compose.service"
COMPOSE_NUMBER: Final = "com.docker.compose.container-number"
COMPOSE_ONEOFF: Final = "com.docker.compose.oneoff"
COMPOSE_HASH: Final = "com.docker.compose.config-hash"
COMPOSE_VERSION: Final = "com.docker.compose.version"
COMPOSE_NETWORK: Final = "com.docker.compose.network"
COMPOSE_VOLUME: Final = "com.docker.compose.volume"

LATE: Final = frozenset({RUN_ID, SESSION_ID, OWNER, PROCESS, LIFETIME, PORT, CREATED, VERSION, STANDIN})
"""Those that are known only when a deployment is started; a rendered text never holds them."""


def project(name: str) -> str:
    """Return the Compose project of a deployment."""
    return f"armadillo-{name}"
