"""The part of a coordinator: a member of the cluster that answers clients for all of it.

Knows nothing of sockets or of requests.
"""

from __future__ import annotations

from arangod.cluster.accounts import Accounts
from arangod.cluster.bootstrap import bootstrap
from arangod.cluster.coordination import Coordination
from arangod.cluster.front import Front
from arangod.cluster.registration import mastership
from arangod.node import Node, Phase
from arangod.process import joining
from arangod.process.datadir import DataDirectory


class CoordinatorPart:
    """A server that answers for the cluster."""

    def __init__(self, node: Node, directory: DataDirectory) -> None:
        self._node = node
        self._directory = directory
        self._member = joining.member(node)

    def prepare(self) -> None:
        """Leave the marks of a directory that is set up; nothing else is kept in it."""
        if not self._directory.is_initialised:
            self._directory.mark_initialised(self._node.identity.id)

    def open(self) -> None:
        """Register, see to the bootstrap of the cluster, and serve."""
        node, member = self._node, self._member
        self.prepare()
        factor = int(node.options.number("cluster.system-replication-factor"))
        if not member.register(joining.new_cluster_id(), factor):
            return
        coordination = Coordination(member, node.options)
        accounts = Accounts(coordination)
        member.tell_users = accounts.all
        node.join(member, Front(coordination, accounts))
        if node.phase == Phase.STARTUP:
            node.phase = Phase.MAINTENANCE
        if bootstrap(coordination, accounts, node.options.text("database.password")):
            accounts.all()
            member.write(mastership(node.identity.id))
            member.serving()
            node.serve()

    def close(self) -> None:
        """Say goodbye."""
        self._member.close()
