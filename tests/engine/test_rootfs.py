import dataclasses
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armadillo.engine import interpreter, rootfs
from armadillo.engine.rootfs import Entry, Layer
from armadillo.errors import EnvironmentUnusable

SOURCE = interpreter.running()
names = st.text("abc", min_size=1, max_size=3)
files = st.dictionaries(names, st.binary(max_size=40), max_size=6)


def members(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {member.name: member for member in archive}


def content(data: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        file = archive.extractfile(name)
        assert file is not None
        return file.read()


@given(files, st.randoms())
def test_a_tar_file_depends_on_its_entries_and_not_on_their_order(found: dict[str, bytes], rng: Any) -> None:
    entries = [Entry(f"folder/{name}", 0o644, data) for name, data in found.items()]
    shuffled = rng.sample(entries, len(entries))
    assert rootfs.tar(entries) == rootfs.tar(shuffled)
    assert rootfs.key(entries) == rootfs.key(shuffled)


@given(files, names, st.binary(max_size=40))
def test_a_key_changes_with_every_file(found: dict[str, bytes], name: str, data: bytes) -> None:
    before = rootfs.key(Entry(path, 0o644, given) for path, given in found.items())
    after = rootfs.key(Entry(path, 0o644, given) for path, given in {**found, name: data}.items())
    assert (before == after) == (found.get(name) == data)


@pytest.mark.parametrize(
    "other",
    [Entry("b", 0o644, b"x"), Entry("a", 0o755, b"x"), Entry("a", 0o644, b"y"), Entry("a", 0o644)],
    ids=["path", "mode", "content", "kind"],
)
def test_a_key_tells_entries_apart(other: Entry) -> None:
    assert rootfs.key([Entry("a", 0o644, b"x")]) != rootfs.key([other])


def test_a_key_holds_the_other_facts() -> None:
    assert rootfs.key([], "3.11") != rootfs.key([], "3.12")


def test_a_tar_file_has_the_folders_of_its_files_and_no_trace_of_this_machine() -> None:
    found = members(rootfs.tar([Entry("usr/bin/x", 0o755, b"#!"), Entry("tmp", 0o1777)]))
    assert list(found) == ["tmp", "usr", "usr/bin", "usr/bin/x"]
    assert {(found[name].isdir(), found[name].mode) for name in ("usr", "usr/bin")} == {(True, 0o755)}
    assert found["tmp"].mode == 0o1777
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in found.values()} == {(0, 0, 0, "", "")}


def test_a_folder_that_is_given_keeps_its_mode() -> None:
    found = members(rootfs.tar([Entry("data/x", 0o644, b""), Entry("data", 0o775)]))
    assert found["data"].mode == 0o775


def test_a_tree_holds_what_was_written_and_not_what_tools_left(tmp_path: Path) -> None:
    for name in ("a.py", "sub/b.py", "sub/c.conf", "__pycache__/a.pyc", ".cache/x", "sub/.b.py.swp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    found = rootfs.tree(tmp_path, "usr/share/x")
    assert [entry.path for entry in found] == ["usr/share/x/a.py", "usr/share/x/sub/b.py", "usr/share/x/sub/c.conf"]
    assert found[1].read() == b"sub/b.py"


def test_a_layer_is_the_same_to_the_bit_and_has_byte_code_for_what_is_python() -> None:
    entries = [
        Entry("usr/a.py", 0o644, b"A = {1, 2}\n"),
        Entry("usr/bad.py", 0o644, b"print 1\n"),
        Entry("tmp", 0o1777),
    ]
    once, again = (rootfs.layer(entries, SOURCE, small=False) for _ in range(2))
    assert once == again
    assert once.data is not None
    assert once.diff_id == f"sha256:{hashlib.sha256(once.data).hexdigest()}"
    pycs = [name for name in members(once.data) if name.endswith(".pyc")]
    assert len(pycs) == 1
    assert pycs[0].startswith("usr/__pycache__/a.")


@pytest.mark.skipif(not rootfs.can_strip(), reason="strip is not here")
def test_debug_symbols_are_dropped_and_what_is_no_program_stays() -> None:
    python = SOURCE.executable.read_bytes()
    broken = b"\x7fELF and then nothing"
    found = rootfs.stripped({"python": python, "broken": broken})
    assert found["broken"] == broken
    assert found["python"].startswith(b"\x7fELF")
    assert len(found["python"]) <= len(python)


def test_without_strip_nothing_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not rootfs.can_strip()


def test_an_interpreter_that_cannot_compile_is_told_with_the_way_out() -> None:
    broken = dataclasses.replace(SOURCE, executable=Path("/bin/false"))
    with pytest.raises(EnvironmentUnusable, match="cannot compile") as told:
        rootfs.compiled({"a.py": b""}, broken)
    assert "--base" in told.value.hint


def test_below_a_server_there_is_python_and_a_small_system() -> None:
    found = {entry.path: entry for entry in rootfs.python(SOURCE)}
    assert found["usr/bin/python3"].mode == 0o755
    assert found["tmp"].mode == 0o1777
    assert {found[path].mode for path in rootfs.DATA_FOLDERS} == {0o777}
    assert found["etc/passwd"].read().startswith(b"root:x:0:0:")
    assert b"hosts: files dns" in found["etc/nsswitch.conf"].read()
    assert {entry.mode for path, entry in found.items() if path.endswith("/os.py")} == {0o644}


def test_an_archive_names_its_image_by_content_and_leaves_out_layers_without_data() -> None:
    layers = [Layer("sha256:" + "a" * 64, None), Layer("sha256:" + "b" * 64, b"data")]
    data = rootfs.archive(["x:1", "x:2"], layers, {"Cmd": ["x"]}, "aarch64")
    manifest = json.loads(content(data, "manifest.json"))
    about = content(data, manifest[0]["Config"])
    assert manifest[0]["RepoTags"] == ["x:1", "x:2"]
    assert manifest[0]["Config"] == f"{hashlib.sha256(about).hexdigest()}.json"
    assert manifest[0]["Layers"] == ["a" * 64 + ".tar", "b" * 64 + ".tar"]
    assert sorted(members(data)) == sorted([manifest[0]["Config"], "manifest.json", "b" * 64 + ".tar"])
    image = json.loads(about)
    assert (image["architecture"], image["config"]) == ("arm64", {"Cmd": ["x"]})
    assert image["rootfs"]["diff_ids"] == [layer.diff_id for layer in layers]
