"""References in texts, `${name.path[0]:-default}`, and what they stand for.

Knows no shell and no environment: it looks into the values it is given, and nowhere else.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from armadillo.errors import ConfigurationError

_OPENING = re.compile(r"\$?\$\{")
_INSIDE = re.compile(r"([A-Za-z_][\w-]*)((?:\.[\w-]+|\[[0-9]{1,9}\])*)(?::-(.*))?", re.ASCII | re.DOTALL)
_STEP = re.compile(r"\.([\w-]+)|\[([0-9]+)\]", re.ASCII)
_HINT = "write ${name}, ${name.key[0]} or ${name:-default}; $${ is a plain ${"


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """One `${…}`: where to begin, the keys and places to go from there, and what to take when nothing is there."""

    name: str
    path: tuple[str | int, ...] = ()
    default: str | None = None

    def __str__(self) -> str:
        steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return f"${{{self.name}{steps}{'' if self.default is None else ':-' + self.default}}}"


def parse(text: str) -> tuple[str | Reference, ...]:
    """Split a text into plain parts and references, in order."""
    parts: list[str | Reference] = []
    plain, place = "", 0
    while opening := _OPENING.search(text, place):
        plain += text[place : opening.start()]
        place = opening.end()
        if len(opening[0]) == len("$${"):
            plain += "${"
            continue
        closing = text.find("}", place)
        parts += [plain] if plain else []
        parts.append(_reference(text, opening.start(), closing))
        plain, place = "", closing + 1
    plain += text[place:]
    return (*parts, plain) if plain else tuple(parts)


def _reference(text: str, start: int, closing: int) -> Reference:
    inside = text[start + 2 : closing]
    match = _INSIDE.fullmatch(inside) if closing >= 0 and "${" not in inside else None
    if match is None:
        shown = text[start : start + 60] if closing < 0 else text[start : closing + 1]
        raise ConfigurationError(f"{shown!r} at character {start} is not a reference", hint=_HINT)
    name, steps, default = match.groups()
    path = tuple(key or int(place) for key, place in _STEP.findall(steps))
    return Reference(name, path, default)


def references(text: str) -> tuple[Reference, ...]:
    """Return the references in a text, to check them before there is anything to look into."""
    return tuple(part for part in parse(text) if isinstance(part, Reference))


def resolve(text: str, lookup: Mapping[str, Any]) -> Any:
    """Put in what the references stand for; a text that is one reference becomes the value itself, type and all.

    A default counts, as in a shell, where nothing is there and also where what is there is empty. What is put in is
    not read again.
    """
    parts = parse(text)
    if len(parts) == 1 and isinstance(parts[0], Reference):
        return value_of(parts[0], lookup)
    return "".join(part if isinstance(part, str) else _written(part, lookup) for part in parts)


def value_of(reference: Reference, lookup: Mapping[str, Any]) -> Any:
    """Return what one reference stands for."""
    value: Any = lookup
    for step in (reference.name, *reference.path):
        try:
            value = _step(value, step)
        except LookupError:
            if reference.default is not None:
                return reference.default
            raise _unresolved(reference, step, value) from None
    return reference.default if reference.default is not None and value in (None, "") else value


def _step(value: Any, step: str | int) -> Any:
    if isinstance(value, Mapping):
        return value[step]
    if isinstance(step, int) and isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return value[step]
    raise LookupError(step)


def _unresolved(reference: Reference, step: str | int, within: Any) -> ConfigurationError:
    names = [str(name) for name in within] if isinstance(within, Mapping) else []
    near = difflib.get_close_matches(str(step), names) or sorted(names)[:8]
    hint = f"there is {', '.join(near)}" if near else "nothing is known there; a default is written ${name:-default}"
    return ConfigurationError(f"{reference} stands for nothing: no {step!r}", hint=hint)


def _written(reference: Reference, lookup: Mapping[str, Any]) -> str:
    value = value_of(reference, lookup)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return str(value)
    raise ConfigurationError(
        f"{reference} is a {type(value).__name__} and cannot stand inside a text",
        hint="let it stand alone, or go on to one of its values: ${name.key}, ${name[0]}",
    )
