"""The address under which the founding document imports authentication; everything lives in `armadillo.auth`."""

from armadillo.auth import (
    AuthProvider,
    basic_auth_header,
    get_auth_provider,
    has_permission,
    provider_from_file,
    read_secret,
)

__all__ = [
    "AuthProvider",
    "basic_auth_header",
    "get_auth_provider",
    "has_permission",
    "provider_from_file",
    "read_secret",
]
