"""The image's entrypoint: which password a new data directory gets, and when none is asked for."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from arangod.entrypoint import _refuse_scripts
from arangod.failure import Exit

from tests.standin.driving import HOME, READY, Running, basic, entrypoint, environment, free_port, run


@contextmanager
def _started(directory: Path, *first: str, **environ: str) -> Iterator[Running]:
    port = free_port()
    place = ("-c", "none", f"--server.endpoint=tcp://127.0.0.1:{port}", f"--database.directory={directory}")
    running = Running(entrypoint(*first, *place), port=port, environ=environ)
    try:
        running.line(READY)
        yield running
    finally:
        running.clean()


def _accepts(running: Running, password: str) -> bool:
    return running.client(basic("root", password)).get("/_api/version").status == 200


@pytest.mark.parametrize("first", [(), ("arangod",)])
def test_a_password_is_given_to_root(tmp_path: Path, first: tuple[str, ...]) -> None:
    with _started(tmp_path, *first, ARANGO_ROOT_PASSWORD="s3cret") as running:
        assert _accepts(running, "s3cret")
        assert not _accepts(running, "")
        assert running.end(signal.SIGTERM) == 0


def test_an_empty_password_is_one_too(tmp_path: Path) -> None:
    with _started(tmp_path, ARANGO_ROOT_PASSWORD="") as running:
        assert _accepts(running, "")
        assert running.client({}).get("/_api/version").status == 401


def test_a_password_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from a file\n")
    with _started(tmp_path / "data", ARANGO_ROOT_PASSWORD_FILE=str(tmp_path / "password")) as running:
        assert _accepts(running, "from a file")


def test_a_password_of_chance_is_announced(tmp_path: Path) -> None:
    with _started(tmp_path, ARANGO_RANDOM_ROOT_PASSWORD="1") as running:
        found = re.search(r"GENERATED ROOT PASSWORD: (\S+)", running.line("GENERATED ROOT PASSWORD: "))
        assert found is not None
        assert _accepts(running, found[1])


def test_authentication_can_be_off(tmp_path: Path) -> None:
    with _started(tmp_path, ARANGO_NO_AUTH="1") as running:
        assert running.client({}).get("/_api/version").status == 200


def test_without_a_choice_nothing_is_started(tmp_path: Path) -> None:
    for more in ({}, {"ARANGO_ROOT_PASSWORD_FILE": str(tmp_path / "missing")}):
        done = run(entrypoint("arangod", "-c", "none", f"--database.directory={tmp_path}"), environ=more)
        assert done.returncode == 1
        assert "error: database is uninitialized and password option is not specified" in done.stderr
        assert "ARANGO_RANDOM_ROOT_PASSWORD" in done.stderr
    assert not (tmp_path / "UUID").exists()


def test_a_directory_that_is_set_up_needs_no_choice_and_keeps_its_password(tmp_path: Path) -> None:
    with _started(tmp_path, ARANGO_ROOT_PASSWORD="first") as running:
        running.end(signal.SIGTERM)
    with _started(tmp_path) as running:
        assert _accepts(running, "first")
        running.end(signal.SIGTERM)
    with _started(tmp_path, ARANGO_ROOT_PASSWORD="second") as running:
        assert _accepts(running, "first")


def test_setting_up_can_be_skipped(tmp_path: Path) -> None:
    with _started(tmp_path, SKIP_DATABASE_INIT="1") as running:
        assert _accepts(running, "")
        assert running.client({}).get("/_api/version").status == 401


def test_another_command_is_run_instead() -> None:
    done = run(entrypoint("echo", "-n", "hello"))
    assert (done.returncode, done.stdout) == (0, "hello")
    done = run(entrypoint("no-such-command"))
    assert done.returncode == 127
    assert "no-such-command" in done.stderr


def test_wrong_options_are_refused_before_anything_is_set_up(tmp_path: Path) -> None:
    done = run(entrypoint("--nonsense", "--database.directory", str(tmp_path)), environ={"ARANGO_NO_AUTH": "1"})
    assert done.returncode == 3
    assert list(tmp_path.iterdir()) == []


def test_version_needs_no_password() -> None:
    done = run(entrypoint("arangod", "--version"))
    assert (done.returncode, done.stdout[:7]) == (0, "3.12.5\n")


def test_scripts_that_would_not_be_run_are_refused_by_name(tmp_path: Path) -> None:
    _refuse_scripts(tmp_path / "missing")
    _refuse_scripts(tmp_path)
    (tmp_path / "fill.js").write_text("")
    with pytest.raises(Exit, match=r"fill\.js"):
        _refuse_scripts(tmp_path)


OTHER = """#!/bin/sh
echo "$@" >> "$TOLD"
echo "first password: $ARANGODB_DEFAULT_ROOT_PASSWORD" >> "$TOLD"
"""


def _as_in_the_image(folder: Path, other: str | None, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the entrypoint as a file, with an arangod in PATH that is its own or another."""
    (folder / "entrypoint.sh").write_bytes((HOME / "launch.py").read_bytes())
    (folder / "arangod").write_bytes(other.encode() if other else (HOME / "launch.py").read_bytes())
    (folder / "arangod").chmod(0o755)
    words = [sys.executable, str(folder / "entrypoint.sh"), "arangod", f"--database.directory={folder}/data"]
    path = {"PATH": f"{folder}:/usr/bin:/bin", "TOLD": str(folder / "told")}
    return subprocess.run(
        [*words, "--version"], env=environment({**path, **environ}), capture_output=True, text=True, timeout=30
    )


def test_another_arangod_in_its_place_is_initialised_and_run(tmp_path: Path) -> None:
    assert _as_in_the_image(tmp_path, OTHER, ARANGO_ROOT_PASSWORD="s3cret").returncode == 0
    directory = f"--database.directory={tmp_path}/data"
    assert (tmp_path / "told").read_text().splitlines() == [
        f"-c none {directory} --log.level=error --server.rest-server=false --database.init-database=true",
        "first password: s3cret",
        f"-c none {directory} --version --server.authentication=true",
        "first password: ",
    ]


def test_another_arangod_is_initialised_once_and_never_without_a_word_about_the_password(tmp_path: Path) -> None:
    refused = _as_in_the_image(tmp_path, OTHER)
    assert refused.returncode == 1
    assert "password option is not specified" in refused.stderr
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "SERVER").touch()
    assert _as_in_the_image(tmp_path, OTHER).returncode == 0
    assert "init-database" not in (tmp_path / "told").read_text()


def test_its_own_arangod_is_no_other(tmp_path: Path) -> None:
    ended = _as_in_the_image(tmp_path, None)
    assert ended.returncode == 0
    assert "server-version" in ended.stdout
