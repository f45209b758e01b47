"""JSON as RFC 8259 and I-JSON mean it: strict UTF-8, finite numbers, each key once, bounded nesting.

The standard library's C scanner does the work; only what it refused is walked again to find the offset. Knows nothing
of what the values mean.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final

from armadillo.errors import CodecError

MAX_DEPTH: Final = 256

_STRING = r'"(?:[^"\\]|\\.)*"'
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_TOKEN = re.compile(rf"{_STRING}|{_NUMBER}|-?Infinity|NaN|[a-z]+|\S", re.DOTALL)
_BETWEEN_BRACKETS = re.compile(rf'{_STRING}|[^\[\]{{}}"]+', re.DOTALL)
_STEP: Final = {"[": 1, "{": 1, "]": -1, "}": -1, '"': 0}
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_END: Final = object()


class _RefusedError(ValueError):
    """Something JSON's grammar lets through and we do not."""


class JsonCodec:
    """Compact JSON with sorted keys; what it decodes it can encode again."""

    def encode(self, obj: Any) -> bytes:
        """Return UTF-8 without white space; tuples become arrays."""
        _check(obj)
        try:
            text = json.dumps(obj, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
            return text.encode()
        except (TypeError, ValueError, RecursionError) as exc:
            raise CodecError(f"cannot be written as JSON: {exc}") from exc

    def decode(self, data: bytes | bytearray | memoryview) -> Any:
        """Return the value; the error's offset counts bytes."""
        raw = bytes(data)
        try:
            text = raw.decode()
        except UnicodeDecodeError as exc:
            raise CodecError(f"not UTF-8 at byte {exc.start}: {exc.reason}", offset=exc.start) from exc
        if _depth(text) > MAX_DEPTH:
            _walk(text)
        try:
            value = json.loads(text, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_constant)
            if _SURROGATE_ESCAPE.search(text):
                json.dumps(value, ensure_ascii=False).encode()
        except json.JSONDecodeError as exc:
            raise _at(text, exc.pos, exc.msg) from exc
        except (ValueError, RecursionError) as exc:
            _walk(text)
            raise CodecError(f"not JSON: {exc}") from exc
        return value


def _depth(text: str) -> int:
    """Return how deeply brackets nest, fast when there are few."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    return max(itertools.accumulate(map(_STEP.__getitem__, _BETWEEN_BRACKETS.sub("", text))))


def _check(obj: Any) -> None:
    """Refuse keys that are not text and what is nested too deeply, itself included."""
    path: list[Iterator[Any]] = [iter((obj,))]
    while path:
        value = next(path[-1], _END)
        if value is _END:
            path.pop()
        elif isinstance(value, dict | list | tuple):
            if len(path) > MAX_DEPTH:
                raise CodecError(f"cannot be written as JSON: nested deeper than {MAX_DEPTH}, or within itself")
            if isinstance(value, dict):
                for key in value:
                    if not isinstance(key, str):
                        raise CodecError(f"cannot be written as JSON: the key {key!r} is not text")
            path.append(iter(value.values() if isinstance(value, dict) else value))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RefusedError("a key twice")
    return found


def _finite(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise _RefusedError("a number too large")
    return number


def _constant(literal: str) -> float:
    raise _RefusedError(literal)


def _walk(text: str) -> None:
    """Raise for the first thing we refuse in a text, wherever its grammar holds."""
    keys: list[set[str] | None] = []
    before = ""
    for token in _TOKEN.finditer(text):
        word = token.group()
        if word == '"':
            return
        if word in "{[":
            if len(keys) == MAX_DEPTH:
                raise _at(text, token.start(), f"nested deeper than {MAX_DEPTH}")
            keys.append(set() if word == "{" else None)
        elif word in "}]" and keys:
            keys.pop()
        elif problem := _refusal(word, keys[-1] if keys and before in "{," else None):
            raise _at(text, token.start(), problem)
        before = word


def _refusal(word: str, keys: set[str] | None) -> str | None:
    """Say why a string, number or word is refused; a key is told by the set of those before it."""
    try:
        value = json.loads(word)
    except json.JSONDecodeError:
        return None
    except ValueError:
        return "a number too large"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{word} is not a JSON number" if word.lstrip("-")[0].isalpha() else "a number too large"
    if not isinstance(value, str):
        return None
    if _LONE_SURROGATE.search(value):
        return "half of a surrogate pair"
    if keys is not None and value in keys:
        return f"the key {word} twice in one object"
    if keys is not None:
        keys.add(value)
    return None


def _at(text: str, position: int, problem: str) -> CodecError:
    offset = len(text[:position].encode())
    return CodecError(f"not JSON at byte {offset}: {problem}", offset=offset)
