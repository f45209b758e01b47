"""What one operation does to the value at its path.

Knows nothing of the tree around it, nor of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from arangod.agency.value import MISSING, Path, path_of, same

Arguments = Mapping[str, Any]
MAX_DEPTH = 200  # far from where the interpreter would give up


class Malformed(ValueError):
    """A transaction that means nothing."""


class Unsupported(Malformed):
    """A transaction that means something to arangod, but nothing here."""


class Held(Exception):
    """A lock that somebody else holds, or nobody holds."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _argument(arguments: Arguments, name: str) -> Any:
    if name not in arguments:
        raise Malformed(f"Operation '{arguments['op']}' without '{name}'")
    return arguments[name]


def _step(arguments: Arguments) -> Any:
    step = arguments.get("step", arguments.get("delta", 1))
    if not _is_number(step):
        raise Malformed(f"Operation '{arguments['op']}' with a step that is no number")
    return step


def _list(old: Any) -> list[Any]:
    return old if isinstance(old, list) else []


def _set(old: Any, arguments: Arguments) -> Any:
    return _argument(arguments, "new")


def _increment(old: Any, arguments: Arguments) -> Any:
    return (old if _is_number(old) else 0) + _step(arguments)


def _decrement(old: Any, arguments: Arguments) -> Any:
    return (old if _is_number(old) else 0) - _step(arguments)


def _push(old: Any, arguments: Arguments) -> Any:
    return [*_list(old), _argument(arguments, "new")]


def _prepend(old: Any, arguments: Arguments) -> Any:
    return [_argument(arguments, "new"), *_list(old)]


def _push_queue(old: Any, arguments: Arguments) -> Any:
    limit = arguments.get("max", arguments.get("len"))
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise Malformed("Operation 'push-queue' without a whole number as 'max'")
    queue = _push(old, arguments)
    return queue[max(len(queue) - limit, 0) :]


def _pop(old: Any, arguments: Arguments) -> Any:
    return _list(old)[:-1]


def _shift(old: Any, arguments: Arguments) -> Any:
    return _list(old)[1:]


def _erase(old: Any, arguments: Arguments) -> Any:
    values = _list(old)
    if ("val" in arguments) == ("pos" in arguments):
        raise Malformed("Operation 'erase' takes either 'val' or 'pos'")
    if "val" in arguments:
        return [value for value in values if not same(value, arguments["val"])]
    at = arguments["pos"]
    if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at < len(values):
        raise Malformed("Operation 'erase' with a position that is not there")
    return values[:at] + values[at + 1 :]


def _replace(old: Any, arguments: Arguments) -> Any:
    gone, new = _argument(arguments, "val"), _argument(arguments, "new")
    return [new if same(value, gone) else value for value in _list(old)]


def _owner(arguments: Arguments) -> str:
    by = _argument(arguments, "by")
    if not isinstance(by, str):
        raise Malformed(f"Operation '{arguments['op']}' with 'by' that is no text")
    return by


def _read_lock(old: Any, arguments: Arguments) -> Any:
    by = _owner(arguments)
    readers = old if isinstance(old, list) else [] if old is MISSING or old in ({}, "") else None
    if readers is None or by in readers:
        raise Held
    return [*readers, by]


def _read_unlock(old: Any, arguments: Arguments) -> Any:
    by = _owner(arguments)
    if not isinstance(old, list) or by not in old:
        raise Held
    return [reader for reader in old if reader != by] or MISSING


def _write_lock(old: Any, arguments: Arguments) -> Any:
    by = _owner(arguments)
    if old is not MISSING and old not in ({}, "", []):
        raise Held
    return by


def _write_unlock(old: Any, arguments: Arguments) -> Any:
    if old != _owner(arguments):
        raise Held
    return MISSING


OPERATORS: dict[str, Callable[[Any, Arguments], Any]] = {
    "set": _set,
    "delete": lambda old, arguments: MISSING,
    "increment": _increment,
    "decrement": _decrement,
    "push": _push,
    "prepend": _prepend,
    "push-queue": _push_queue,
    "pop": _pop,
    "shift": _shift,
    "erase": _erase,
    "replace": _replace,
    "read-lock": _read_lock,
    "read-unlock": _read_unlock,
    "write-lock": _write_lock,
    "write-unlock": _write_unlock,
}


def _is_plain(value: Any, depth: int) -> bool:
    """Tell whether a bare value is data all through: no operation among its objects, no path among its names."""
    if depth > MAX_DEPTH:
        raise Malformed(f"Nested more than {MAX_DEPTH} levels deep")
    if not isinstance(value, dict):
        return True
    return "op" not in value and all("/" not in key and _is_plain(inner, depth + 1) for key, inner in value.items())


def spread(path: Path, wish: Any) -> Iterator[tuple[Path, Arguments]]:
    """Yield the operations a wish stands for: what is inside the objects of a bare value are wishes as well."""
    if isinstance(wish, dict) and "op" in wish:
        if wish["op"] in ("observe", "unobserve"):
            raise Unsupported(f"the operation '{wish['op']}'")
        if not isinstance(wish["op"], str) or wish["op"] not in OPERATORS:
            raise Malformed(f"Unknown operation '{wish['op']}'")
        if len(path) > MAX_DEPTH:
            raise Malformed(f"Nested more than {MAX_DEPTH} levels deep")
        yield path, wish
    elif _is_plain(wish, len(path)):
        yield path, {"op": "set", "new": wish}
    else:
        yield path, {"op": "set", "new": {}}
        for key, inner in wish.items():
            yield from spread((*path, *path_of(key)), inner)
