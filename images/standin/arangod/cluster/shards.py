"""The shards of a dbserver: created and dropped as planned, led or followed, written and read.

Knows nothing of HTTP requests or of whole collections.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from arangod.cluster import copies, maintenance
from arangod.cluster.agreed import GOOD, Shard, at, in_sync, planned_shards, status_of
from arangod.cluster.leadership import Leadership
from arangod.cluster.member import Member
from arangod.failure import ArangoError
from arangod.store import documents
from arangod.store.documents import Written
from arangod.store.engine import Store
from arangod.store.model import Document, Operation

_OPEN_SECONDS = 5.0
_AGAIN = 0.2
_FOLLOWER_SECONDS = 3.0
Place = tuple[str, str]


class Shards:
    """What this dbserver holds; a thread of its own keeps it as planned."""

    def __init__(
        self, store: Store, member: Member, *, timeout: float = _FOLLOWER_SECONDS, refusal: int = 1004
    ) -> None:
        self.store = store
        self._member = member
        self._timeout = timeout
        self._refusal = refusal
        self._led: dict[Place, Leadership] = {}
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._keep_as_planned, name="maintenance", daemon=True)
        member.tell_measures = self.measures

    def start(self) -> None:
        """Bring everything as planned once, then keep it so."""
        self._tried(self._member.tree)
        self._thread.start()

    def close(self) -> None:
        """Wait for the work under way; call it when the view is closed."""
        if self._thread.ident is not None:
            self._thread.join()

    def _keep_as_planned(self) -> None:
        stopping = self._member.stopping
        tree: dict[str, Any] = {}
        while not stopping.is_set():
            tree = self._member.view.changed_since(tree, None if self._is_whole() else _AGAIN)
            if stopping.is_set():
                return
            if not self._tried(tree):
                stopping.wait(_AGAIN)
                tree = {}

    def _tried(self, tree: dict[str, Any]) -> bool:
        try:
            self._once(tree)
        except ArangoError as exc:
            self._member.log.write("WARNING", "5a012", "maintenance", f"will try again: {exc}")
            return False
        return True

    def _is_whole(self) -> bool:
        return all(led.is_whole for led in self._led.values())

    def _once(self, tree: dict[str, Any]) -> None:
        """Create, drop, report and lead what the plan says."""
        if not at(tree, "InitDone"):
            return
        todo = maintenance.decide(tree, self._here(), self._member.id)
        self._create_and_drop(todo)
        if todo.reports:
            self._member.write(*todo.reports)
        self._lead(tree)

    def _here(self) -> dict[str, list[str]]:
        databases = list(self.store.model.databases.values())
        return {held.name: list(held.collections) for held in databases}

    def _create_and_drop(self, todo: maintenance.Todo) -> None:
        """Change what is stored here in one step."""
        operations: list[Operation] = []
        with self.store.lock:
            operations += [["database", self.store.tick(), name] for name in todo.new_databases]
            for shard in todo.new_shards:
                entry = shard.entry
                properties = {"planId": shard.collection, "planName": entry["name"]}
                properties |= {name: True for name in ("waitForSync",) if entry.get(name)}
                kind = entry.get("type", 2)
                operations.append(["collection", shard.database, self.store.tick(), shard.name, kind, properties])
            for database, name in todo.old_shards:
                if database not in todo.old_databases:
                    operations.append(["drop collection", self.store.collection(database, name).id])
            operations += [["drop database", name] for name in todo.old_databases]
            durable = self.store.commit(operations, sync=True) if operations else None
        if durable is not None:
            durable()

    def _lead(self, tree: dict[str, Any]) -> None:
        """Lead what is planned to be led here; let go of the rest."""
        mine = {(shard.database, shard.name): shard for shard in maintenance.led_by(tree, self._member.id)}
        for place in [place for place in self._led if place not in mine]:
            del self._led[place]
        reachable = [server for server in at(tree, "Plan", "DBServers") if status_of(tree, server) in (GOOD, "")]
        for place, shard in mine.items():
            led = self._led.get(place)
            if led is None:
                led = Leadership(shard, self._member, self.store, timeout=self._timeout)
                self._led[place] = led
            with led.lock:
                if led.needs_work(shard):
                    self._follow(led, shard, reachable)
        with self._changed:
            self._changed.notify_all()

    def _follow(self, led: Leadership, shard: Shard, reachable: list[str]) -> None:
        try:
            led.follow_plan(shard, reachable)
        except ArangoError as exc:
            text = f"shard {shard.name} of {shard.database}: {exc}"
            self._member.log.write("WARNING", "5a013", "maintenance", text)

    def _leadership(self, database: str, name: str) -> Leadership:
        """Return the shard to be written or read, once it is open; who asks the wrong server is told."""
        self.store.collection(database, name)
        place, deadline = (database, name), time.monotonic() + _OPEN_SECONDS
        with self._changed:
            while True:
                led = self._led.get(place)
                if led is not None and led.is_open:
                    return led
                planned = any((one.database, one.name) == place for one in self._mine())
                if not planned or not self._changed.wait(max(deadline - time.monotonic(), 0)):
                    raise ArangoError(1491)

    def _mine(self) -> list[Shard]:
        return maintenance.led_by(self._member.tree, self._member.id)

    def _check_concern(self, led: Leadership) -> None:
        if len(led.servers) < int(led.shard.entry.get("writeConcern", 1)):
            raise ArangoError(self._refusal)

    def insert(self, database: str, name: str, body: object, *, mode: str, sync: bool) -> Written:
        """Add a document here and on every server in sync."""
        led = self._leadership(database, name)
        with led.lock:
            self._check_concern(led)
            written = documents.insert(self.store, database, name, body, mode=mode, sync=sync)
            if written.new is not None:
                undo = ["remove", written.new["_key"]] if written.old is None else ["put", written.old]
                self._share(led, ["put", written.new], undo, sync=written.synced)
        return written

    def read(self, database: str, name: str, key: str) -> Document:
        """Find a document in a shard led here."""
        self._leadership(database, name)
        return documents.read(self.store, database, name, key)

    def remove(self, database: str, name: str, key: str, *, revision: str | None, sync: bool) -> Written:
        """Remove a document here and on every server in sync."""
        led = self._leadership(database, name)
        with led.lock:
            self._check_concern(led)
            written = documents.remove(self.store, database, name, key, revision=revision, sync=sync)
            self._share(led, ["remove", key], ["put", written.old], sync=written.synced)
        return written

    def _share(self, led: Leadership, change: list[Any], undo: list[Any], *, sync: bool) -> None:
        """Let every server in sync do what was done here; undo it everywhere when too few of them are left for it."""
        led.replicate([change], sync=sync)
        try:
            self._check_concern(led)
        except ArangoError:
            copies.applied(self.store, led.shard.database, led.shard.name, [undo], sync=sync)
            led.replicate([undo], sync=sync)
            raise

    def copy(self, database: str, name: str) -> list[Document]:
        """Return all documents of a shard as they are here."""
        return list(self.store.collection(database, name).documents.values())

    def check_follows(self, database: str, name: str, leader: str) -> None:
        """Refuse to follow anybody but the leader of the plan."""
        place = (database, name)
        planned = next((one for one in planned_shards(self._member.tree) if (one.database, one.name) == place), None)
        if planned is None or planned.servers[0] != leader or leader == self._member.id:
            raise ArangoError(1490)

    def take(self, database: str, name: str, leader: str, changes: list[list[Any]], *, sync: bool) -> None:
        """Do what the leader did."""
        self.check_follows(database, name, leader)
        copies.applied(self.store, database, name, changes, sync=sync)

    def take_all(self, database: str, name: str, leader: str, wanted: list[Document]) -> Mapping[str, int]:
        """Hold what the leader holds, and nothing else."""
        self.check_follows(database, name, leader)
        return copies.replaced(self.store, database, name, wanted)

    def measures(self) -> dict[str, tuple[str, float]]:
        """Count the shards here, and those with fewer servers in sync than planned."""
        tree, me = self._member.tree, self._member.id
        mine = [shard for shard in planned_shards(tree) if me in shard.servers]
        led = [shard for shard in mine if shard.servers[0] == me]
        behind = [len(set(shard.servers) - set(in_sync(tree, shard.key))) for shard in led]
        alone = [shard for shard in led if len(shard.servers) > 1 and in_sync(tree, shard.key) == [me]]
        dropped = 0
        with suppress(RuntimeError):
            dropped = sum(one.dropped for one in self._led.values())
        return {
            "arangodb_shards_number": ("gauge", len(mine)),
            "arangodb_shards_leader_number": ("gauge", len(led)),
            "arangodb_shards_follower_number": ("gauge", len(mine) - len(led)),
            "arangodb_shards_out_of_sync": ("gauge", sum(map(bool, behind))),
            "arangodb_shard_followers_out_of_sync_number": ("gauge", sum(behind)),
            "arangodb_shards_not_replicated": ("gauge", len(alone)),
            "arangodb_dropped_followers_total": ("counter", dropped),
        }
