"""How a coordinator reaches the leader of a shard, and what it does while there is none that answers.

Knows nothing of collections or of what is asked.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from arangod import jsontext
from arangod.cluster.agreed import Node, at, endpoint_of, in_sync
from arangod.cluster.member import Member
from arangod.cluster.peers import Unreachable
from arangod.failure import ArangoError
from arangod.http.client import Answer
from arangod.http.url import quoted

_NO_LEADER = (1490, 1491)
_NOT_THERE = (30, 503, 1203)
_AGAIN = 0.02


def leader_of(tree: Node, database: str, entry: Node, shard: str) -> str:
    """Return who leads a shard: who reports so, or who is planned to."""
    reported = in_sync(tree, (database, str(entry["id"]), shard))
    planned = at(tree, "Plan", "Collections", database, str(entry["id"]), "shards").get(shard, ())
    return next(iter(reported or planned), "").removeprefix("_")


class Asking:
    """Requests to leaders of shards, repeated while that is safe and there is time."""

    def __init__(self, member: Member, *, patience: float = 2.0) -> None:
        self._member = member
        self._patience = patience

    def ask(
        self, method: str, database: str, entry: Node, shard: str, path: str, body: bytes = b"",
        headers: Sequence[str] = (),
    ) -> Answer:  # fmt: skip
        """Ask the leader of a shard for `path`, below its database; return what it answers."""
        deadline = time.monotonic() + self._patience
        target = f"/_db/{quoted(database)}{path}"
        while True:
            server = leader_of(self._member.tree, database, entry, shard)
            answer, trouble = self._once(server, method, target, body, headers)
            if answer is not None and not trouble:
                return answer
            if time.monotonic() >= deadline:
                raise trouble or ArangoError(1478)
            time.sleep(_AGAIN)

    def _once(
        self, server: str, method: str, target: str, body: bytes, headers: Sequence[str]
    ) -> tuple[Answer | None, ArangoError | None]:
        """Return the answer, or what is wrong when it is worth another try; other troubles are raised."""
        try:
            answer = self._member.peers.ask(endpoint_of(self._member.tree, server), method, target, body, headers)
        except Unreachable as exc:
            trouble = ArangoError(1465 if exc.sent else 1478, f"the leader of the shard does not answer: {exc}")
            if exc.sent and method not in ("GET", "HEAD"):
                raise trouble from None
            return None, trouble
        num = _number(answer)
        if num in _NO_LEADER or num in _NOT_THERE:
            return None, ArangoError(1478 if num != 1203 else 1203)
        return answer, None

    def json(self, method: str, database: str, entry: Node, shard: str, path: str, body: Any = None) -> Any:
        """Ask and answer in JSON; an error of the leader is raised as it is."""
        data = b"" if body is None else jsontext.encode(body).encode()
        answer = self.ask(method, database, entry, shard, path, data)
        value = jsontext.decode(answer.body)
        if answer.status >= 300:
            raise ArangoError.from_reply(answer.status, value if isinstance(value, dict) else {})
        return value


def _number(answer: Answer) -> int:
    if answer.status < 400 or not answer.body:
        return 0
    try:
        told = jsontext.decode(answer.body)
    except ValueError:
        return 0
    num = told.get("errorNum", 0) if isinstance(told, dict) else 0
    return num if isinstance(num, int) else 0
