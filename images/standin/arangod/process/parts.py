"""What a server of each role does besides answering: the single server's part, and where the others' are.

Knows nothing of sockets or of signals.
"""

from __future__ import annotations

from typing import Protocol

from arangod.auth.password import user_document
from arangod.node import Node
from arangod.process import role
from arangod.process.datadir import DataDirectory
from arangod.process.storage import opened
from arangod.store.names import SYSTEM, USERS


class Part(Protocol):
    """A role played."""

    def prepare(self) -> None:
        """Bring the data directory up to date, without the help of any other server."""

    def open(self) -> None:
        """Make the node serve, however long it takes, but not past a stop."""

    def close(self) -> None:
        """End everything begun, and let go of the files."""


def part_for(node: Node, directory: DataDirectory) -> Part:
    """Return the part the node has to play."""
    match node.identity.role:
        case role.AGENT:
            from arangod.process.agent import AgentPart

            return AgentPart(node, directory)
        case role.DBSERVER:
            from arangod.process.dbserver import DBServerPart

            return DBServerPart(node, directory)
        case role.COORDINATOR:
            from arangod.process.coordinator import CoordinatorPart

            return CoordinatorPart(node, directory)
    return SinglePart(node, directory)


class SinglePart:
    """A server on its own: a store with its system database and the root user."""

    def __init__(self, node: Node, directory: DataDirectory) -> None:
        self._node = node
        self._directory = directory

    def prepare(self) -> None:
        """Open the store; a new one gets its system database and the root user."""
        node = self._node
        store = opened(self._directory, node.options, node.log)
        if store.is_new:
            store.create_database(SYSTEM, [(USERS, user_document("root", node.options.text("database.password")))])
        if not self._directory.is_initialised:
            self._directory.mark_initialised(node.identity.id)
        node.keep(store)

    def open(self) -> None:
        """Serve as soon as the store is there."""
        self.prepare()
        self._node.serve()

    def close(self) -> None:
        """Close the store."""
        if self._node.has_store:
            self._node.store.close()
