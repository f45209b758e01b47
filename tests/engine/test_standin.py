import io
import json
import re
import tarfile
from pathlib import Path

import pytest

from armadillo import assets
from armadillo.engine import interpreter, rootfs, standin
from armadillo.errors import EnvironmentUnusable


def test_the_image_has_the_server_and_the_names_it_is_started_by() -> None:
    found = {entry.path: entry for entry in standin.server().entries}
    assert f"{standin.HOME}/arangod/__main__.py" in found
    for path in standin.LAUNCHERS:
        assert found[path].mode == 0o755
        assert found[path].read().startswith(b"#!/usr/bin/python3 -S\n")


def test_shared_modules_keep_their_place_in_our_package() -> None:
    found = {entry.path: entry for entry in standin.server(shared=("errors.py", "codec/json.py")).entries}
    assert (
        found[f"{standin.HOME}/armadillo/errors.py"].read() == (Path(str(assets.package())) / "errors.py").read_bytes()
    )
    assert f"{standin.HOME}/armadillo/codec/json.py" in found


def test_every_shared_module_is_there() -> None:
    assert all((Path(str(assets.package())) / path).is_file() for path in standin.SHARED)


def test_the_version_is_the_one_the_server_claims(tmp_path: Path) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", standin.server().version)
    (tmp_path / "arangod").mkdir()
    (tmp_path / "arangod" / "__init__.py").write_text("")
    assert standin.Server(tmp_path, ()).version == ""


def test_the_dockerfile_and_the_archive_say_the_same() -> None:
    lines = (standin.server().folder / "Dockerfile").read_text().splitlines()
    said = dict(line.split(" ", 1) for line in lines if " " in line and not line.startswith("#"))
    about = standin.config(standin.server().version)
    assert json.loads(said["ENTRYPOINT"]) == about["Entrypoint"]
    assert json.loads(said["CMD"]) == about["Cmd"]
    assert json.loads(said["VOLUME"]) == list(about["Volumes"])
    assert said["ENV"] in about["Env"]
    assert said["STOPSIGNAL"] == about["StopSignal"]
    assert dict([said["LABEL"].split("=")]) == about["Labels"]
    assert [f"{said['EXPOSE']}/tcp"] == list(about["ExposedPorts"])


def test_what_is_installed_on_a_base_is_what_the_archive_has() -> None:
    told = (standin.server().folder / "install.py").read_text()
    for path in (*standin.LAUNCHERS, *rootfs.DATA_FOLDERS):
        assert f'"/{path}"' in told


def test_the_folder_for_the_engines_own_way_is_complete() -> None:
    wanted = standin.server()
    with tarfile.open(fileobj=io.BytesIO(standin.context(wanted))) as archive:
        names = set(archive.getnames())
    assert {"Dockerfile", "install.py", "launch.py", "arangod/__main__.py"} <= names
    assert not any(name.startswith(("usr", "entrypoint")) for name in names)


def test_the_tag_changes_with_the_server_and_with_what_is_below() -> None:
    wanted, other = standin.server(), standin.server(shared=("errors.py",))
    tags = {
        standin.tag_of(one, standin.Below(key, diff_id))
        for one, key, diff_id in [(wanted, "1", ""), (wanted, "1", "known"), (wanted, "2", ""), (other, "1", "")]
    }
    assert len(tags) == 3
    assert all(re.fullmatch(r"armadillo/standin:[0-9a-f]{16}", tag) for tag in tags)


def test_the_layer_below_is_named_once_and_then_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "not" / "there"
    named = standin.below(cache)
    assert named == standin.below(None)
    monkeypatch.setattr(interpreter, "files", _forbidden)
    assert standin.below(cache) == named


def _forbidden(source: interpreter.Interpreter) -> dict[str, Path]:
    raise AssertionError("everything was read again")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"x": 1}', "\x00"])
def test_a_cache_that_makes_no_sense_is_written_anew(tmp_path: Path, text: str) -> None:
    known = standin.below(tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_text(text)
    assert standin.below(tmp_path) == known
    assert known.key in file.read_text()


def test_a_cache_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert standin.below(tmp_path / "file").key


def test_without_ldd_there_is_no_name_and_a_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentUnusable) as told:
        standin.below(None)
    assert "--base" in told.value.hint
