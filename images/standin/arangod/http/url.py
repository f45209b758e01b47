"""Request targets: the database they are for, the path, and the parameters.

Knows nothing of routes or of which databases exist.
"""

from __future__ import annotations

from binascii import unhexlify
from typing import NamedTuple


class BadTarget(Exception):
    """The target is not well-formed UTF-8 behind its percent signs."""


class Target(NamedTuple):
    """Where a request goes: `database` is None without a prefix; `path` is decoded, `segments` are its parts."""

    database: str | None
    path: str
    segments: tuple[str, ...]
    parameters: dict[str, str]


def unquoted(text: str) -> str:
    """Undo percent encoding."""
    if "%" not in text and text.isascii():
        return text
    first, *rest = text.encode("latin-1").split(b"%")
    try:
        if any(len(part) < 2 for part in rest):
            raise ValueError("cut short")
        return (first + b"".join(unhexlify(part[:2]) + part[2:] for part in rest)).decode()
    except ValueError:
        raise BadTarget(f"malformed percent encoding in '{text[:100]}'") from None


_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def quoted(text: str) -> str:
    """Write one segment of a path with percent encoding."""
    if _PLAIN.issuperset(text):
        return text
    return "".join(chr(byte) if chr(byte) in _PLAIN else f"%{byte:02X}" for byte in text.encode())


def _parameters(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in query.split("&"):
        name, _, value = item.replace("+", " ").partition("=")
        if name:
            found[unquoted(name)] = unquoted(value)
    return found


def parse(target: str) -> Target:
    """Read a request target."""
    raw, mark, query = target.partition("#")[0].partition("?")
    segments = [unquoted(segment) for segment in raw.split("/") if segment]
    database = None
    if len(segments) >= 2 and segments[0] == "_db":
        database = segments[1]
        del segments[:2]
    path = "/" + "/".join(segments)
    return Target(database, path, tuple(segments), _parameters(query) if mark else {})
