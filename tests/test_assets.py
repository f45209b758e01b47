from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from armadillo import assets
from armadillo.errors import EnvironmentUnusable


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the empty folder of a package that assets takes for its own."""
    root = tmp_path / "armadillo"
    root.mkdir()
    monkeypatch.setattr(assets, "package", lambda: root)
    return root


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_wheel_keeps_its_data_inside_the_package(installed: Path) -> None:
    file = write(installed / "_data" / "images" / "standin" / "Dockerfile", "FROM grün\n")
    write(installed.parent / "pyproject.toml", "")
    write(installed.parent / "images" / "standin" / "Dockerfile", "of somebody else")
    assert assets.folder("images") == file.parents[1]
    assert assets.text("images", "standin/Dockerfile") == "FROM grün\n"


def test_a_checkout_keeps_its_data_beside_the_package(installed: Path) -> None:
    file = write(installed.parent / "compose-templates" / "single.yml.j2", "services:\n")
    write(installed.parent / "pyproject.toml", "")
    assert assets.folder("compose-templates") == file.parent
    assert assets.text("compose-templates", "single.yml.j2") == "services:\n"


def test_a_folder_that_is_beside_the_package_by_accident_is_not_taken(installed: Path) -> None:
    write(installed.parent / "images" / "cat.png", "")
    with pytest.raises(EnvironmentUnusable, match="images is missing") as told:
        assets.folder("images")
    assert "install it again" in told.value.hint


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_cannot_be_read_is_named(installed: Path, content: bytes | None) -> None:
    file = write(installed / "_data" / "images" / "broken", "")
    file.unlink() if content is None else file.write_bytes(content)
    with pytest.raises(EnvironmentUnusable, match="broken cannot be read"):
        assets.text("images", "broken")


def test_an_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("armadillo/_data/images/x", "")
        monkeypatch.setattr(assets, "package", lambda: zipfile.Path(archive, "armadillo/"))
        with pytest.raises(EnvironmentUnusable, match="from an archive"):
            assets.folder("images")


@pytest.mark.parametrize("kind", ["images", "compose-templates"])
def test_this_very_installation_has_both_folders(kind: str) -> None:
    assert assets.folder(kind).is_dir()
