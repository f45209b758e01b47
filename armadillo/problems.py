"""What is wrong with a text a person wrote: each problem with its place, all told as one error.

Knows nothing of what the text is written in, nor of what it means.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from armadillo.errors import ConfigurationError

KeyPath = tuple[str | int, ...]


class Mark(NamedTuple):
    """Line and column, from zero."""

    line: int
    column: int


class Problem(NamedTuple):
    """What is wrong at one place of a text, and the way out."""

    place: str
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.path, self.message) if part)


def error(problems: Sequence[Problem]) -> ConfigurationError:
    """Return the one error that tells all problems, a line each."""
    details = {"problems": [problem._asdict() for problem in problems]}
    if len(problems) == 1:
        return ConfigurationError(str(problems[0]), hint=problems[0].hint, details=details)
    lines = (f"{problem}; {problem.hint}" if problem.hint else str(problem) for problem in problems)
    return ConfigurationError("\n".join(lines), details=details)


def placed(name: str, mark: Mark) -> str:
    return f"{name}:{mark.line + 1}:{mark.column + 1}"


def dotted(path: KeyPath) -> str:
    """Write a path as people do: spec.overrides[0].nodes."""
    parts = ""
    for part in path:
        if isinstance(part, int):
            parts += f"[{part}]"
        elif re.fullmatch(r"[^\s.\[\]\"]+", part):
            parts += f".{part}" if parts else part
        else:
            parts += f'["{part}"]'
    return parts


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant."""
    by_folded = {re.sub(r"[-_ ]", "", candidate).casefold(): candidate for candidate in known}
    folded = re.sub(r"[-_ ]", "", word).casefold()
    close = difflib.get_close_matches(folded, by_folded, n=1, cutoff=0.6)
    longer = [candidate for candidate in by_folded if len(folded) > 2 and candidate.startswith(folded)]
    return by_folded[(close or longer)[0]] if close or longer else None
