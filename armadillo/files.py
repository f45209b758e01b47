"""Files of a run: written whole or not at all, and never outside the run's directory by accident.

Knows nothing of what is in them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from armadillo.config import ArmadilloConfig, below
from armadillo.errors import ArmadilloError, CodecError, ConfigurationError, EnvironmentUnusable, NotFoundError

Mode = Literal["w", "wb"]

_SECRET = 0o600
_HINTS = {
    errno.ENOSPC: "free some space: df -h",
    errno.EDQUOT: "free some space: quota",
    errno.EFBIG: "raise the limit of the file size: ulimit -f",
    errno.EROFS: "choose a directory that can be written",
    errno.EACCES: "look at the permissions: ls -ld",
    errno.EPERM: "look at the permissions and attributes: ls -ld, lsattr -d",
}
_WRONG_PATH = {errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL}


def atomic_write(path: Path | str, data: str | bytes, mode: Mode = "w", *, secret: bool = False) -> None:
    """Write a file so that everybody sees the old contents or the new, also after a crash; text is UTF-8.

    Permissions and owner of an existing file are kept; a secret is for its owner alone. A link stays, and what
    it points to is written; a secret is not written through a link.
    """
    target, content = Path(path), _as_bytes(data, mode)
    with _translated(f"{target} cannot be written", target.parent):
        if target.is_symlink():
            if secret:
                raise ConfigurationError(f"{target} is a link, a secret is not written through it", hint=f"rm {target}")
            target = Path(os.path.realpath(target))  # resolve() has its own error for links in a circle
        before = _existing(target)
        draft = target.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            _write(draft, content, before, secret=secret)
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        _sync_directory(target.parent)


def read_text(path: Path | str) -> str:
    """Read a UTF-8 text, with the line ends it has."""
    source = Path(path)
    with _translated(f"{source} cannot be read", source):
        content = source.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise CodecError(
            f"{source} is not UTF-8: byte {exc.start} is 0x{content[exc.start]:02x}",
            offset=exc.start,
            hint=f"convert it: iconv -t utf-8 {source}",
        ) from exc


class FilesystemService:
    """The directory of one run; relative paths are below it, and neither `..` nor links lead out of it."""

    def __init__(self, config: ArmadilloConfig) -> None:
        self._config = config

    def work_dir(self) -> Path:
        """Return the run's directory, made when it is not there."""
        return self._made(below(Path(self._config.output_dir).absolute(), self._config.run_id))

    def server_dir(self, name: str) -> Path:
        """Return the directory of one server, made when it is not there."""
        if "/" in name:
            raise ConfigurationError(f"{name!r} is no server's name", hint="a name has no slash")
        return self._made(below(self.work_dir(), name))

    def atomic_write(self, path: Path | str, data: str | bytes, mode: Mode = "w", *, secret: bool = False) -> None:
        """Write as the function does; the directories of a relative path are made."""
        target = self._within(path)
        if not Path(path).is_absolute():
            self._made(target.parent)
        atomic_write(target, data, mode, secret=secret)

    def read_text(self, path: Path | str) -> str:
        return read_text(self._within(path))

    def _within(self, path: Path | str) -> Path:
        wished, root = Path(path), self.work_dir()
        if not wished.is_absolute():
            return below(root, *wished.parts)
        if wished.is_relative_to(root):
            return below(root, *wished.relative_to(root).parts)
        return wished

    def _made(self, directory: Path) -> Path:
        with _translated(f"{directory} cannot be made", directory):
            directory.mkdir(parents=True, exist_ok=True)
        return directory


def _as_bytes(data: str | bytes, mode: str) -> bytes:
    if mode not in ("w", "wb") or isinstance(data, str) != (mode == "w"):
        raise ConfigurationError(
            f"{type(data).__name__} cannot be written in mode {mode!r}", hint='"w" takes str, "wb" takes bytes'
        )
    if isinstance(data, bytes):
        return data
    try:
        return data.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise CodecError(f"no UTF-8 for the character at {exc.start}", offset=exc.start) from exc


def _existing(target: Path) -> os.stat_result | None:
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise ConfigurationError(f"{target} is there and is no file", hint=f"ls -ld {target}")
    return found


def _write(draft: Path, content: bytes, before: os.stat_result | None, *, secret: bool) -> None:
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _SECRET if secret or before else 0o666)
    with os.fdopen(number, "wb") as file:
        file.write(content)
        if before is not None:
            _keep(number, before, secret=secret)
        file.flush()
        os.fsync(number)


def _keep(number: int, before: os.stat_result, *, secret: bool) -> None:
    with contextlib.suppress(PermissionError):  # only root gives files away
        os.fchown(number, before.st_uid, before.st_gid)
    os.fchmod(number, _SECRET if secret else stat.S_IMODE(before.st_mode))


def _sync_directory(directory: Path) -> None:
    number = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextlib.contextmanager
def _translated(failed: str, where: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise _meant(failed, where, exc) from exc
    except ValueError as exc:  # a zero byte
        raise ConfigurationError(f"{failed!r}: {exc}", hint="choose another path") from exc


def _meant(failed: str, where: Path, exc: OSError) -> ArmadilloError:
    message = f"{failed}: {exc.strerror or exc}"
    if exc.errno == errno.ENOENT:
        return NotFoundError(message, hint=f"is it there? ls -ld {where}")
    if exc.errno in _WRONG_PATH:
        return ConfigurationError(message, hint="choose another path")
    return EnvironmentUnusable(message, hint=_HINTS.get(exc.errno or 0, "look at the disk: dmesg"))
