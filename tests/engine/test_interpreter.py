import dataclasses
import os
import stat
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from armadillo.engine import interpreter
from armadillo.errors import EnvironmentUnusable


def program(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_it_is_the_interpreter_below_the_virtual_environment() -> None:
    found = interpreter.running()
    assert found.executable.is_file()
    assert not found.executable.is_symlink()
    assert found.stdlib.is_relative_to(Path(sys.base_prefix).resolve())
    assert (found.stdlib / "os.py").is_file()


def test_a_virtual_environment_of_copies_is_seen_through_too(tmp_path: Path) -> None:
    venv.create(tmp_path, symlinks=False, with_pip=False)
    code = "from armadillo.engine import interpreter; print(interpreter.running().executable)"
    root = Path(interpreter.__file__).parents[2]
    told = subprocess.run([tmp_path / "bin" / "python", "-c", code], cwd=root, capture_output=True, text=True)
    assert told.stdout.strip() == str(interpreter.running().executable)


def test_the_files_are_python_its_library_and_what_the_loader_needs() -> None:
    source = interpreter.running()
    found = interpreter.files(source)
    assert found["usr/bin/python3"] == source.executable
    assert f"usr/{source.lib}/json/decoder.py" in found
    assert any(path.startswith("usr/lib/libc.") or "musl" in path for path in found)
    assert any("ld-" in path and not path.startswith("usr/") for path in found)
    assert all(path.is_file() for path in found.values())
    assert not any(part in path for path in found for part in ("site-packages", "/test/", "idlelib", ".pyc"))


def test_the_stamp_changes_with_the_installation_and_not_without(tmp_path: Path) -> None:
    source = interpreter.running()
    other = dataclasses.replace(source, executable=program(tmp_path / "python3", ""))
    before = other.stamp()
    assert source.stamp() == source.stamp() != before
    program(tmp_path / "python3", "#!")
    assert other.stamp() != before


def test_one_program_and_several_are_read_alike() -> None:
    python = interpreter.running().executable
    assert interpreter.loaded([python]) == {python: interpreter.loaded([python, Path("/bin/ls")])[python]}


def test_what_is_no_program_needs_nothing(tmp_path: Path) -> None:
    script = program(tmp_path / "script", "#!/bin/sh\n")
    assert interpreter.loaded([script]) == {script: {}}


@pytest.fixture
def pretended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a folder first where programs are looked for."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def test_a_module_whose_library_is_missing_is_left_out(pretended: Path) -> None:
    source = interpreter.running()
    real = subprocess.run(["which", "-a", "ldd"], capture_output=True, text=True).stdout.split()[-1]
    lacking = next(path for path in sorted(source.modules.glob("_s*.so")) if not path.name.startswith("_test"))
    program(pretended / "ldd", f'#!/bin/sh\n{real} "$@" | sed "s#^{lacking}:#&\\n\\tlibgone.so => not found#"\n')
    found = interpreter.files(source)
    assert f"usr/{source.lib}/lib-dynload/{lacking.name}" not in found
    assert f"usr/{source.lib}/os.py" in found


def test_an_interpreter_whose_library_is_missing_is_refused_with_the_way_out(pretended: Path) -> None:
    program(pretended / "ldd", '#!/bin/sh\nfor p in "$@"; do echo "$p:"; echo "\tlibgone.so => not found"; done\n')
    with pytest.raises(EnvironmentUnusable, match="lacks a shared object") as told:
        interpreter.files(interpreter.running())
    assert "--base" in told.value.hint


def test_without_ldd_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentUnusable, match="ldd") as told:
        interpreter.files(interpreter.running())
    assert "--base" in told.value.hint


def test_a_statically_linked_system_has_nothing_beside_its_c_library(pretended: Path) -> None:
    program(pretended / "ldd", '#!/bin/sh\nfor p in "$@"; do echo "$p:"; echo "\tstatically linked"; done\n')
    found = interpreter.files(interpreter.running())
    assert not [path for path in found if path.startswith("usr/lib/lib")]
