"""Durations and memory sizes as people write them, and back.

Knows nothing of what they limit.
"""

from __future__ import annotations

import re
from decimal import Decimal

from armadillo.errors import ConfigurationError

_DURATION_HINT = "write 90, 90s, 5m, 1h30m, 200ms, 2d, or none for no limit"
_SIZE_HINT = "write 512MiB, 1.5GiB, 512m, 2g, or a number of bytes; units are b, k, m, g, t and KiB, MiB, GiB, TiB"

# What a lock can still be waited for is less than three times as much.
_LONGEST = 100 * 366 * 86_400

_NUMBER = r"[0-9]{1,18}(?:\.[0-9]{1,9})?"
_PARTS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_DURATION = re.compile("".join(f"(?:({_NUMBER}){unit})?" for unit in _PARTS))
_PLAIN = re.compile(_NUMBER)

# As Docker reads them, MB and MiB are the same for memory.
_SIZE = re.compile(f"({_NUMBER}) ?(?:([kmgt])i?)?b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def parse_duration(value: str | float, *, zero: bool = True) -> float | None:
    """Return seconds, None for `none`; a time-out passes `zero=False`."""
    text = value.strip() if isinstance(value, str) else value
    if text == "none":
        return None
    seconds = _seconds(text)
    if seconds is None or not 0 <= seconds <= _LONGEST:
        raise ConfigurationError(f"{value!r} is not a duration", hint=_DURATION_HINT)
    if seconds == 0 and not zero:
        raise ConfigurationError(f"a time-out of {value!r} leaves no time at all", hint=_DURATION_HINT)
    return seconds


def _seconds(value: str | float) -> float | None:
    if not isinstance(value, str):
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if _PLAIN.fullmatch(value):
        return float(value)
    match = _DURATION.fullmatch(value)
    if not value or match is None:
        return None
    parts = zip(match.groups(), _PARTS.values(), strict=True)
    return float(sum((Decimal(number) * milliseconds for number, milliseconds in parts if number), Decimal()) / 1000)


def format_duration(seconds: float | None) -> str:
    """Write seconds the way `parse_duration` reads them, to the microsecond."""
    if seconds is None:
        return "none"
    microseconds = round(seconds * 1_000_000)
    if 0 < microseconds < 1_000_000:
        return f"{_trimmed(microseconds, 1_000)}ms"
    text = ""
    for unit in ("d", "h", "m"):
        count, microseconds = divmod(microseconds, _PARTS[unit] * 1_000)
        text += f"{count}{unit}" if count else ""
    return text + f"{_trimmed(microseconds, 1_000_000)}s" if microseconds or not text else text


def _trimmed(microseconds: int, unit: int) -> str:
    whole, rest = divmod(microseconds, unit)
    return f"{whole}.{rest:0{len(str(unit)) - 1}}".rstrip("0").rstrip(".")


def parse_size(value: str | int) -> int:
    """Return bytes; each unit is 1024 of the one below, as Docker and Compose read memory limits."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ConfigurationError(f"{value!r} is not a size", hint=_SIZE_HINT)
    number, unit = match.groups(default="")
    return int(Decimal(number) * 1024 ** _POWERS[unit.lower()])


def format_size(size: int) -> str:
    """Write bytes in Compose's form, in the largest of its units, up to g, that holds them exactly."""
    for unit, power in (("g", 3), ("m", 2), ("k", 1)):
        if size and size % 1024**power == 0:
            return f"{size // 1024**power}{unit}"
    return f"{size}b"
