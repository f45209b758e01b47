from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from armadillo.engine import tree
from armadillo.errors import ConfigurationError, NotFoundError
from armadillo.topology import Topology, Tree, load_compose, render
from armadillo.topology.composefile import Mount, MountKind


def planted(folder: Path, place: str, mode: int = 0o755) -> Path:
    path = folder / place / "arangod"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    path.chmod(mode)
    return path


@pytest.mark.parametrize("place", tree.PLACES)
def test_arangod_is_found_where_trees_have_it(tmp_path: Path, place: str) -> None:
    path = planted(tmp_path, place)
    assert tree.located(tmp_path) == Tree(str(path.resolve()))


def test_the_first_that_can_be_run_is_taken(tmp_path: Path) -> None:
    planted(tmp_path, "bin", 0o644)
    path = planted(tmp_path, "build/bin")
    assert tree.located(tmp_path).arangod == str(path)


def test_a_link_is_followed_for_the_engine_sees_no_others(tmp_path: Path) -> None:
    path = planted(tmp_path / "real", "bin")
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "arangod").symlink_to(path)
    assert tree.located(tmp_path / "link").arangod == str(path)


def test_the_scripts_of_an_install_tree_come_along(tmp_path: Path) -> None:
    planted(tmp_path, "usr/sbin")
    (tmp_path / "usr/share/arangodb3").mkdir(parents=True)
    (tmp_path / "js").mkdir()
    found = tree.located(tmp_path)
    assert (found.share, found.scripts) == (str(tmp_path / "usr/share/arangodb3"), None)


def test_the_scripts_of_a_source_tree_come_along(tmp_path: Path) -> None:
    planted(tmp_path, "build/bin")
    (tmp_path / "js").mkdir()
    assert tree.located(tmp_path) == Tree(str(tmp_path / "build/bin/arangod"), scripts=str(tmp_path / "js"))


def test_what_is_no_tree_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="it is not there"):
        tree.located(tmp_path / "missing")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotFoundError, match="no directory"):
        tree.located(tmp_path / "file")
    with pytest.raises(ConfigurationError, match="no arangod in it, nor in bin/, sbin/, usr/sbin/"):
        tree.located(tmp_path)
    path = planted(tmp_path, "sbin", 0o644)
    with pytest.raises(ConfigurationError, match="is not executable") as told:
        tree.located(tmp_path)
    assert told.value.hint == f"chmod +x {path}"


def test_a_text_tells_which_arangod_its_servers_run() -> None:
    plain = load_compose(render(Topology(image="some/image"), "x"))
    assert tree.program(plain, "some/image") is None
    file = load_compose(render(Topology(image="some/image", tree=Tree("/t/arangod", scripts="/t/js")), "x"))
    assert tree.program(file, "some/image") == "/t/arangod"
    assert tree.program(file, "another/image") is None
    assert tree.mounts(file, "some/image") == (
        Mount(MountKind.BIND, "/usr/sbin/arangod", "/t/arangod", True),
        Mount(MountKind.BIND, "/usr/share/arangodb3/js", "/t/js", True),
    )


def test_a_volume_in_arangods_place_is_no_tree() -> None:
    file = load_compose(render(Topology(image="some/image"), "x"))
    odd = dataclasses.replace(file.services[0], volumes=(Mount(MountKind.VOLUME, "/usr/sbin/arangod", "single-data"),))
    assert tree.program(dataclasses.replace(file, services=(odd,)), "some/image") is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("OCI runtime create failed: exec format error: unknown", "architecture"),
        ("exec /usr/sbin/arangod: no such file or directory", "interprets or loads"),
        ("no such file or directory", ""),
        ("out of patience", ""),
    ],
)
def test_the_engines_refusal_is_put_into_words(words: str, said: str) -> None:
    found = tree.reason(words)
    assert said in found
    assert bool(found) == bool(said)
