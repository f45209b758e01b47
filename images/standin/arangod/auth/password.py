"""Passwords as the `_users` collection keeps them: one salted SHA-256.

Knows nothing of where they are kept.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from typing import Any

from arangod.failure import not_built


def _digest(salt: str, password: str) -> str:
    return hashlib.sha256((salt + password).encode()).hexdigest()


def hashed(password: str) -> dict[str, Any]:
    """Return what is kept of a password."""
    salt = os.urandom(4).hex()
    return {"method": "sha256", "salt": salt, "hash": _digest(salt, password)}


def matches(kept: Mapping[str, Any], password: str) -> bool:
    """Tell whether this is the password something was kept of."""
    if kept.get("method") != "sha256":
        raise not_built(f"passwords kept by the method {kept.get('method')!r}")
    return hmac.compare_digest(_digest(str(kept.get("salt")), password), str(kept.get("hash")))


def user_document(name: str, password: str) -> dict[str, Any]:
    """Return the entry of `_users` for a user who may do everything."""
    everything = {"permissions": {"read": True, "write": True}, "collections": {"*": {"read": True, "write": True}}}
    return {
        "user": name,
        "source": "LOCAL",
        "authData": {"active": True, "simple": hashed(password)},
        "databases": {"*": everything},
        "userData": {},
        "configData": {},
    }
