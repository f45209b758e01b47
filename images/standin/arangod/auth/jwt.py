"""JSON web tokens of the one kind ArangoDB uses: HS256.

Knows nothing of users, of requests or of where a secret is kept.
"""

from __future__ import annotations

import binascii
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from arangod import jsontext

_HEADER = '{"alg":"HS256","typ":"JWT"}'


class Refused(Exception):
    """The token is not one of ours, or no longer valid."""


def _to_base64url(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode().rstrip("=").replace("+", "-").replace("/", "_")


def _from_base64url(text: str) -> bytes:
    try:
        padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
        return binascii.a2b_base64(padded, strict_mode=True)
    except (binascii.Error, ValueError):
        raise Refused("not base64url") from None


def _object(text: str) -> dict[str, Any]:
    try:
        value = jsontext.decode(_from_base64url(text))
    except ValueError:
        raise Refused("not JSON") from None
    if not isinstance(value, dict):
        raise Refused("not an object")
    return value


def _signature(secret: bytes, signed: str) -> bytes:
    return hmac.digest(secret, signed.encode(), "sha256")


def issue(secret: bytes, claims: Mapping[str, Any]) -> str:
    """Sign some claims."""
    signed = f"{_to_base64url(_HEADER.encode())}.{_to_base64url(jsontext.encode(dict(claims)).encode())}"
    return f"{signed}.{_to_base64url(_signature(secret, signed))}"


def verify(secrets: Sequence[bytes], token: str) -> dict[str, Any]:
    """Return the claims of a token signed with one of the secrets; the time is not looked at."""
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():
        raise Refused("not three parts")
    if _object(parts[0]).get("alg") != "HS256":
        raise Refused("not HS256")
    given, signed = _from_base64url(parts[2]), f"{parts[0]}.{parts[1]}"
    if not any(hmac.compare_digest(given, _signature(secret, signed)) for secret in secrets):
        raise Refused("wrong signature")
    return _object(parts[1])
