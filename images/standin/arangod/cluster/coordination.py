"""What a coordinator does for its clients: collections and databases through the plan, documents through leaders.

Knows nothing of HTTP requests, nor of who may ask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from arangod import jsontext
from arangod.cluster import planning
from arangod.cluster.agreed import FAILED, GOOD, Node, at, copies_wanted, in_sync, status_of
from arangod.cluster.asking import Asking
from arangod.cluster.member import Member
from arangod.cluster.repair import usable_servers
from arangod.failure import ArangoError
from arangod.http.client import Answer
from arangod.http.url import quoted
from arangod.options.parse import Options
from arangod.store import names

_TRIES = 20
_CREATION_SECONDS = 30.0
_DROP_SECONDS = 2.0


class Coordination:
    """The cluster as one server."""

    def __init__(self, member: Member, options: Options) -> None:
        self.member = member
        self._options = options
        self._asking = Asking(member)
        self._by_name: dict[str, tuple[Any, dict[str, Node]]] = {}

    def collections(self, database: str) -> dict[str, Node]:
        """Return the collections of a database by name."""
        if database not in self.member.databases:
            raise ArangoError(1228)
        planned = at(self.member.tree, "Plan", "Collections", database)
        kept = self._by_name.get(database)
        if kept is None or kept[0] is not planned:
            kept = planned, {entry["name"]: entry for entry in planned.values() if not entry.get("isBuilding")}
            self._by_name[database] = kept
        return kept[1]

    def collection(self, database: str, name: str) -> Node:
        """Find a collection by name or id."""
        held = self.collections(database)
        found = held.get(name) or next((entry for entry in held.values() if entry["id"] == name), None)
        if found is None:
            raise ArangoError(1203, f"collection or view not found: {name}")
        return found

    def servers(self) -> list[str]:
        """Return the dbservers new shards may go to; those not judged yet are better than none."""
        tree = self.member.tree
        good = usable_servers(tree)
        known = at(tree, "Current", "DBServers")
        return good or sorted(one for one in known if status_of(tree, one) not in ("BAD", FAILED))

    def create(
        self, database: str, wishes: Sequence[tuple[str, int, Mapping[str, Any]]], *, enforce: bool = True
    ) -> list[Node]:
        """Create collections in one step, and wait until their shards are there."""
        for name, _, wish in wishes:
            system = bool(wish.get("isSystem"))
            if not names.is_collection(name, system=system, extended=self._options.flag("database.extended-names")):
                raise ArangoError(1208)
        for _ in range(_TRIES):
            entries = self._planned(database, wishes, enforce=enforce)
            boot = self.member.reboot_id
            tree = self.member.tree
            self._check_names(tree, database, entries)
            if self.member.write(planning.creation(tree, database, entries, self.member.id, boot)):
                return self._completed(database, entries)
        raise ArangoError(1457, "the plan changed too often while the collection was created")

    def _check_names(self, tree: Node, database: str, entries: Sequence[Node]) -> None:
        if database not in at(tree, "Plan", "Databases"):
            raise ArangoError(1228)
        taken = {entry["name"] for entry in at(tree, "Plan", "Collections", database).values()}
        if any(entry["name"] in taken for entry in entries):
            raise ArangoError(1207)

    def _planned(
        self, database: str, wishes: Sequence[tuple[str, int, Mapping[str, Any]]], *, enforce: bool
    ) -> list[dict[str, Any]]:
        servers = self.servers()
        entries = []
        for place, (name, kind, wish) in enumerate(wishes):
            copies = copies_wanted(wish, len(servers))
            wanted = wish.get("replicationFactor", 1)
            if not servers or (enforce and isinstance(wanted, int) and wanted > len(servers)):
                raise ArangoError(1487)
            number = self.member.next_number()
            shards = [f"s{self.member.next_number()}" for _ in range(wish.get("numberOfShards", 1))]
            turned = servers[place % len(servers) :] + servers[: place % len(servers)]
            entries.append(planning.entry_of(number, name, kind, wish, planning.spread(shards, turned, copies)))
        return entries

    def _completed(self, database: str, entries: Sequence[Node]) -> list[Node]:
        """Wait until every shard is reported as planned, then call the collections built."""
        everybody = self._options.flag("cluster.create-waits-for-sync-replication")

        def is_there(tree: Node) -> bool | None:
            shards = ((entry, name, servers) for entry in entries for name, servers in entry["shards"].items())
            for entry, name, servers in shards:
                reported = in_sync(tree, (database, entry["id"], name))
                due = {one for one in servers if status_of(tree, one) in (GOOD, "")} if everybody else {servers[0]}
                if not reported or not due <= set(reported):
                    return None
            return True

        there = self.member.view.wait(is_there, _CREATION_SECONDS)
        if there is None:
            for entry in entries:
                self.member.write(planning.drop(database, entry["id"]))
            raise ArangoError(1457, "the shards were not created in time")
        if not self.member.write(planning.completion(database, entries)):
            raise ArangoError(1457, "the collection was taken back while it was created")
        return list(entries)

    def drop(self, database: str, name: str, *, system: bool) -> str:
        """Drop a collection and return its id; a system collection only when that is said."""
        entry = self.collection(database, name)
        number = str(entry["id"])
        if entry.get("isSystem") and not system:
            raise ArangoError(11)
        if not self.member.write(planning.drop(database, number)):
            raise ArangoError(1203)
        self.member.view.wait(
            lambda tree: True if number not in at(tree, "Current", "Collections", database) else None, _DROP_SECONDS
        )
        return number

    def create_database(self, name: object) -> None:
        """Create a database with its system collections."""
        if not names.is_database(name, extended=self._options.flag("database.extended-names")):
            raise ArangoError(1229)
        assert isinstance(name, str)
        number = self.member.next_number()
        if not self.member.write(planning.new_database(number, name)):
            raise ArangoError(1207)
        self.create_system_collections(name)

    @property
    def system_factor(self) -> int:
        """How many copies the collections of the server's own have."""
        return int(self._options.number("cluster.system-replication-factor"))

    def create_system_collections(self, database: str) -> None:
        """Create the collections of the server's own that a database lacks."""
        held = self.collections(database)
        wish = planning.system_wish(self.system_factor)
        missing = [(name, kind, wish) for name, kind in planning.system_collections(database) if name not in held]
        if missing:
            self.create(database, missing, enforce=False)

    def drop_database(self, name: str) -> None:
        """Drop a database and all in it."""
        if name == names.SYSTEM:
            raise ArangoError(11)
        if not self.member.write(planning.dropped_database(name)):
            raise ArangoError(1228)
        self.member.view.wait(
            lambda tree: True if name not in at(tree, "Current", "Databases") else None, _DROP_SECONDS
        )

    def insert(self, database: str, name: str, body: object, query: str) -> Answer:
        """Let the leader of its shard insert a document, under a key of ours when it has none."""
        entry = self.collection(database, name)
        if not isinstance(body, dict):
            raise ArangoError(1227)
        if "_key" not in body:
            body = {**body, "_key": self.member.next_number()}
        elif not planning.knows_shard(entry):
            raise ArangoError(1466)
        shard = planning.shard_for(entry, body)
        data = jsontext.encode(body).encode()
        return self._asking.ask("POST", database, entry, shard, f"/_api/document/{shard}{query}", data)

    def one(self, method: str, database: str, name: str, key: str, query: str, headers: Sequence[str]) -> Answer:
        """Let the leader of its shard read or remove a document."""
        entry = self.collection(database, name)
        shards = [planning.shard_for(entry, {"_key": key})] if planning.knows_shard(entry) else list(entry["shards"])
        for shard in shards:
            path = f"/_api/document/{shard}/{quoted(key)}{query}"
            answer = self._asking.ask(method, database, entry, shard, path, b"", headers)
            if answer.status != 404:
                break
        return answer

    def count(self, database: str, entry: Node) -> int:
        """Count the documents of a collection."""
        counts = (
            self._asking.json("GET", database, entry, shard, f"/_api/collection/{shard}/count")["count"]
            for shard in entry["shards"]
        )
        return sum(counts)

    def documents(self, database: str, entry: Node) -> list[dict[str, Any]]:
        """Return all documents of a collection."""
        found: list[dict[str, Any]] = []
        for shard in entry["shards"]:
            answer = self._asking.json("GET", database, entry, shard, f"/_standin/shard/{shard}?documents=true")
            found += answer["documents"]
        return found
