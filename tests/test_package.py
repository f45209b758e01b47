"""What is shipped: the sdist, the wheel, and the command run from a new environment that has only the wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

import armadillo

ROOT = Path(__file__).resolve().parents[1]
PLACES = {
    "armadillo": "armadillo",
    "images": "armadillo/_data/images",
    "compose-templates": "armadillo/_data/compose-templates",
}
NOT_OURS = shutil.ignore_patterns(
    ".git", ".venv*", ".*_cache", ".hypothesis", ".coverage*", "__pycache__", "dist", "build"
)
IGNORED = ("images/left-over.pyc", "images/standin/__pycache__/x.py", "armadillo/.cache/x.py")

pytestmark = pytest.mark.timeout(600)


class Built(NamedTuple):
    """A tree with git-ignored files in it, and what was built from it."""

    tree: Path
    sdist: Path
    wheel: Path
    wheel_of_sdist: Path


def run(argv: Sequence[str | Path], cwd: Path | None = None) -> str:
    """Run a command that has to succeed, and return what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ARMADILLO_", "PYTHON"))}
    ended = subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, timeout=500)
    assert ended.returncode == 0, f"{argv}:\n{ended.stdout[-2000:]}\n{ended.stderr[-4000:]}"
    return ended.stdout


def build(kind: str, tree: Path, into: Path) -> Path:
    """Build one kind of distribution with the backend of this environment."""
    run([sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", into, tree])
    (made,) = into.iterdir()
    return made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    base = tmp_path_factory.mktemp("package")
    tree = base / "tree"
    shutil.copytree(ROOT, tree, ignore=NOT_OURS)
    for name in IGNORED:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("left over")
    sdist = build("sdist", tree, base / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(base / "unpacked", filter="data")
    (unpacked,) = (base / "unpacked").iterdir()
    return Built(tree, sdist, build("wheel", tree, base / "wheel"), build("wheel", unpacked, base / "wheel-of-sdist"))


def contents(wheel: Path) -> dict[str, bytes]:
    """Return each file of a wheel but the list of all others."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/RECORD")}


def test_the_wheel_has_the_package_and_its_data_and_nothing_else(built: Built) -> None:
    wanted = {
        f"{place}/{path.relative_to(built.tree / folder).as_posix()}": path.read_bytes()
        for folder, place in PLACES.items()
        for path in (built.tree / folder).rglob("*")
        if path.is_file() and path.relative_to(built.tree).as_posix() not in IGNORED
    }
    found = {name: data for name, data in contents(built.wheel).items() if ".dist-info/" not in name}
    assert sorted(found) == sorted(wanted)
    assert found == wanted
    assert "armadillo/py.typed" in found
    assert any(name.startswith(PLACES["compose-templates"]) for name in found)
    assert any(name.startswith(PLACES["images"]) for name in found)


def test_the_wheel_tells_its_name_licence_and_command(built: Built) -> None:
    about = {name.partition(".dist-info/")[2]: data for name, data in contents(built.wheel).items()}
    metadata = about["METADATA"].decode()
    assert metadata.startswith("Metadata-Version:")
    assert "\nName: armadillo-arangodb\n" in metadata
    assert f"\nVersion: {armadillo.__version__}\n" in metadata
    assert "\nLicense-Expression: Apache-2.0\n" in metadata
    assert about["licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert about["entry_points.txt"].decode().strip().splitlines()[:2] == [
        "[console_scripts]",
        "armadillo = armadillo.cli:main",
    ]


def test_the_wheel_built_from_the_sdist_is_the_same(built: Built) -> None:
    assert contents(built.wheel_of_sdist) == contents(built.wheel)


def test_the_sdist_has_what_is_needed_to_test_and_nothing_that_git_ignores(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "Makefile",
        "pyproject.toml",
        ".ci/run",
        "tests/test_package.py",
    } <= names
    assert not names & set(IGNORED)


def test_a_new_environment_with_only_the_wheel_renders(
    built: Built, tmp_path: Path, require: Callable[[str, bool, str], None]
) -> None:
    environment = tmp_path / "environment"
    run([sys.executable, "-m", "venv", "--without-pip", environment])
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        environment / "bin" / "python",
        "--disable-pip-version-check",
    ]
    probe = [*pip, "download", "--quiet", "--no-deps", "--retries=1", "--dest", tmp_path / "probe", "typer"]
    require(
        "index",
        subprocess.run(probe, capture_output=True, timeout=120).returncode == 0,
        "no package index to install from",
    )
    run([*pip, "install", "--quiet", built.wheel])
    command = environment / "bin" / "armadillo"
    assert armadillo.__version__ in run([command, "version"], cwd=Path("/"))
    services = yaml.safe_load(run([command, "render", "--cluster"], cwd=Path("/")))["services"]
    assert {"agent1", "agent2", "agent3", "dbserver1", "coordinator1"} <= services.keys()
