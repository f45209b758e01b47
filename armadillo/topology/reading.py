"""Reads parts of a Compose file: each reader takes a value in any form Compose allows and notes what it cannot take.

Knows no key of the file; which reader a key has is said elsewhere.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from armadillo.errors import ConfigurationError
from armadillo.problems import KeyPath
from armadillo.topology.model import Pairs
from armadillo.units import parse_duration, parse_size
from armadillo.yamltext import Document, Problems

T = TypeVar("T")

_DOLLAR = re.compile(r"\$(\$|\{[^}]*\}?|[A-Za-z_][A-Za-z0-9_]*)?")


class Reader:
    """Reads values at paths of one document; what is wrong is noted, and a harmless value is returned for it."""

    def __init__(self, document: Document) -> None:
        self.problems = Problems(document)

    def note(self, path: KeyPath, message: str, hint: str = "") -> None:
        self.problems.add(path, message, hint=hint)

    def wrong(self, path: KeyPath, value: Any, wanted: str) -> None:
        """Note that a value is not of the kind that is wanted here."""
        self.note(path, f"must be {wanted}, not {described(value)}")

    def text(self, path: KeyPath, value: Any) -> str:
        """Read a string, with $$ for a dollar sign."""
        if isinstance(value, str):
            return self._without_dollars(path, value)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        self.note(path, f"must be a string, not {described(value)}", f'quote it: "{value}"' if number else "")
        return ""

    def loose(self, path: KeyPath, value: Any) -> str:
        """Read a string or a number that stands for one."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if isinstance(value, bool):
            self.note(path, "must be a string, not a boolean", f'quote it: "{str(value).lower()}"')
            return ""
        return str(value) if number else self.text(path, value)

    def _without_dollars(self, path: KeyPath, text: str) -> str:
        for found in _DOLLAR.finditer(text):
            if found[1] != "$":
                self.note(path, f"{found[0]} is a variable, and none is looked up", "write its value, or $$ for a $")
        return text.replace("$$", "$")

    def flag(self, path: KeyPath, value: Any) -> bool:
        if not isinstance(value, bool):
            self.wrong(path, value, "true or false")
        return value is True

    def whole(self, path: KeyPath, value: Any, *, least: int = 0) -> int:
        """Read a whole number, also when it is quoted."""
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self.wrong(path, value, f"a whole number from {least}")
        return least

    def number(self, path: KeyPath, value: Any) -> float:
        """Read a positive number, also when it is quoted."""
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
            value = float(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf"):
            return value
        self.wrong(path, value, "a number above 0")
        return 1

    def size(self, path: KeyPath, value: Any) -> int:
        return self._unit(path, value, parse_size) or 0

    def duration(self, path: KeyPath, value: Any) -> float:
        return self._unit(path, value, parse_duration) or 0.0

    def _unit(self, path: KeyPath, value: Any, parse: Callable[[str], T | None]) -> T | None:
        if isinstance(value, bool | dict | list | None):
            self.wrong(path, value, "a number with its unit")
            return None
        try:
            found = parse(self.loose(path, value))
        except ConfigurationError as exc:
            self.note(path, str(exc), exc.hint)
            return None
        if found is None:
            self.note(path, "must have an end", "write a time, like 60s")
        return found

    def mapping(self, path: KeyPath, value: Any, known: Iterable[str] | None = None) -> Mapping[str, Any]:
        """Read a mapping; with `known`, one that has these keys and x-* only."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.wrong(path, value, "a mapping")
            return {}
        if known is not None:
            known = list(known)
            self.problems.unknown_keys(path, {key: it for key, it in value.items() if not key.startswith("x-")}, known)
        return value

    def items(self, path: KeyPath, value: Any) -> list[tuple[KeyPath, Any]]:
        """Read a list; each item comes with its path."""
        if not isinstance(value, list):
            if value is not None:
                self.wrong(path, value, "a list")
            return []
        return [((*path, number), item) for number, item in enumerate(value)]

    def texts(self, path: KeyPath, value: Any) -> tuple[str, ...]:
        return tuple(self.text(at, item) for at, item in self.items(path, value))

    def one_or_more(self, path: KeyPath, value: Any) -> tuple[str, ...]:
        """Read a list of strings, or one string that stands for a list of one."""
        return (self.text(path, value),) if isinstance(value, str) else self.texts(path, value)

    def words(self, path: KeyPath, value: Any) -> tuple[str, ...] | None:
        """Read a command line, as a list or as one string that is split as a shell does."""
        if value is None:
            return None
        if not isinstance(value, str):
            return tuple(self.loose(at, item) for at, item in self.items(path, value))
        try:
            return tuple(shlex.split(self.text(path, value)))
        except ValueError as exc:
            self.note(path, f"cannot be split into words: {exc}", "write it as a list")
            return None

    def pairs(self, path: KeyPath, value: Any, separator: str = "=") -> Pairs:
        """Read names with values, as a mapping or as a list of name=value."""
        if not isinstance(value, list):
            given = self.mapping(path, value).items()
            return tuple((key, self._given((*path, key), item)) for key, item in given)
        found: dict[str, str] = {}
        for at, item in self.items(path, value):
            key, separated, text = self.text(at, item).partition(separator)
            if not separated:
                self.note(at, f"must be name{separator}value", "nothing is taken from the environment")
            elif key in found:
                self.note(at, f"{key} is given twice", "keep one of them")
            found[key] = text
        return tuple(found.items())

    def _given(self, path: KeyPath, value: Any) -> str:
        if value is None:
            self.note(path, "has no value, and nothing is taken from the environment", 'write a value, perhaps ""')
            return ""
        return self.loose(path, value)


def described(value: Any) -> str:
    """Say what a value is, in the words of the file it stands in."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return repr(value) if isinstance(value, str) else str(value)
