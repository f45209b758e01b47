"""JSON values as the agency sees them: paths into them, equality, and changes that share what stays.

Knows nothing of transactions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Path = tuple[str, ...]
MISSING: Any = object()


def path_of(text: str) -> Path:
    """Read a path; slashes collapse, and the first one may be left out."""
    return tuple(part for part in text.split("/") if part)


def text_of(path: Path) -> str:
    """Write a path."""
    return "/" + "/".join(path)


def found(root: Any, path: Path) -> Any:
    """Return what is at a path, or MISSING."""
    here = root
    for part in path:
        if not isinstance(here, dict) or part not in here:
            return MISSING
        here = here[part]
    return here


def placed(root: Any, path: Path, value: Any) -> Any:
    """Return a copy with a value at a path; what is not on the way there is shared."""
    if not path:
        return value
    copy = dict(root) if isinstance(root, dict) else {}
    copy[path[0]] = placed(copy.get(path[0]), path[1:], value)
    return copy


def removed(root: Any, path: Path) -> Any:
    """Return a copy without what is at a path; the same value when nothing is there."""
    if not path:
        return {}
    if found(root, path) is MISSING:
        return root
    copy = dict(root)
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = removed(copy[path[0]], path[1:])
    return copy


def same(one: Any, other: Any) -> bool:
    """Compare as JSON: truth values are no numbers, objects are without order, arrays with."""
    if one is other:
        return True
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    if isinstance(one, Mapping):
        return (
            isinstance(other, Mapping)
            and one.keys() == other.keys()
            and all(same(value, other[key]) for key, value in one.items())
        )
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def only(root: Any, paths: list[Path]) -> dict[str, Any]:
    """Return the tree with the given paths alone; where one ends early, its deepest part that is there."""
    result: Any = {}
    for path in sorted(paths, key=len, reverse=True):
        here, depth = root, 0
        while depth < len(path) and isinstance(here, dict) and path[depth] in here:
            here = here[path[depth]]
            depth += 1
        whole = depth == len(path)
        if whole or found(result, path[:depth]) is MISSING:
            result = placed(result, path[:depth], here if whole else {})
    return result if isinstance(result, dict) else {}
