"""What happens to every request: who asks, may they, which handler, and what if it fails.

Knows nothing of sockets, nor of what handlers do.
"""

from __future__ import annotations

from arangod.api.call import Call, refusal
from arangod.api.roles import routes_for
from arangod.api.routes import ADMIN, ANYBODY, FAMILIES, SUPERUSER, WRITER, Route
from arangod.auth.guard import NONE, WRITE, Identity
from arangod.failure import ArangoError, not_built
from arangod.http import compress, url
from arangod.http.route import Found, Table
from arangod.http.server import Connection
from arangod.http.wire import Reply, Request
from arangod.node import Node, Phase
from arangod.store.names import SYSTEM

AVAILABILITY = "/_admin/server/availability"
_EARLY = ("/_api/version", "/_admin/version", "/_admin/status")
_OPEN = ("/_open/", "/_admin/aardvark/")
_IN_MAINTENANCE = "service unavailable due to startup or maintenance mode"


def _is_open(method: str, path: str) -> bool:
    return method == "OPTIONS" or path in ("/", AVAILABILITY) or path.startswith(_OPEN)


def _unauthorized() -> ArangoError:
    return ArangoError(11, "not authorized to execute this request", status=401)


def _challenge(request: Request) -> tuple[str, ...]:
    if "x-omit-www-authenticate" in request.headers:
        return ()
    basic = request.headers.get("authorization", "").lower().startswith("basic")
    return ('www-authenticate: Basic realm="ArangoDB"',) if basic else (
        'www-authenticate: Bearer token_type="JWT", realm="ArangoDB"',
    )  # fmt: skip


def complaint(status: int, text: str) -> Reply:
    """Answer bytes that are no request, or a connection too many."""
    return refusal(ArangoError(21003, text) if status == 503 else ArangoError(400, text, status=status))


class Application:
    """Answers requests for one node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._table: Table[Route] = Table(routes_for(node.identity.role))
        self._system_only = node.options.flag("server.authentication-system-only")
        self._compress_from = int(node.options.number("http.compress-response-threshold"))

    def answer(self, request: Request, connection: Connection) -> Reply:
        """Return the reply to a request, whatever happens."""
        try:
            return self._shorter(request, self._answer(request, connection))
        except ArangoError as exc:
            return refusal(exc, _challenge(request) if exc.status == 401 else ())
        except url.BadTarget as exc:
            return refusal(ArangoError(400, str(exc)))
        except Exception as exc:  # noqa: BLE001  a fault in one request must not end the connection's thread
            self._node.log.fault(exc, f"{request.method} {request.target}")
            return refusal(ArangoError(4))

    def _shorter(self, request: Request, reply: Reply) -> Reply:
        accept = request.headers.get("accept-encoding")
        if not accept or not 0 < self._compress_from <= len(reply.body):
            return reply
        body, coding = compress.compressed(reply.body, accept)
        return reply._replace(body=body, headers=(*reply.headers, f"content-encoding: {coding}")) if coding else reply

    def _answer(self, request: Request, connection: Connection) -> Reply:
        target = url.parse(request.target)
        if self._node.phase == Phase.STOPPING:
            raise ArangoError(503 if target.path == AVAILABILITY else 30)
        if self._node.phase == Phase.STARTUP:
            self._check_early(request, target.path)
        if self._node.phase == Phase.MAINTENANCE:
            raise ArangoError(503, _IN_MAINTENANCE)
        identity = self._node.guard.identify(request.headers.get("authorization", ""))
        database = SYSTEM if target.database is None else target.database
        if self._node.phase != Phase.STARTUP:
            self._check_access(request, target.path, database, identity)
        call = Call(self._node, request, target, database, identity, connection.peer)
        if request.method == "OPTIONS":
            return _options(request)
        route, places = self._route(call)
        self._check_need(route, call)
        _check_headers(request)
        return route.handler(call._replace(places=places))

    def _check_early(self, request: Request, path: str) -> None:
        startup = ArangoError(503, "service unavailable due to startup")
        authorization = request.headers.get("authorization", "")
        if path == AVAILABILITY or (self._node.guard.active and authorization.lower().startswith("basic")):
            raise startup
        identity = self._node.guard.identify(authorization)
        if identity is None:
            raise _unauthorized()
        if not identity.superuser or path not in _EARLY:
            raise startup

    def _check_access(self, request: Request, path: str, database: str, identity: Identity | None) -> None:
        """Refuse who may not know or use the database; names of databases cannot be guessed."""
        level = NONE if identity is None else self._node.guard.level(identity, database)
        if database not in self._node.databases:
            raise ArangoError(1228) if level != NONE else _unauthorized()
        if _is_open(request.method, path) or (self._system_only and not path.startswith("/_")):
            return
        if identity is None or (identity.paths is not None and path not in identity.paths):
            raise _unauthorized()
        own = path == "/_api/cluster/endpoints" or path.startswith(f"/_api/user/{identity.user}/")
        if level == NONE and not own:
            raise _unauthorized()

    def _route(self, call: Call) -> tuple[Route, tuple[str, ...]]:
        found: Found[Route] | None = self._table.find(call.target.segments)
        method, path = call.request.method, call.target.path
        if found is None:
            if call.target.segments[:2] in FAMILIES:
                raise not_built(f"{method} {path}")
            raise ArangoError(404, f"unknown path '{path}'")
        route = found.handlers.get(method)
        if route is None and method == "HEAD":
            route = found.handlers.get("GET")
        if route is None:
            raise ArangoError(405, f"method {method} not supported for '{path}'")
        return route, found.places

    def _check_need(self, route: Route, call: Call) -> None:
        if route.need == ANYBODY:
            return
        identity, guard = call.identity, self._node.guard
        if identity is None:
            raise _unauthorized()
        allowed = {
            ADMIN: lambda: guard.is_admin(identity),
            SUPERUSER: lambda: identity.superuser,
            WRITER: lambda: guard.level(identity, call.database) == WRITE,
        }.get(route.need)
        if allowed is not None and not allowed():
            raise ArangoError(11)


def _options(request: Request) -> Reply:
    allow = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    headers = [f"allow: {allow}"]
    origin = request.headers.get("origin")
    if origin:
        headers += [
            f"access-control-allow-origin: {origin}",
            f"access-control-allow-methods: {allow}",
            "access-control-allow-credentials: false",
            "access-control-max-age: 1800",
        ]
    return Reply(200, b"", tuple(headers), "text/plain; charset=utf-8")


def _check_headers(request: Request) -> None:
    """Refuse what changes the meaning of any request and is not there."""
    if request.headers.get("x-arango-async", "false").lower() != "false":
        raise not_built("the header x-arango-async: asynchronous jobs")
    if "x-arango-trx-id" in request.headers:
        raise not_built("the header x-arango-trx-id: stream transactions")
