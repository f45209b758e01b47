"""JSON as arangod reads and writes it: strict, 64-bit integers, no NaN, well-formed Unicode.

Knows nothing of where the text comes from.
"""

from __future__ import annotations

import json
from typing import Any

_LIMIT = 1 << 63
_SURE_DIGITS = 18

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _integer(text: str) -> int | float:
    if len(text) <= _SURE_DIGITS:
        return int(text)
    as_float = _float(text)
    if abs(as_float) > 4 * _LIMIT:
        return as_float
    value = int(text)
    return value if -_LIMIT <= value < 2 * _LIMIT else as_float


def _float(text: str) -> float:
    value = float(text)
    if value - value != 0:
        raise ValueError(f"number out of range: {text[:40]}")
    return value


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


_decode = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_constant).decode


def decode(data: bytes) -> Any:
    """Read one JSON value; ValueError says what is wrong with the text."""
    try:
        value = _decode(data.decode())
        if b"\\u" in data:
            encode(value).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value
