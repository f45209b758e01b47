"""Values to bytes and back: one protocol, one module for each format. Knows no transport and no file."""

from __future__ import annotations

from typing import Any, Protocol

from armadillo.codec.json import JsonCodec

__all__ = ["DataCodec", "JsonCodec"]


class DataCodec(Protocol):
    """What every format can do; wrong input is a CodecError."""

    def encode(self, obj: Any) -> bytes:
        """Return the value as bytes, the same bytes for the same value."""
        ...

    def decode(self, data: bytes) -> Any:
        """Return the value the bytes stand for."""
        ...
