"""The write-ahead log: records with checksums at the end of one file, and their durability.

Knows nothing of what a record means.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

MAGIC = b"armadillo stand-in journal 1\n"
_HEAD = struct.Struct("<III")  # length, checksum of the payload, checksum of the two before
_WORDS = struct.Struct("<II")


class Damaged(Exception):
    """A record is there in full and is not what was written."""


class JournalFailed(Exception):
    """The file could not be written; nothing more is taken until a restart."""


def framed(payload: bytes) -> bytes:
    """Return a record as it stands in the file."""
    words = _WORDS.pack(len(payload), zlib.crc32(payload))
    return words + _WORDS.pack(zlib.crc32(words), 0)[:4] + payload


def records(data: bytes, where: str) -> Iterator[tuple[bytes, int]]:
    """Yield every whole record and the offset of its end; a torn tail ends it, damage raises."""
    at = len(MAGIC)
    while len(data) - at >= _HEAD.size:
        length, checksum, head_checksum = _HEAD.unpack_from(data, at)
        if zlib.crc32(data[at : at + _WORDS.size]) != head_checksum:
            if not data[at:].strip(b"\0"):
                return
            raise Damaged(f"{where}: the record header at byte {at} is damaged")
        start, end = at + _HEAD.size, at + _HEAD.size + length
        if end > len(data):
            return
        payload = data[start:end]
        if zlib.crc32(payload) != checksum:
            raise Damaged(f"{where}: the record at byte {at} is damaged ({length} bytes)")
        yield payload, end
        at = end


def sync_directory(path: Path) -> None:
    """Make creations and renames in a directory durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Journal:
    """One open journal: append gives the offset to sync up to before a write may be acknowledged as durable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._end = 0
        self._synced = 0
        self._failure = ""
        self._syncing = threading.Lock()

    @property
    def end(self) -> int:
        """The size of the journal in bytes."""
        return self._end

    def replay(self) -> Iterator[bytes]:
        """Yield all records once, before the first append; cut a torn tail."""
        data = self.path.read_bytes()
        if len(data) < len(MAGIC) and MAGIC.startswith(data):
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, MAGIC, 0)
            sync_directory(self.path.parent)
            data = MAGIC
        elif not data.startswith(MAGIC):
            raise Damaged(f"{self.path}: the file header is damaged")
        self._end = len(MAGIC)
        for payload, end in records(data, str(self.path)):
            yield payload
            self._end = end
        self.torn = len(data) - self._end
        if self.torn:
            os.ftruncate(self._fd, self._end)
        self.sync(self._end)

    def append(self, payload: bytes) -> int:
        """Write one record, whole or not at all; callers take turns. Return the offset of its end."""
        if self._failure:
            raise JournalFailed(self._failure)
        record = framed(payload)
        try:
            written = os.pwrite(self._fd, record, self._end)
            while written < len(record):
                written += os.pwrite(self._fd, record[written:], self._end + written)
        except OSError as exc:
            self._undo()
            raise JournalFailed(f"cannot write to {self.path}: {exc}") from exc
        self._end += len(record)
        return self._end

    def _undo(self) -> None:
        try:
            os.ftruncate(self._fd, self._end)
        except OSError as exc:
            self._failure = f"{self.path} holds half a record since: {exc}"

    def sync(self, upto: int) -> None:
        """Return when everything before this offset is on disk; one call serves all who wait."""
        if self._synced >= upto:
            return
        with self._syncing:
            if self._synced >= upto:
                return
            if self._failure:
                raise JournalFailed(self._failure)
            end = self._end
            try:
                os.fdatasync(self._fd)
            except OSError as exc:
                self._failure = f"{self.path} could not be made durable: {exc}"
                raise JournalFailed(self._failure) from exc
            self._synced = end

    def close(self) -> None:
        """Make all durable and let go of the file."""
        try:
            self.sync(self._end)
        finally:
            os.close(self._fd)


def rewrite(path: Path, payloads: Iterator[bytes]) -> None:
    """Replace a journal by a shorter one of the same meaning, in one step."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(MAGIC)
        for payload in payloads:
            file.write(framed(payload))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_directory(path.parent)


def written(path: Path, text: str) -> None:
    """Write a small file whole or not at all, and durably."""
    fresh = path.with_name(f"{path.name}.tmp")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
