"""Data as YAML in block form, for `--output yaml`. Knows plain values only, and quotes as the loader does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from armadillo.yamltext import scalar


def dump(value: Any) -> str:
    """Return plain data as a YAML document."""
    return "\n".join(lines(value)) + "\n"


def lines(value: Any) -> Iterator[str]:
    """Yield the lines of a value; what is inside a mapping or list is indented by two."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from under(f"{scalar(str(key))}:", inner)
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        for inner in value:
            first, *rest = lines(inner)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield plain(value)


def under(key: str, value: Any) -> Iterator[str]:
    """Yield a key and its value, on the same line where that is possible."""
    nested = list(lines(value))
    if isinstance(value, Mapping | list | tuple) and value:
        yield key
        yield from (f"  {line}" for line in nested)
    else:
        yield f"{key} {nested[0]}"


def plain(value: Any) -> str:
    """Return a value that has nothing inside."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return scalar(value)
        case Mapping():
            return "{}"
    return "[]"
