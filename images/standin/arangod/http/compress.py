"""Bodies in deflate and gzip, both ways.

Knows nothing of requests; limits how much a small body may become.
"""

from __future__ import annotations

import zlib

from arangod.failure import ArangoError, not_built
from arangod.http.wire import MAX_BODY

_GZIP_BITS = 31
_LEVEL = 1


def decompressed(body: bytes, coding: str, *, limit: int = MAX_BODY) -> bytes:
    """Undo a content-encoding of a request."""
    match coding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            bits = _GZIP_BITS
        case "deflate":
            bits = zlib.MAX_WBITS
        case other:
            raise not_built(f"the content-encoding '{other}'")
    inflate = zlib.decompressobj(bits)
    try:
        data = inflate.decompress(body, limit)
    except zlib.error as exc:
        raise ArangoError(400, f"cannot decompress the request body: {exc}") from None
    if inflate.unconsumed_tail:
        raise ArangoError(400, "request body too large", status=413)
    if not inflate.eof or inflate.unused_data:
        raise ArangoError(400, "cannot decompress the request body: it is not whole")
    return data


def _accepted(accept: str) -> str:
    """Return the better of the codings both sides know, or nothing."""
    wanted: dict[str, bool] = {}
    for item in accept.lower().split(","):
        name, _, parameter = item.partition(";")
        quality = parameter.replace(" ", "").removeprefix("q=")
        wanted[name.strip()] = quality.strip("0.") != "" or not parameter
    return next((name for name in ("gzip", "deflate") if wanted.get(name)), "")


def compressed(body: bytes, accept: str) -> tuple[bytes, str]:
    """Return a body and its coding, compressed when it was asked for and makes it smaller."""
    coding = _accepted(accept)
    if not coding:
        return body, ""
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_BITS if coding == "gzip" else zlib.MAX_WBITS)
    shorter = deflate.compress(body) + deflate.flush()
    return (shorter, coding) if len(shorter) < len(body) else (body, "")
