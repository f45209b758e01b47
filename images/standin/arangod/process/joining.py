"""How a server becomes a member of its cluster: what it says of itself, and how it reaches agency and peers.

Knows nothing of what the role does there.
"""

from __future__ import annotations

import os
import time

from arangod import ARANGO_VERSION
from arangod.agency.client import AgencyClient
from arangod.auth import jwt
from arangod.cluster.member import Member
from arangod.cluster.peers import Peers
from arangod.cluster.registration import Facts
from arangod.node import Node

_FRESH_SECONDS = 3000
_VALID_SECONDS = 3600


class Tokens:
    """The token servers show each other, made anew before it ends."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._token = ""
        self._until = 0.0

    def __call__(self) -> str:
        """Return a token that is good for a while; none without authentication."""
        if self._node.guard.active and time.time() > self._until:
            now = int(time.time())
            claims = {"iss": "arangodb", "server_id": self._node.identity.id, "iat": now, "exp": now + _VALID_SECONDS}
            self._token, self._until = jwt.issue(self._node.secrets[0], claims), time.time() + _FRESH_SECONDS
        return self._token


def facts(node: Node) -> Facts:
    """Return what this server says of itself."""
    options, identity = node.options, node.identity
    return Facts(
        identity.id,
        identity.role,
        options.text("cluster.my-address"),
        options.text("cluster.my-advertised-endpoint"),
        node.host,
        ARANGO_VERSION,
        node.machine.cores,
        node.machine.memory,
        options.flag("database.extended-names"),
    )


def member(node: Node) -> Member:
    """Return this server as a member of its cluster, not yet known there."""
    tokens = Tokens(node)
    endpoints = node.options.texts("cluster.agency-endpoint")
    return Member(
        facts(node),
        lambda patience: AgencyClient(endpoints, tokens, patience=patience),
        Peers(tokens),
        node.log,
        node.stopping,
        endpoints,
    )


def new_cluster_id() -> str:
    """Return an id for a cluster that has none."""
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
