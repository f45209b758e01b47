"""One shard this server leads: who has it in sync, and how that is kept true.

Knows nothing of the plan as a whole, nor of requests.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from arangod.cluster import maintenance
from arangod.cluster.agreed import Shard, endpoint_of, planned_shards, reboot_id
from arangod.cluster.copies import place, summary
from arangod.cluster.member import Member
from arangod.cluster.peers import Unreachable
from arangod.failure import ArangoError
from arangod.store.engine import Store

_NOT_YET = 404
_TRIES = 30
_BETWEEN_TRIES = 0.01
_CATCH_UP_SECONDS = 60.0


class Leadership:
    """A shard led; every method is called with the lock held."""

    def __init__(self, shard: Shard, member: Member, store: Store, *, timeout: float) -> None:
        self.lock = threading.RLock()
        self.shard = shard
        self.followers: list[str] = []
        self.is_open = False
        self.dropped = 0
        self._reported: list[str] = []
        self._boots: dict[str, int] = {}
        self._member = member
        self._store = store
        self._timeout = timeout

    @property
    def servers(self) -> list[str]:
        """The servers in sync, this one first."""
        return [self._member.id, *self.followers]

    @property
    def is_whole(self) -> bool:
        """Tell whether every server planned for the shard is in sync, and the agency knows."""
        return self.servers == list(self.shard.servers) == self._reported

    def needs_work(self, shard: Shard) -> bool:
        """Tell whether the plan is another one, or a server is not in sync, or has started or failed since it was."""
        return not self.is_open or not self.is_whole or shard.servers != self.shard.servers or bool(self._restarted())

    def _restarted(self) -> list[str]:
        tree = self._member.tree
        return [server for server in self.followers if reboot_id(tree, server) != self._boots.get(server)]

    def follow_plan(self, shard: Shard, reachable: Sequence[str]) -> None:
        """Bring servers in sync that should be and can be, forget those that should not, and report it."""
        self.shard = shard
        restarted = self._restarted()
        kept = [server for server in self.followers if server not in restarted] if self.is_open else []
        self.followers = [server for server in shard.servers[1:] if server in kept]
        for server in shard.servers[1:]:
            boot = reboot_id(self._member.tree, server)
            if server not in self.followers and server in reachable and self._catches_up(server):
                self.followers.append(server)
                self._boots[server] = boot
        self.followers.sort(key=shard.servers.index)
        self.report()
        self.is_open = True

    def _catches_up(self, server: str) -> bool:
        """Make the copy on a server like the one here, unless it is; a server that starts may need a moment."""
        for _ in range(_TRIES):
            try:
                return self._compared(server)
            except Unreachable:
                return False
            except ArangoError as exc:
                if exc.status != _NOT_YET or self._member.stopping.wait(_BETWEEN_TRIES):
                    return False
        return False

    def _compared(self, server: str) -> bool:
        held = self._store.collection(self.shard.database, self.shard.name)
        mine = summary(held)
        if self._ask(server, "GET") == mine:
            return True
        documents = list(held.documents.values())
        body = {"leader": self._member.id, "documents": documents}
        answer = self._ask(server, "PUT", "", body, timeout=_CATCH_UP_SECONDS)
        text = f"copied {mine['count']} documents of {self.shard.name} to {server}"
        self._member.log.write("INFO", "5a011", "replication", text)
        return bool(answer == mine)

    def _ask(self, server: str, method: str, more: str = "", body: Any = None, *, timeout: float | None = None) -> Any:
        endpoint = endpoint_of(self._member.tree, server)
        target = place(self.shard.database, self.shard.name) + more
        return self._member.peers.json(endpoint, method, target, body, timeout=timeout or self._timeout)

    def replicate(self, changes: list[list[Any]], *, sync: bool) -> None:
        """Let every server in sync do what was done here; who does not is no longer in sync, and that is reported."""
        body = {"leader": self._member.id, "changes": changes, "sync": sync}
        for server in list(self.followers):
            try:
                self._ask(server, "POST", "", body)
            except (Unreachable, ArangoError) as exc:
                self.followers.remove(server)
                self.dropped += 1
                text = f"synchronous replication: dropping follower {server} for shard {self.shard.name}: {exc}"
                self._member.log.write("WARNING", "230c3", "replication", text)
        self.report()

    def report(self) -> None:
        """Let the agency know who is in sync; nothing may be acknowledged before it does."""
        if self._reported == self.servers:
            return
        for _ in range(_TRIES):
            tree = self._member.tree
            change = maintenance.report(tree, self.shard, self.servers)
            if change is None or self._member.write(change):
                self._reported = self.servers
                return
            self._member.view.changed_since(tree, _BETWEEN_TRIES)
            self.shard = self._planned()
        raise ArangoError(1488)

    def _planned(self) -> Shard:
        """Return the shard as it is planned now, if it is still to be led here."""
        found = next((one for one in planned_shards(self._member.tree) if one.key == self.shard.key), None)
        if found is None or found.servers[0] != self._member.id:
            raise ArangoError(1491)
        return found
