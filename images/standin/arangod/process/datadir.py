"""The data directory and its marks: the lock, the server's identity, and that it was set up.

Knows nothing of what else is in it.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from arangod.failure import Exit, ExitCode
from arangod.jsontext import encode
from arangod.store.journal import written

LETTERS = {"SINGLE": "SNGL", "AGENT": "AGNT", "PRIMARY": "PRMR", "COORDINATOR": "CRDN"}
INITIALISED = "SERVER"


class DataDirectory:
    """A directory this process alone uses; held until it ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = self._locked()
        except OSError as exc:
            raise Exit(ExitCode.FAILED, f"unable to use database directory '{path}': {exc}") from None

    def _locked(self) -> int:
        """Take the lock file; one that was removed meanwhile is not the one."""
        name = self.path / "LOCK"
        while True:
            handle = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(handle, 32).decode("ascii", "replace").strip()
                os.close(handle)
                text = f"database directory '{self.path}' is locked by another process: {holder or 'unknown'}"
                raise Exit(ExitCode.CANNOT_LOCK, text, id="a9ac1") from None
            if name.exists() and name.stat().st_ino == os.fstat(handle).st_ino:
                break
            os.close(handle)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        return handle

    @property
    def is_initialised(self) -> bool:
        """Tell whether a server was set up here before."""
        return (self.path / INITIALISED).exists()

    def identity(self, role: str, *, required: bool = False) -> str:
        """Return the id kept here; the first server to ask gets a new one."""
        mark = self.path / "UUID"
        if mark.exists():
            return mark.read_text(encoding="ascii").strip()
        if required:
            raise Exit(ExitCode.FAILED, f"required persisted UUID file '{mark}' not found", id="d2194")
        fresh = f"{LETTERS[role]}-{_uuid()}"
        written(mark, fresh)
        return fresh

    def mark_initialised(self, identity: str) -> None:
        """Leave the marks of a directory that is set up."""
        written(self.path / "ENGINE", "rocksdb")
        written(self.path / "LANGUAGE", encode({"default": "en_US"}))
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        written(self.path / INITIALISED, encode({"serverId": identity, "createdTime": created}))

    def release(self) -> None:
        """Give the directory back after an orderly end."""
        (self.path / "LOCK").unlink(missing_ok=True)
        os.close(self._lock)


def _uuid() -> str:
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
