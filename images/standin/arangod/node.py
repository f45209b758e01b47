"""The server as its parts see it: what it is, in which phase, and what a request may ask of it.

Knows nothing of routes or of sockets.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from arangod.auth.guard import Guard
from arangod.options.parse import Options
from arangod.process.log import Log
from arangod.process.machine import Machine
from arangod.store.documents import Documents, Stored
from arangod.store.engine import Store
from arangod.store.names import SYSTEM, USERS

if TYPE_CHECKING:
    from arangod.agency.post import Post
    from arangod.cluster.front import Front
    from arangod.cluster.member import Member
    from arangod.cluster.shards import Shards


class Phase:
    """What a server is busy with; everything is answered only while it serves."""

    STARTUP = "STARTUP"
    MAINTENANCE = "MAINTENANCE"
    SERVING = "SERVING"
    STOPPING = "SHUTDOWN"


class Identity(NamedTuple):
    """Who a server is: its role, and the id that outlives the process."""

    role: str
    id: str


class Node:
    """One running server; what it stores, or the cluster it is part of, is there once the start-up is over."""

    def __init__(
        self, identity: Identity, options: Options, log: Log, machine: Machine, secrets: Sequence[bytes]
    ) -> None:
        self.secrets = secrets
        self.identity = identity
        self.options = options
        self.log = log
        self.machine = machine
        self.guard = Guard(
            secrets,
            self.user,
            active=options.flag("server.authentication"),
            session_seconds=options.number("server.session-timeout"),
        )
        self.host = socket.gethostname()
        self.phase = Phase.STARTUP
        self.mode = "default"
        self.started = time.monotonic()
        self.stop: Callable[[], None] = lambda: None
        self.stopping = threading.Event()
        self._store: Store | None = None
        self._documents: Documents | None = None
        self._member: Member | None = None
        self._shards: Shards | None = None
        self._front: Front | None = None
        self.more_status: Callable[[], dict[str, Any]] = dict
        self.more_measures: Callable[[], Mapping[str, tuple[str, float]]] = dict
        self._post: Post | None = None

    @property
    def store(self) -> Store:
        """The store; asked for only while it is open."""
        assert self._store is not None
        return self._store

    @property
    def member(self) -> Member:
        """The part this server plays in its cluster; asked for only where there is one."""
        assert self._member is not None
        return self._member

    @property
    def post(self) -> Post:
        """The agent this server is; asked for only where it is one."""
        assert self._post is not None
        return self._post

    def take_post(self, post: Post) -> None:
        """Become an agent."""
        self._post = post

    @property
    def shards(self) -> Shards:
        """The shards of a dbserver."""
        assert self._shards is not None
        return self._shards

    @property
    def front(self) -> Front:
        """What a coordinator does for its clients."""
        assert self._front is not None
        return self._front

    def keep(self, store: Store, shards: Shards | None = None) -> None:
        """Take the store; where it holds shards of a cluster, they answer for its documents."""
        self._store = store
        self._shards = shards
        self._documents = shards or Stored(store)

    @property
    def documents(self) -> Documents:
        """The documents this server answers for."""
        assert self._documents is not None
        return self._documents

    def join(self, member: Member, front: Front | None = None) -> None:
        """Take the part in a cluster, and on a coordinator what clients see of it."""
        self._member = member
        self._front = front
        self.more_status, self.more_measures = member.status, member.measures
        if front is not None:
            self.guard.refresh = front.accounts.refresh

    def serve(self) -> None:
        """Begin to serve, unless a stop was asked for meanwhile."""
        if self.phase != Phase.STOPPING:
            self.phase = Phase.SERVING

    @property
    def has_store(self) -> bool:
        """Tell whether there is a store."""
        return self._store is not None

    @property
    def databases(self) -> Collection[str]:
        """The names of the databases."""
        if self._member is not None:
            return self._member.databases
        return [SYSTEM] if self._store is None else list(self._store.model.databases)

    def user(self, name: str) -> Mapping[str, Any] | None:
        """Return the entry of a user, if there is one."""
        return next((entry for entry in self._users() if entry.get("user") == name), None)

    def _users(self) -> Sequence[Mapping[str, Any]]:
        if self._member is not None:
            return self._member.users
        if self._store is None:
            return ()
        return list(self._store.collection(SYSTEM, USERS).documents.values())

    @property
    def uptime(self) -> float:
        """Seconds since the process began to start."""
        return time.monotonic() - self.started
