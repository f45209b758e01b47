"""This machine's own Python as a list of files: the program, its pruned library, and the shared objects they need.

Knows nothing of images; reads files, and asks `ldd` what the loader would load.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import platform
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from armadillo.errors import EnvironmentUnusable

OTHER_WAY = "build it on an image that has Python 3.11 or newer: armadillo image build --base IMAGE"

_DROPPED_FOLDERS = frozenset(
    {
        *("__pycache__", "dist-packages", "site-packages", "ensurepip", "venv", "distutils", "lib2to3"),
        *("idlelib", "tkinter", "turtledemo", "pydoc_data", "test", "tests"),
    }
)
_DROPPED_FILES = re.compile(r".*\.(a|exe|pyc|pyo)|(_test|_tkinter|_curses|_ctypes_test|readline|xxlimited|nis).*\.so")
_LOADED = re.compile(r"(?:(\S+) => )?(/\S+) \(0x")
_MISSING = re.compile(r"(\S+) => not found")
# The C library loads these by name when it is first asked for a host or ends a thread, so nothing lists them.
_LOADED_BY_NAME = ("libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2", "libgcc_s.so.1")


@dataclasses.dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python installation: where it is, and where its library goes below /usr."""

    executable: Path
    stdlib: Path
    lib: str
    version: str
    machine: str

    @property
    def modules(self) -> Path:
        """The folder of the library's shared objects."""
        return self.stdlib / "lib-dynload"

    def stamp(self) -> str:
        """Return what changes when the installation does, without reading it."""
        library = Path(sysconfig.get_config_var("LIBDIR") or "") / str(sysconfig.get_config_var("LDLIBRARY"))
        places = (self.executable, self.stdlib, self.modules, library)
        facts = [(str(place), *_age(place)) for place in places if place.exists()]
        return hashlib.sha256(repr((self.version, self.machine, facts)).encode()).hexdigest()


def _age(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return str(path.resolve()), status.st_size, status.st_mtime_ns


def running() -> Interpreter:
    """Return the interpreter that runs this, not the virtual environment around it."""
    executable = getattr(sys, "_base_executable", None) or sys.executable
    stdlib = Path(os.__file__).resolve().parent
    return Interpreter(
        executable=Path(executable).resolve(),
        stdlib=stdlib,
        lib=f"{sys.platlibdir}/{stdlib.name}",
        version=sys.version,
        machine=platform.machine(),
    )


def files(interpreter: Interpreter) -> dict[str, Path]:
    """Return every file that this Python needs elsewhere, by its path there."""
    modules = sorted(path for path in interpreter.modules.glob("*.so") if not _DROPPED_FILES.fullmatch(path.name))
    by_name = _beside_libc(interpreter)
    needed = loaded([interpreter.executable, *modules, *by_name])
    if needed[interpreter.executable] is None:
        raise EnvironmentUnusable(f"{interpreter.executable} lacks a shared object of its own", hint=OTHER_WAY)
    whole = [path for path in modules if needed[path] is not None]
    found = {f"usr/{interpreter.lib}/{path.relative_to(interpreter.stdlib)}": path for path in library(interpreter)}
    found |= {f"usr/{interpreter.lib}/lib-dynload/{path.name}": path for path in whole}
    found |= {f"usr/lib/{path.name}": path for path in by_name}
    for path in (interpreter.executable, *whole, *by_name):
        found |= {where(name): Path(real) for name, real in (needed[path] or {}).items()}
    return found | {"usr/bin/python3": interpreter.executable}


def where(name: str) -> str:
    """Return where a shared object goes: one with a path, the loader, stays there, the rest lies together."""
    return name.lstrip("/") if name.startswith("/") else f"usr/lib/{name}"


def library(interpreter: Interpreter) -> Iterator[Path]:
    """Yield the files of the library that a server may import, without its shared objects."""
    for folder, inside, names in os.walk(interpreter.stdlib):
        inside[:] = sorted(
            name
            for name in inside
            if name not in _DROPPED_FOLDERS and not name.startswith("config-") and name != "lib-dynload"
        )
        for name in sorted(names):
            path = Path(folder, name)
            if not _DROPPED_FILES.fullmatch(name) and path.is_file():
                yield path


def _beside_libc(interpreter: Interpreter) -> list[Path]:
    needed = loaded([interpreter.executable])[interpreter.executable] or {}
    libc = next((Path(real) for name, real in needed.items() if name.startswith("libc.so")), None)
    return [] if libc is None else [path for name in _LOADED_BY_NAME if (path := libc.parent / name).exists()]


def loaded(programs: Sequence[Path]) -> Mapping[Path, dict[str, str] | None]:
    """Return the shared objects of each, by name; None for one of which some are missing here."""
    try:
        told = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, errors="replace").stdout
    except OSError as exc:
        raise EnvironmentUnusable("ldd is not here, so it is unknown what Python needs to run", hint=OTHER_WAY) from exc
    return {
        program: None if _MISSING.search(part) else {name or real: real for name, real in _LOADED.findall(part)}
        for program, part in zip(programs, _parts(told, programs), strict=True)
    }


def _parts(told: str, programs: Sequence[Path]) -> Iterator[str]:
    """Split what ldd says, which heads its parts only where there are several."""
    if len(programs) == 1:
        yield told
        return
    for program in programs:
        _, _, rest = told.partition(f"{program}:\n")
        yield re.split(r"^\S.*:$", rest, maxsplit=1, flags=re.MULTILINE)[0]
