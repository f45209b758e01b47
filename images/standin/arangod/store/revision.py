"""Revisions: a hybrid logical clock, and its text form as arangod writes it.

Knows nothing of documents.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_DIGITS = "-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_PLACES = {digit: place for place, digit in enumerate(_DIGITS)}
_COUNT_BITS = 20


def to_text(stamp: int) -> str:
    """Write a stamp the way `_rev` shows it."""
    text = ""
    while stamp:
        text = _DIGITS[stamp & 63] + text
        stamp >>= 6
    return text


def from_text(text: str) -> int:
    """Read what `to_text` wrote; a foreign text is 0."""
    stamp = 0
    for digit in text:
        place = _PLACES.get(digit)
        if place is None:
            return 0
        stamp = stamp << 6 | place
    return stamp


class Clock:
    """Stamps that never repeat and never go back, whatever the time of day does."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._last = 0

    def seen(self, text: str) -> None:
        """Learn of a revision given out before."""
        self._last = max(self._last, from_text(text))

    def next(self) -> str:
        """Return a new revision."""
        self._last = max(self._last + 1, int(self._now() * 1000) << _COUNT_BITS)
        return to_text(self._last)
