"""Who asks, and what they may: tokens and passwords to identities, identities to levels.

Knows nothing of HTTP but the text of one header.
"""

from __future__ import annotations

import binascii
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from arangod.auth import jwt, password
from arangod.store.names import SYSTEM

NONE, READ, WRITE = 0, 1, 2

UserLookup = Callable[[str], Mapping[str, Any] | None]
_REMEMBERED = 1000


class Identity(NamedTuple):
    """Somebody whose credentials were accepted; paths, when given, are all they may ask for."""

    user: str
    superuser: bool
    by_token: bool
    paths: tuple[str, ...] | None = None


EVERYBODY = Identity("root", True, False)


class Guard:
    """Checks credentials against the secrets and the user table."""

    def __init__(
        self, secrets: Sequence[bytes], users: UserLookup, *, active: bool = True, session_seconds: float = 3600.0
    ) -> None:
        self.active = active
        self._secrets = secrets
        self._users = users
        self._session_seconds = session_seconds
        self._claims: dict[str, dict[str, Any]] = {}
        self.refresh: Callable[[], bool] = lambda: False

    def identify(self, authorization: str) -> Identity | None:
        """Return who this header names, or nobody."""
        if not self.active:
            return EVERYBODY
        scheme, _, credentials = authorization.strip().partition(" ")
        match scheme.lower():
            case "bearer":
                return self._by_token(credentials.strip())
            case "basic":
                return self._by_password(credentials.strip())
        return None

    def _by_token(self, token: str) -> Identity | None:
        claims = self._claims.get(token)
        if claims is None:
            try:
                claims = jwt.verify(self._secrets, token)
            except jwt.Refused:
                return None
            if len(self._claims) >= _REMEMBERED:
                self._claims.clear()
            self._claims[token] = claims
        return _holder(claims, time.time())

    def _by_password(self, credentials: str) -> Identity | None:
        try:
            text = binascii.a2b_base64(credentials).decode()
        except (binascii.Error, ValueError):
            return None
        user, colon, secret = text.partition(":")
        return Identity(user, False, False) if colon and self.accepts(user, secret) else None

    def accepts(self, user: str, secret: str) -> bool:
        """Tell whether this is an active user with this password, by the newest table of users."""
        return self._fits(user, secret) or (self.refresh() and self._fits(user, secret))

    def _fits(self, user: str, secret: str) -> bool:
        auth = (self._users(user) or {}).get("authData", {})
        return bool(auth.get("active")) and password.matches(auth.get("simple", {}), secret)

    def session(self, user: str) -> str:
        """Issue a token to a user who proved to be one."""
        now = int(time.time())
        ends = now + int(self._session_seconds)
        return jwt.issue(
            self._secrets[0], {"preferred_username": user, "iss": "arangodb", "iat": now, "exp": ends}
        )  # fmt: skip

    def level(self, identity: Identity, database: str) -> int:
        """Return what somebody may do in a database, whether it exists or not."""
        if identity.superuser:
            return WRITE
        entry = self._users(identity.user)
        if entry is None or not entry.get("authData", {}).get("active"):
            return NONE
        databases = entry.get("databases", {})
        granted = databases.get(database, databases.get("*", {})).get("permissions", {})
        return WRITE if granted.get("write") else READ if granted.get("read") else NONE

    def is_admin(self, identity: Identity) -> bool:
        """Tell whether somebody may administer the server."""
        return self.level(identity, SYSTEM) == WRITE


def _holder(claims: Mapping[str, Any], now: float) -> Identity | None:
    """Return whom some verified claims name now."""
    ends = claims.get("exp")
    if ends is not None and (not isinstance(ends, int | float) or ends <= now):
        return None
    if claims.get("iss") != "arangodb":
        return None
    paths = claims.get("allowed_paths")
    if paths is not None and not (isinstance(paths, list) and all(isinstance(path, str) for path in paths)):
        return None
    limits = None if paths is None else tuple(paths)
    user = claims.get("preferred_username")
    if isinstance(user, str):
        return Identity(user, False, True, limits)
    return Identity("", True, True, limits) if isinstance(claims.get("server_id"), str) else None
