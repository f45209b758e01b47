"""A root file system put together from files, and the archive an engine loads it from: the same to the bit each time.

Speaks to no engine and knows no server: what goes in is given as entries.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import hashlib
import io
import json
import marshal
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from armadillo.engine import bytecode, interpreter
from armadillo.engine.interpreter import Interpreter
from armadillo.errors import EnvironmentUnusable

RECIPE = 1
DATA_FOLDERS = ("var/lib/arangodb3", "var/lib/arangodb3-apps")

_GO_NAMES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
_TEXTS = {
    "etc/passwd": "root:x:0:0:root:/root:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One path: a file, or a folder when there is no content."""

    path: str
    mode: int
    content: Path | bytes | None = None

    def read(self) -> bytes:
        """Return what is in the file."""
        return self.content.read_bytes() if isinstance(self.content, Path) else self.content or b""


@dataclasses.dataclass(frozen=True, slots=True)
class Layer:
    """A layer by its content; without data where the engine has it already."""

    diff_id: str
    data: bytes | None


def architecture(machine: str) -> str:
    """Return an engine's word for a processor."""
    return _GO_NAMES.get(machine, machine)


def python(source: Interpreter) -> list[Entry]:
    """Return the system below a server: Python, what it needs, and the few files a system has."""
    found = interpreter.files(source)
    entries = [Entry(path, 0o755 if _runs(path) else 0o644, file) for path, file in found.items()]
    entries += [Entry(path, 0o644, text.encode()) for path, text in _TEXTS.items()]
    entries += [Entry(path, 0o777) for path in DATA_FOLDERS]
    return [*entries, Entry("tmp", 0o1777), Entry("var/tmp", 0o1777), Entry("root", 0o700)]


def _runs(path: str) -> bool:
    return path == "usr/bin/python3" or ".so" in PurePosixPath(path).name


def tree(folder: Path, below: str) -> list[Entry]:
    """Return the files of a folder as entries below a path, but none that a tool has left there."""
    paths = {path: path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()}
    return [
        Entry(f"{below}/{inside.as_posix()}", 0o644, path)
        for path, inside in paths.items()
        if not any(part.startswith((".", "__pycache__")) for part in inside.parts)
    ]


def key(entries: Iterable[Entry], *facts: object) -> str:
    """Return a digest of what is in the entries and of whatever else an outcome depends on."""
    seen = hashlib.sha256(json.dumps([RECIPE, *facts], sort_keys=True).encode())
    for entry in sorted(entries, key=lambda entry: entry.path):
        kind = "folder" if entry.content is None else hashlib.sha256(entry.read()).hexdigest()
        seen.update(f"\0{entry.path}\0{entry.mode:o}\0{kind}".encode())
    return seen.hexdigest()


def layer(entries: Iterable[Entry], source: Interpreter, *, small: bool) -> Layer:
    """Put the entries and the byte code of those that are Python into a tar file; `small` drops debug symbols."""
    given = list(entries)
    contents = {entry.path: entry.read() for entry in given if entry.content is not None}
    if small:
        contents |= stripped({path: data for path, data in contents.items() if data.startswith(b"\x7fELF")})
    modes = {entry.path: entry.mode for entry in given}
    made = [Entry(path, modes[path], data) for path, data in contents.items()]
    made += [Entry(path, 0o644, data) for path, data in compiled(contents, source).items()]
    data = tar([*made, *(entry for entry in given if entry.content is None)])
    return Layer(f"sha256:{hashlib.sha256(data).hexdigest()}", data)


def can_strip() -> bool:
    """Say whether debug symbols can be dropped here."""
    return shutil.which("strip") is not None


def stripped(programs: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return programs and shared objects without what only a debugger reads."""
    # Ctrl-C reaches the main thread alone: in another one the folder is removed whatever happens.
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(_strip, programs).result()


def _strip(programs: Mapping[str, bytes]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="armadillo-strip-") as folder:
        places = {path: Path(folder, str(number)) for number, path in enumerate(programs)}
        for path, place in places.items():
            place.write_bytes(programs[path])
        # What it cannot read it leaves as it was, which runs as well.
        subprocess.run(["strip", "--strip-unneeded", *map(str, places.values())], capture_output=True)
        return {path: place.read_bytes() for path, place in places.items()}


def compiled(contents: Mapping[str, bytes], source: Interpreter) -> dict[str, bytes]:
    """Return the byte code of the Python files, compiled in two fresh processes so that it is the same each time."""
    wanted = sorted(path for path in contents if path.endswith(".py"))
    halves = [[(path, contents[path]) for path in half] for half in (wanted[0::2], wanted[1::2])]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda half: _compile(half, source), halves)
    return {_pyc(path): code for path, code in sorted([*first, *second]) if code}


def _compile(sources: list[tuple[str, bytes]], source: Interpreter) -> list[tuple[str, bytes]]:
    command = [str(source.executable), "-I", "-S", bytecode.__file__]
    done = subprocess.run(command, input=marshal.dumps(sources), capture_output=True)
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()
        raise EnvironmentUnusable(f"{source.executable} cannot compile: {words}", hint=interpreter.OTHER_WAY)
    answer: list[tuple[str, bytes]] = marshal.loads(done.stdout)
    return answer


def _pyc(path: str) -> str:
    place = PurePosixPath(path)
    return str(place.parent / "__pycache__" / f"{place.stem}.{sys.implementation.cache_tag}.pyc")


def tar(entries: Iterable[Entry]) -> bytes:
    """Return a tar file of the entries and the folders they are in, sorted, owned by root, of no time."""
    by_path = {entry.path: entry for entry in entries}
    folders = {str(parent) for path in by_path for parent in PurePosixPath(path).parents if str(parent) != "."}
    by_path = {path: Entry(path, 0o755) for path in folders} | by_path
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for _, entry in sorted(by_path.items()):
            data = entry.read()
            archive.addfile(_member(entry, len(data)), io.BytesIO(data))
    return target.getvalue()


def _member(entry: Entry, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(entry.path)
    member.mode, member.size = entry.mode, size
    if entry.content is None:
        member.type = tarfile.DIRTYPE
    return member


def archive(tags: Sequence[str], layers: Sequence[Layer], config: Mapping[str, Any], machine: str) -> bytes:
    """Return an image in the form that `docker save` writes; layers without data are left to the engine's store."""
    image = {
        "architecture": architecture(machine),
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [part.diff_id for part in layers]},
    }
    about = json.dumps(image, sort_keys=True).encode()
    name = f"{hashlib.sha256(about).hexdigest()}.json"
    paths = [f"{part.diff_id.removeprefix('sha256:')}.tar" for part in layers]
    manifest = [{"Config": name, "RepoTags": list(tags), "Layers": paths}]
    return tar(_parts(name, about, manifest, zip(paths, layers, strict=True)))


def _parts(
    name: str, about: bytes, manifest: list[dict[str, Any]], layers: Iterable[tuple[str, Layer]]
) -> Iterator[Entry]:
    yield Entry("manifest.json", 0o644, json.dumps(manifest).encode())
    yield Entry(name, 0o644, about)
    yield from (Entry(path, 0o644, part.data) for path, part in layers if part.data is not None)
