"""Digests, random names, and the nonces seen so far.

Knows nothing of tokens or of who may do what.
"""

from __future__ import annotations

import hashlib
import heapq
import math
import secrets
import string
import threading

from armadillo.clock import Clock, SystemClock
from armadillo.errors import AuthError, ConfigurationError

# Letters and digits alone: such a name may also start a container's name or stand on a command line.
_ALPHABET = string.ascii_letters + string.digits

NONCE_TTL = 3600.0


def _as_bytes(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data


class CryptoService:
    """Digests, random names and a memory for nonces that forgets what has expired."""

    def __init__(self, clock: Clock = SystemClock()) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self._expiries: list[tuple[float, str]] = []

    def sha256(self, data: bytes | str) -> str:
        """Return the digest in hexadecimal; a text is taken as UTF-8."""
        return hashlib.sha256(_as_bytes(data)).hexdigest()

    def md5(self, data: bytes | str) -> str:
        """Return the digest in hexadecimal, for comparing, never for security; a text is taken as UTF-8."""
        return hashlib.md5(_as_bytes(data), usedforsecurity=False).hexdigest()

    def random_id(self, length: int = 16) -> str:
        """Return so many unpredictable letters and digits."""
        if length < 1:
            raise ConfigurationError(f"a random name of {length} characters", hint="ask for at least one")
        return "".join(secrets.choice(_ALPHABET) for _ in range(length))

    def register_nonce(self, nonce: str, ttl: float = NONCE_TTL) -> None:
        """Remember a nonce for so many seconds; raise AuthError when it is known already."""
        if not (math.isfinite(ttl) and ttl > 0):
            raise ConfigurationError(f"a nonce cannot be remembered for {ttl} seconds", hint="give a ttl above zero")
        with self._lock:
            self._forget_expired()
            if nonce in self._seen:
                raise AuthError("this nonce was used before", hint="ask for a new token; each one is good once")
            self._seen.add(nonce)
            heapq.heappush(self._expiries, (self._clock.monotonic() + ttl, nonce))

    def known_nonces(self) -> int:
        """Return how many nonces are remembered now."""
        with self._lock:
            self._forget_expired()
            return len(self._seen)

    def _forget_expired(self) -> None:
        now = self._clock.monotonic()
        while self._expiries and self._expiries[0][0] <= now:
            self._seen.discard(heapq.heappop(self._expiries)[1])
