"""HTTP/1.1 on the wire: bytes to requests, replies to bytes.

Knows nothing of sockets, routes or who asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

MAX_HEAD = 64 * 1024
MAX_BODY = 1 << 30
_CHUNK_LINE = 1024
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
_TOKEN_SIGNS = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

REASONS = {
    100: "Continue", 200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 301: "Moved Permanently",
    304: "Not Modified", 307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
    404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout",
    409: "Conflict", 412: "Precondition Failed",
    413: "Payload Too Large", 417: "Expectation Failed", 421: "Misdirected Request",
    431: "Request Header Fields Too Large", 500: "Internal Server Error", 501: "Not Implemented",
    503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported",
}  # fmt: skip


class Malformed(Exception):
    """The bytes are not a request this server takes; the connection ends after the answer."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text
        super().__init__(text)


class Request(NamedTuple):
    """One request; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    keep_alive: bool


class Reply(NamedTuple):
    """One answer; `headers` are whole lines without their ends."""

    status: int
    body: bytes = b""
    headers: tuple[str, ...] = ()
    content_type: str = "application/json; charset=utf-8"


_ALWAYS = (
    "server: ArangoDB\r\n"
    "x-armadillo-stand-in: 1\r\n"
    "x-content-type-options: nosniff\r\n"
    "x-arango-queue-time-seconds: 0.000000\r\n"
    "cache-control: no-cache, no-store, must-revalidate, pre-check=0, post-check=0, max-age=0, s-maxage=0\r\n"
    "content-security-policy: frame-ancestors 'self'; form-action 'self';\r\n"
    "expires: 0\r\n"
    "pragma: no-cache\r\n"
)
_LINES = {status: f"HTTP/1.1 {status} {reason}\r\n{_ALWAYS}" for status, reason in REASONS.items()}


def encoded(reply: Reply, *, head_only: bool, keep_alive: bool) -> bytes:
    """Return head and body in one piece, to be sent at once."""
    bare = reply.status in (204, 304)
    lines = [_LINES[reply.status], "connection: Keep-Alive\r\n" if keep_alive else "connection: Close\r\n"]
    lines += [f"{line}\r\n" for line in reply.headers]
    if not bare:
        lines.append(f"content-type: {reply.content_type}\r\ncontent-length: {len(reply.body)}\r\n")
    lines.append("\r\n")
    head = "".join(lines).encode("latin-1")
    return head if head_only or bare else head + reply.body


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        if not colon or not name or not _TOKEN_SIGNS.issuperset(name):
            raise Malformed(400, "malformed header line")
        if name in headers:
            if name == "content-length" and headers[name] != value:
                raise Malformed(400, "contradicting content-length headers")
            value = value if name == "content-length" else f"{headers[name]}, {value}"
        headers[name] = value
    return headers


class _Head(NamedTuple):
    method: str
    target: str
    version: str
    headers: dict[str, str]


def _head(data: bytes) -> _Head:
    text = data.decode("latin-1")
    lines = text.split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or "\n" in text.replace("\r\n", "") or "\0" in text:
        raise Malformed(400, "malformed request line or header")
    method, target, version = words
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise Malformed(505 if version.startswith("HTTP/") else 400, "only HTTP/1.0 and HTTP/1.1 are understood")
    if method not in _METHODS:
        raise Malformed(405, f"method {method[:20]!r} not supported")
    if not target.startswith("/"):
        raise Malformed(400, "malformed request target")
    return _Head(method, target, version, _headers(lines[1:]))


def _content_length(headers: dict[str, str]) -> int:
    text = headers.get("content-length", "0")
    if not (text.isascii() and text.isdecimal()) or len(text) > 19:
        raise Malformed(400, "malformed content-length")
    if int(text) > MAX_BODY:
        raise Malformed(413, "request body too large")
    return int(text)


def _is_chunked(headers: dict[str, str]) -> bool:
    coding = headers.get("transfer-encoding")
    if coding is None:
        return False
    if "content-length" in headers:
        raise Malformed(400, "both content-length and transfer-encoding given")
    if coding.lower() != "chunked":
        raise Malformed(501, f"transfer-encoding {coding[:40]!r} not supported")
    return True


def _keep_alive(head: _Head) -> bool:
    wanted = head.headers.get("connection", "").lower()
    return "keep-alive" in wanted if head.version == "HTTP/1.0" else "close" not in wanted


class Reader:
    """Takes requests off a stream of bytes, one after the other; what came too early is kept."""

    def __init__(self, receive: Callable[[], bytes], send: Callable[[bytes], object]) -> None:
        self._receive = receive
        self._send = send
        self._buffer = bytearray()

    @property
    def started(self) -> bool:
        """Tell whether a part of a request has come."""
        return bool(self._buffer)

    def next(self) -> Request | None:
        """Wait for the next request; nothing when the other side is done."""
        data = self._head_bytes()
        if data is None:
            return None
        head = _head(data)
        chunked = _is_chunked(head.headers)
        length = 0 if chunked else _content_length(head.headers)
        if "expect" in head.headers:
            self._continue(head, chunked or length > len(self._buffer))
        body = self._chunks() if chunked else self._exactly(length)
        return Request(head.method, head.target, head.headers, body, _keep_alive(head))

    def _continue(self, head: _Head, body_is_due: bool) -> None:
        if head.headers["expect"].lower() != "100-continue":
            raise Malformed(417, "unknown expectation")
        if body_is_due and head.version == "HTTP/1.1":
            self._send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _more(self) -> bool:
        data = self._receive()
        self._buffer += data
        return bool(data)

    def _until(self, mark: bytes, limit: int) -> int:
        """Return where the mark stands, waiting for it; -1 at the end of the stream."""
        seen = 0
        while (at := self._buffer.find(mark, seen)) < 0:
            if len(self._buffer) > limit:
                raise Malformed(431 if limit == MAX_HEAD else 400, "request header or chunk line too long")
            seen = max(0, len(self._buffer) - len(mark) + 1)
            if not self._more():
                return -1
        return at

    def _take(self, count: int, drop: int = 0) -> bytes:
        data = bytes(memoryview(self._buffer)[:count])
        del self._buffer[: count + drop]
        return data

    def _head_bytes(self) -> bytes | None:
        while True:
            while self._buffer.startswith(b"\r\n"):
                del self._buffer[:2]
            if bytes(self._buffer[:2]) not in (b"", b"\r"):
                break
            if not self._more():
                return None
        at = self._until(b"\r\n\r\n", MAX_HEAD)
        if at > MAX_HEAD:
            raise Malformed(431, "request header too long")
        return None if at < 0 else self._take(at, 4)

    def _exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            if not self._more():
                raise Malformed(400, "the request ended early")
        return self._take(count)

    def _line(self) -> str:
        at = self._until(b"\r\n", _CHUNK_LINE)
        if at < 0:
            raise Malformed(400, "the request ended early")
        return self._take(at, 2).decode("latin-1")

    def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            size = self._line().partition(";")[0].strip()
            if not size or len(size) > 8 or any(sign not in "0123456789abcdefABCDEF" for sign in size):
                raise Malformed(400, "malformed chunk size")
            length = int(size, 16)
            if len(body) + length > MAX_BODY:
                raise Malformed(413, "request body too large")
            if length == 0:
                while self._line():
                    pass
                return bytes(body)
            body += self._exactly(length)
            if self._line():
                raise Malformed(400, "malformed chunk")
