"""What databases, collections and documents may be called.

Knows nothing of which of them exist.
"""

from __future__ import annotations

import re

SYSTEM = "_system"
USERS = "_users"

_DATABASE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}\Z")
_COLLECTION = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,255}\Z")
_KEY = re.compile(r"[A-Za-z0-9_\-:.@()+,=;$!*'%]{1,254}\Z")
_EXTENDED_DATABASE_BYTES = 128
_EXTENDED_COLLECTION_BYTES = 256


def _extended(name: str, limit: int) -> bool:
    import unicodedata

    fits = 0 < len(name.encode()) <= limit and name.strip() == name
    plain = not any(ord(sign) < 32 or sign in "/:\0" for sign in name)
    return fits and plain and unicodedata.normalize("NFC", name) == name and name[0] not in "0123456789_-."


def is_database(name: object, *, extended: bool) -> bool:
    """Tell whether a database may have this name."""
    if not isinstance(name, str):
        return False
    return bool(_DATABASE.match(name)) or (extended and bool(name) and _extended(name, _EXTENDED_DATABASE_BYTES))


def is_collection(name: object, *, system: bool, extended: bool) -> bool:
    """Tell whether a collection may have this name; only system collections begin with an underscore."""
    if not isinstance(name, str) or not name:
        return False
    if name.startswith("_") != system:
        return False
    return bool(_COLLECTION.match(name)) or (extended and _extended(name, _EXTENDED_COLLECTION_BYTES))


def is_key(key: object) -> bool:
    """Tell whether a document may have this key."""
    return isinstance(key, str) and bool(_KEY.match(key))


def is_document_id(value: object) -> bool:
    """Tell whether a value names a document as `collection/key`."""
    if not isinstance(value, str):
        return False
    collection, _, key = value.partition("/")
    return bool(collection) and is_key(key)
