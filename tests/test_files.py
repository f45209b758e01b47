"""Files are written for real: by processes that are killed, onto disks that are full, by several at once."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armadillo.config import ArmadilloConfig
from armadillo.errors import (
    ArmadilloError,
    CodecError,
    ConfigurationError,
    EnvironmentUnusable,
    NotFoundError,
)
from armadillo.files import FilesystemService, _meant, atomic_write, read_text
from tests.processes import PATIENCE, soon


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o7777


@pytest.fixture
def service(tmp_path: Path) -> FilesystemService:
    return FilesystemService(ArmadilloConfig(output_dir=tmp_path / "results", run_id="run1"))


@given(text=st.text(), data=st.binary())
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, text: str, data: bytes) -> None:
    path = tmp_path_factory.mktemp("files") / "file"
    atomic_write(path, text)
    assert read_text(path) == text
    atomic_write(str(path), data, "wb")
    assert path.read_bytes() == data


def test_permissions_of_an_existing_file_are_kept_and_a_new_one_has_the_usual(tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic_write(path, "1")
    (tmp_path / "other").touch()
    assert mode_of(path) == mode_of(tmp_path / "other")
    path.chmod(0o741)
    atomic_write(path, "2")
    assert mode_of(path) == 0o741


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_the_owner_of_an_existing_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    os.chown(path, 12345, 12345)
    atomic_write(path, "1")
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12345)


def test_a_secret_is_for_its_owner_alone_also_when_it_was_not_before(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    atomic_write(path, "1", secret=True)
    assert mode_of(path) == 0o600
    path.chmod(0o644)
    atomic_write(path, "2", secret=True)
    assert mode_of(path) == 0o600


def test_a_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link, target = tmp_path / "link", tmp_path / "elsewhere" / "file"
    link.symlink_to(target)
    for text in ("new", "newer"):
        atomic_write(link, text)
        assert link.is_symlink()
        assert target.read_text() == text
    with pytest.raises(ConfigurationError, match="a secret is not written through it"):
        atomic_write(link, "secret", secret=True)
    assert target.read_text() == "newer"


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(ConfigurationError, match="symbolic links"):
        atomic_write(tmp_path / "a", "x")


@pytest.mark.parametrize(("data", "mode"), [("text", "wb"), (b"bytes", "w"), ("text", "a"), (b"bytes", "ab")], ids=repr)
def test_data_has_to_fit_the_mode(tmp_path: Path, data: str | bytes, mode: str) -> None:
    write: Callable[..., None] = atomic_write
    with pytest.raises(ConfigurationError, match="mode"):
        write(tmp_path / "file", data, mode)
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_is_no_unicode_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodecError) as told:
        atomic_write(tmp_path / "file", "ab\udc80")
    assert told.value.offset == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("missing/file", NotFoundError, "No such file or directory"),
        ("plain/file", ConfigurationError, "Not a directory"),
        ("directory", ConfigurationError, "is there and is no file"),
        ("x" * 300, ConfigurationError, "name too long"),
        ("a\0b", ConfigurationError, "null byte"),
    ],
)
def test_a_path_that_cannot_be_written_is_told_with_a_hint(
    tmp_path: Path, name: str, kind: type[ArmadilloError], text: str
) -> None:
    (tmp_path / "plain").touch()
    (tmp_path / "directory").mkdir()
    with pytest.raises(kind, match=text) as told:
        atomic_write(tmp_path / name, "x")
    assert told.value.hint
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["directory", "plain"]


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("missing", NotFoundError, "No such file"),
        ("directory", ConfigurationError, "Is a directory"),
        ("latin1", CodecError, "is not UTF-8: byte 2 is 0xfc"),
        ("a\0b", ConfigurationError, "null byte"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, kind: type[ArmadilloError], text: str) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "latin1").write_bytes(b"gr\xfcn")
    with pytest.raises(kind, match=text):
        read_text(tmp_path / name)


@pytest.mark.parametrize("number", [28, 30, 13, 1, 5])
def test_a_disk_that_does_not_want_makes_the_machine_unusable(number: int) -> None:
    error = _meant("x cannot be written", Path("x"), OSError(number, os.strerror(number)))
    assert isinstance(error, EnvironmentUnusable)
    assert os.strerror(number) in str(error)
    assert error.hint


def test_a_file_that_may_not_grow_keeps_its_old_contents_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(EnvironmentUnusable, match="File too large") as told:
            atomic_write(path, "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "ulimit" in told.value.hint
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def wrote_more(path: Path, number: int) -> bool:
    return path.exists() and int(path.read_text().split()[0]) > number


def test_a_writer_killed_at_any_moment_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "file"
    program = (
        "import sys; from armadillo.files import atomic_write\n"
        "number = int(sys.argv[2])\n"
        "while True:\n"
        "    number += 1\n"
        "    atomic_write(sys.argv[1], f'{number} ' * 100_000)\n"
    )
    last = 0
    for pause in range(8):
        writer = subprocess.Popen([sys.executable, "-c", program, str(path), str(last)])
        assert soon(partial(wrote_more, path, last + pause))
        writer.kill()
        writer.wait(PATIENCE)
        numbers = path.read_text().split()
        assert len(numbers) == 100_000
        assert len(set(numbers)) == 1
        last = int(numbers[0])


def test_concurrent_writers_leave_what_one_of_them_wrote(tmp_path: Path) -> None:
    path = tmp_path / "file"
    texts = [letter * 50_000 for letter in "abcd"]
    atomic_write(path, texts[0])
    seen: set[str] = set()

    def write(text: str) -> None:
        for _ in range(10):
            atomic_write(path, text)

    threads = [threading.Thread(target=write, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen.add(read_text(path))
    for thread in threads:
        thread.join()
    assert seen | {read_text(path)} <= set(texts)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_directories_of_a_run_are_made_where_they_belong(service: FilesystemService, tmp_path: Path) -> None:
    assert service.work_dir() == tmp_path / "results" / "run1"
    assert service.server_dir("agent1") == service.work_dir() / "agent1"
    assert service.server_dir("agent1").is_dir()


def test_relative_paths_are_below_the_run_and_absolute_ones_are_themselves(
    service: FilesystemService, tmp_path: Path
) -> None:
    service.atomic_write("agent1/log/out.txt", "x")
    assert (service.work_dir() / "agent1" / "log" / "out.txt").read_text() == "x"
    assert service.read_text("agent1/log/out.txt") == "x"
    service.atomic_write(service.work_dir() / "secret", b"y", "wb", secret=True)
    assert mode_of(service.work_dir() / "secret") == 0o600
    service.atomic_write(tmp_path / "elsewhere", "z")
    assert service.read_text(tmp_path / "elsewhere") == "z"


@pytest.mark.parametrize("path", ["../x", "a/../../x", "link/x"])
@pytest.mark.parametrize("absolute", [True, False])
def test_nothing_leads_out_of_the_run(service: FilesystemService, tmp_path: Path, path: str, absolute: bool) -> None:
    (service.work_dir() / "link").symlink_to(tmp_path)
    name = f"{service.work_dir()}/{path}" if absolute else path
    for call in (lambda: service.atomic_write(name, "x"), lambda: service.read_text(name)):
        with pytest.raises(ConfigurationError):
            call()
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "/etc", "link"])
def test_a_servers_name_is_one_name(service: FilesystemService, tmp_path: Path, name: str) -> None:
    (service.work_dir() / "link").symlink_to(tmp_path)
    with pytest.raises(ConfigurationError):
        service.server_dir(name)


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "results").touch()
    with pytest.raises(ConfigurationError, match="cannot be made"):
        FilesystemService(ArmadilloConfig(output_dir=tmp_path / "results", run_id="run1")).work_dir()
