"""Where the token secrets come from: a file, a folder, an option, or chance.

Knows nothing of tokens.
"""

from __future__ import annotations

import os
from pathlib import Path

from arangod.failure import Exit, ExitCode

MAX_BYTES = 64


def read_secret(path: Path) -> bytes:
    """Read one secret, without the white space around it."""
    try:
        secret = path.read_bytes().strip()
    except OSError as exc:
        raise Exit(ExitCode.FAILED, f"unable to read content of jwt-secret file '{path}': {exc}") from None
    if not secret:
        raise Exit(ExitCode.FAILED, f"the jwt-secret file '{path}' is empty")
    return _checked(secret)


def _checked(secret: bytes) -> bytes:
    if len(secret) > MAX_BYTES:
        raise Exit(ExitCode.FAILED, f"Given JWT secret too long. Max length is {MAX_BYTES} have {len(secret)}")
    return secret


def read_folder(path: Path) -> list[bytes]:
    """Read all secrets of a folder; the first by name signs, all verify."""
    try:
        files = sorted(file for file in path.iterdir() if file.is_file())
    except OSError as exc:
        raise Exit(ExitCode.FAILED, f"unable to read jwt-secret folder '{path}': {exc}") from None
    if not files:
        raise Exit(ExitCode.FAILED, f"the jwt-secret folder '{path}' is empty")
    return [read_secret(file) for file in files]


def secrets_from(keyfile: str, folder: str, secret: str) -> list[bytes]:
    """Return the secrets the options name, the signing one first; without any, one of chance."""
    if sum(map(bool, (keyfile, folder, secret))) > 1:
        raise Exit(ExitCode.FAILED, "please specify only one of --server.jwt-secret, -keyfile and -folder")
    if folder:
        return read_folder(Path(folder))
    if keyfile:
        return [read_secret(Path(keyfile))]
    return [_checked(secret.encode())] if secret else [os.urandom(32).hex().encode()]
