"""Requests are read off any stream of bytes, and nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import pytest
from arangod.http import wire
from arangod.http.wire import Malformed, Reader, Reply, Request
from hypothesis import given
from hypothesis import strategies as st

GET = b"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nContent-Length: 5\r\nX-A: 1\r\nX-A: 2\r\n\r\nhello"
CHUNKED = b"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n"


def _reader(parts: Iterable[bytes], sent: list[bytes] | None = None) -> Reader:
    left = iter(parts)
    return Reader(lambda: next(left, b""), (sent if sent is not None else []).append)


def _all(parts: Iterable[bytes]) -> list[Request]:
    reader = _reader(parts)
    found = []
    while (request := reader.next()) is not None:
        found.append(request)
    return found


def test_a_request_is_what_was_sent() -> None:
    [request] = _all([POST])
    assert request == Request("POST", "/p", {"content-length": "5", "x-a": "1, 2"}, b"hello", True)


def test_a_chunked_body_is_put_together() -> None:
    assert _all([CHUNKED])[0].body == b"abcde"


@given(st.lists(st.sampled_from([GET, POST, CHUNKED, b"\r\n" + GET]), max_size=4), st.data())
def test_requests_come_out_the_same_however_the_bytes_arrive(requests: list[bytes], data: st.DataObject) -> None:
    whole, parts = b"".join(requests), []
    while whole:
        size = data.draw(st.integers(min_value=1, max_value=len(whole)))
        parts.append(whole[:size])
        whole = whole[size:]
    assert _all(parts) == [request for one in requests for request in _all([one])]


@pytest.mark.parametrize(
    ("head", "goes_on"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
def test_the_connection_goes_on_as_the_client_wants(head: bytes, goes_on: bool) -> None:
    assert _all([head])[0].keep_alive is goes_on


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\n\r\n", 400),
        (b"GET x HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\na b: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: \0\r\n\r\n", 400),
        (b"GET / XTTP/1.1\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"BREW / HTTP/1.1\r\n\r\n", 405),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\na", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 2000, 400),
        (b"POST / HTTP/1.1\r\nExpect: wonders\r\n\r\n", 417),
        (b"GET /" + b"a" * (wire.MAX_HEAD + 1) + b" HTTP/1.1\r\n\r\n", 431),
        (b"a" * (wire.MAX_HEAD + 1), 431),
    ],
)
def test_what_is_no_request_is_refused(data: bytes, status: int) -> None:
    for parts in ([data], [data[at : at + 1000] for at in range(0, len(data), 1000)]):
        with pytest.raises(Malformed) as told:
            _all(parts)
        assert told.value.status == status


PIECES = st.lists(st.sampled_from([GET[:9], b"\r\n", b": ", b"1", POST[9:40], b"chunked"]))


@given(st.binary(max_size=200) | st.builds(b"".join, PIECES))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    with suppress(Malformed):
        assert all(request.target.startswith("/") for request in _all([data]))


def test_a_head_that_ends_early_is_no_request() -> None:
    assert _all([GET[:-3]]) == []
    assert _all([b"\r"]) == []


def test_a_client_that_asks_first_is_told_to_go_on() -> None:
    sent: list[bytes] = []
    head, body = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", b"ab"
    request = _reader([head, body], sent).next()
    assert request is not None
    assert (request.body, sent) == (b"ab", [b"HTTP/1.1 100 Continue\r\n\r\n"])


def test_a_client_that_sent_its_body_is_told_nothing() -> None:
    sent: list[bytes] = []
    _reader([b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab"], sent).next()
    assert sent == []


def test_a_reply_is_one_piece_with_its_length() -> None:
    data = wire.encoded(Reply(200, b"{}", ('etag: "1"',)), head_only=False, keep_alive=True)
    head, _, body = data.partition(b"\r\n\r\n")
    assert body == b"{}"
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert {b"x-armadillo-stand-in: 1", b"content-length: 2", b'etag: "1"', b"connection: Keep-Alive"} <= set(lines)


def test_a_reply_to_head_and_one_without_content_have_no_body() -> None:
    assert wire.encoded(Reply(200, b"{}"), head_only=True, keep_alive=True).endswith(b"content-length: 2\r\n\r\n")
    assert b"content-length" not in wire.encoded(Reply(304), head_only=False, keep_alive=False)
