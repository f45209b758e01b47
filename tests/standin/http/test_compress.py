"""Bodies are squeezed and unsqueezed, and never blown up without bound."""

from __future__ import annotations

import gzip
import zlib

import pytest
from arangod.failure import ArangoError
from arangod.http import compress

BODY = b"hello " * 100


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip", "gzip"),
        ("deflate", "deflate"),
        ("deflate, gzip;q=0.5", "gzip"),
        ("gzip;q=0, deflate", "deflate"),
        ("gzip;q=0.0", ""),
        ("br", ""),
        ("*", ""),
    ],
)
def test_the_coding_is_one_the_client_takes(accept: str, coding: str) -> None:
    body, used = compress.compressed(BODY, accept)
    assert used == coding
    assert compress.decompressed(body, used) == BODY


def test_others_read_it_too() -> None:
    assert gzip.decompress(compress.compressed(BODY, "gzip")[0]) == BODY
    assert zlib.decompress(compress.compressed(BODY, "deflate")[0]) == BODY


def test_what_would_grow_is_left_as_it_is() -> None:
    assert compress.compressed(b"ab", "gzip") == (b"ab", "")


@pytest.mark.parametrize("data", [b"nonsense", gzip.compress(BODY)[:-4], gzip.compress(BODY) + b"more"])
def test_a_damaged_body_is_refused(data: bytes) -> None:
    with pytest.raises(ArangoError) as told:
        compress.decompressed(data, "gzip")
    assert told.value.num == 400


def test_an_unknown_coding_is_named() -> None:
    with pytest.raises(ArangoError, match="x-arango-lz4") as told:
        compress.decompressed(b"", "x-arango-lz4")
    assert told.value.num == 9


def test_a_small_body_does_not_become_a_huge_one() -> None:
    bomb = zlib.compress(bytes(1 << 20))
    assert len(compress.decompressed(bomb, "deflate", limit=1 << 20)) == 1 << 20
    with pytest.raises(ArangoError) as told:
        compress.decompressed(bomb, "deflate", limit=(1 << 20) - 1)
    assert told.value.status == 413
