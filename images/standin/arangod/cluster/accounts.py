"""The users as a coordinator knows them: read from `_users`, read again when somebody has changed them.

Knows nothing of requests, nor of what a user may do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from arangod import jsontext
from arangod.auth.password import hashed
from arangod.cluster.agreed import INCREMENT, at, path
from arangod.cluster.coordination import Coordination
from arangod.failure import ArangoError
from arangod.store.names import SYSTEM, USERS

_FRESH_SECONDS = 0.1


class Accounts:
    """The entries of all users, as fresh as the agency's count of changes to them."""

    def __init__(self, coordination: Coordination) -> None:
        self._coordination = coordination
        self._lock = threading.Lock()
        self._known: tuple[object, list[dict[str, Any]]] | None = None
        self._read_at = 0.0

    def _version(self) -> object:
        return at(self._coordination.member.tree, "Sync").get("UserVersion", 0)

    def all(self) -> Sequence[Mapping[str, Any]]:
        """Return the entries of all users."""
        known = self._known
        if known is not None and known[0] == self._version():
            return known[1]
        with self._lock:
            if self._known is None or self._known[0] != self._version():
                self._read()
            assert self._known is not None
            return self._known[1]

    def _read(self) -> None:
        version = self._version()
        entry = self._coordination.collection(SYSTEM, USERS)
        self._known = version, self._coordination.documents(SYSTEM, entry)
        self._read_at = time.monotonic()

    def refresh(self) -> bool:
        """Read the users again because a password did not fit; return whether that was worth it."""
        with self._lock:
            if time.monotonic() - self._read_at < _FRESH_SECONDS:
                return False
            before = self._known
            try:
                self._read()
            except ArangoError:
                return False
            assert self._known is not None
            return before is None or before[1] != self._known[1]

    def find(self, name: str) -> Mapping[str, Any]:
        """Return the entry of a user."""
        with self._lock:
            self._read()
            assert self._known is not None
            found = next((entry for entry in self._known[1] if entry.get("user") == name), None)
        if found is None:
            raise ArangoError(1703)
        return found

    def change(self, name: str, wish: Mapping[str, Any], *, whole: bool) -> Mapping[str, Any]:
        """Change password, activity or extra data of a user; a whole change resets what is not given."""
        entry = dict(self.find(name))
        auth, active = dict(entry["authData"]), wish.get("active", True if whole else None)
        if "passwd" in wish or whole:
            auth["simple"] = hashed(str(wish.get("passwd", "")))
        if active is not None:
            auth["active"] = bool(active)
        entry["authData"] = auth
        if "extra" in wish or whole:
            entry["userData"] = wish.get("extra", {})
        self.put({name: value for name, value in entry.items() if name not in ("_id", "_rev")})
        return entry

    def put(self, document: Mapping[str, Any]) -> None:
        """Write the entry of a user, and let every coordinator know."""
        query = "?overwriteMode=replace&waitForSync=true"
        answer = self._coordination.insert(SYSTEM, USERS, dict(document), query)
        if answer.status >= 300:
            raise ArangoError.from_reply(answer.status, jsontext.decode(answer.body))
        self._coordination.member.write([{path("Sync", "UserVersion"): INCREMENT}])
