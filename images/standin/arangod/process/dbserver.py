"""The part of a dbserver: a store of shards, kept as the cluster's plan says.

Knows nothing of sockets or of requests.
"""

from __future__ import annotations

from arangod.cluster.shards import Shards
from arangod.node import Node
from arangod.process import joining
from arangod.process.datadir import DataDirectory
from arangod.process.storage import opened

_FOLLOWER_SECONDS = 3.0
_REFUSALS = {"403": 1004, "503": 1429}


class DBServerPart:
    """A server that holds shards."""

    def __init__(self, node: Node, directory: DataDirectory) -> None:
        self._node = node
        self._directory = directory
        self._member = joining.member(node)
        self._shards: Shards | None = None

    def prepare(self) -> None:
        """Open the store of shards."""
        node = self._node
        store = opened(self._directory, node.options, node.log)
        minimum = "cluster.synchronous-replication-timeout-minimum"
        timeout = node.options.number(minimum) if minimum in node.options.given else _FOLLOWER_SECONDS
        refusal = _REFUSALS[node.options.text("cluster.failed-write-concern-status-code")]
        self._shards = Shards(store, self._member, timeout=timeout, refusal=refusal)
        if not self._directory.is_initialised:
            self._directory.mark_initialised(node.identity.id)
        node.keep(store, self._shards)

    def open(self) -> None:
        """Register, bring the shards as planned, and serve."""
        node = self._node
        self.prepare()
        assert self._shards is not None
        factor = int(node.options.number("cluster.system-replication-factor"))
        if self._member.register(joining.new_cluster_id(), factor):
            node.join(self._member)
            node.serve()
            self._shards.start()
            self._member.serving()

    def close(self) -> None:
        """Say goodbye, and close the store."""
        self._member.view.close()
        if self._shards is not None:
            self._shards.close()
        self._member.close()
        if self._node.has_store:
            self._node.store.close()
