"""What can go wrong: errors a client sees, with their numbers and HTTP statuses, and exits of the process.

Knows nothing of how either is written out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EDGE_ENDS = (
    "expecting both `_from` and `_to` attributes to be defined in the edge document and have the format "
    "`<collectionName>/<vertexKey>`"
)

# errorNum: (HTTP status, text); numbers not listed here are never raised.
KNOWN: dict[int, tuple[int, str]] = {
    4: (500, "internal error"),
    9: (501, "not implemented"),
    10: (400, "bad parameter"),
    11: (403, "forbidden"),
    30: (503, "shutdown in progress"),
    400: (400, "bad parameter"),
    401: (401, "unauthorized"),
    403: (403, "forbidden"),
    404: (404, "not found"),
    405: (405, "method not supported"),
    408: (408, "timeout in cluster operation"),
    412: (412, "precondition failed"),
    500: (500, "internal server error"),
    503: (503, "service unavailable"),
    504: (504, "gateway timeout"),
    600: (400, "invalid JSON object"),
    601: (400, "superfluous suffix, wrong number of URL parts"),
    1004: (403, "operation not allowed because the server or the shard takes no writes"),
    1104: (500, "filesystem full"),
    1200: (409, "conflict"),
    1202: (404, "document not found"),
    1203: (404, "collection or view not found"),
    1207: (409, "duplicate name"),
    1208: (400, "illegal name"),
    1210: (409, "unique constraint violated"),
    1218: (400, "collection type invalid"),
    1221: (400, "illegal document key"),
    1227: (400, "invalid document type"),
    1228: (404, "database not found"),
    1229: (400, "database name invalid"),
    1230: (403, "operation only allowed in system database"),
    1233: (400, EDGE_ENDS),
    1429: (503, "not enough replicas to fulfil the write concern"),
    1450: (400, "too many shards"),
    1457: (500, "timeout in cluster operation"),
    1465: (503, "the connection inside the cluster is broken"),
    1466: (400, "must not specify _key for this collection"),
    1470: (501, "operation is not supported in sharded collections"),
    1478: (503, "a server behind this one is unavailable"),
    1485: (500, "cannot drop a collection others are distributed like"),
    1487: (500, "insufficient number of DB-servers for the replication factor or the write concern"),
    1488: (500, "could not drop a follower in the agency"),
    1490: (406, "the follower refuses the operation: the leader is another one"),
    1491: (421, "this server does not lead the shard"),
    1492: (500, "agency communication failed"),
    1703: (404, "user not found"),
    21003: (503, "queue is full"),
}


class ArangoError(Exception):
    """A request cannot be done: the number, its text, the HTTP status, and what else the reply carries."""

    def __init__(self, num: int, text: str = "", *, status: int = 0, more: Mapping[str, Any] | None = None) -> None:
        known_status, known_text = KNOWN[num]
        self.num = num
        self.text = text or known_text
        self.status = status or known_status
        self.more = dict(more or {})
        super().__init__(self.text)

    @classmethod
    def from_reply(cls, status: int, told: Mapping[str, Any]) -> ArangoError:
        """Take over what another server answered; what it did not explain is a broken connection."""
        num = told.get("errorNum")
        known = num if isinstance(num, int) and num in KNOWN else 1465
        envelope = ("error", "code", "errorNum", "errorMessage")
        more = {name: value for name, value in told.items() if name not in envelope}
        return cls(known, str(told.get("errorMessage", "")), status=status if known == num else 0, more=more)


def not_built(what: str) -> ArangoError:
    """Return the one answer to everything the stand-in does not support."""
    return ArangoError(9, f"not implemented: the stand-in does not support {what}")


class ExitCode:
    """The exit codes of arangod that this server uses."""

    OK = 0
    FAILED = 1
    INVALID_OPTION = 3
    INVALID_VALUE = 4
    INVALID_CONFIG = 6
    CANNOT_BIND = 21
    CANNOT_LOCK = 22
    RECOVERY_FAILED = 23


class Exit(Exception):
    """The process has to end with this code, saying this."""

    def __init__(self, code: int, text: str = "", *, id: str = "", topic: str = "startup") -> None:  # noqa: A002
        self.code = code
        self.text = text
        self.id = id
        self.topic = topic
        super().__init__(text)
