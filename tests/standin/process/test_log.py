"""Log lines look like arangod's and go where they should."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from arangod.failure import Exit
from arangod.process.log import Log, outputs_from

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \[\d+-1\] INFO \[cf3f4\] \{general\} ready\n\Z")


def _log(path: Path, *levels: str, role: str = "", use_json: bool = False) -> Log:
    return Log([f"file://{path}"], levels, role=role, use_json=use_json)


def test_a_line_has_time_process_level_id_topic_and_text(tmp_path: Path) -> None:
    _log(tmp_path / "log").write("INFO", "cf3f4", "general", "ready")
    assert LINE.match((tmp_path / "log").read_text())


def test_the_role_stands_before_the_level(tmp_path: Path) -> None:
    _log(tmp_path / "log", role="S").write("INFO", "cf3f4", "general", "ready")
    assert "] S INFO [cf3f4] " in (tmp_path / "log").read_text()


def test_a_json_line_holds_the_same(tmp_path: Path) -> None:
    _log(tmp_path / "log", role="S", use_json=True).write("ERROR", "11111", "agency", "a\nb")
    entry = json.loads((tmp_path / "log").read_text())
    assert (entry["level"], entry["topic"], entry["id"], entry["message"], entry["role"], entry["pid"]) == (
        "ERROR", "agency", "11111", "a\\nb", "S", os.getpid(),
    )  # fmt: skip


def test_levels_are_set_by_topic_or_for_all(tmp_path: Path) -> None:
    log = _log(tmp_path / "log", "warning", "agency=debug")
    for topic in ("general", "agency"):
        log.write("DEBUG", "11111", topic, "said")
    assert (tmp_path / "log").read_text().count("{agency} said") == 1
    log.set_level("all=trace")
    assert set(log.levels().values()) == {"TRACE"}


@pytest.mark.parametrize("level", ["loud", "agency=loud", "nothing=info"])
def test_a_level_that_does_not_exist_is_refused(tmp_path: Path, level: str) -> None:
    with pytest.raises(Exit) as told:
        _log(tmp_path / "log", level)
    assert told.value.code == 4


def test_a_file_that_was_moved_away_is_made_anew(tmp_path: Path) -> None:
    log = _log(tmp_path / "log")
    log.write("INFO", "11111", "general", "before")
    (tmp_path / "log").rename(tmp_path / "old")
    log.reopen()
    log.write("INFO", "11111", "general", "after")
    assert "before" in (tmp_path / "old").read_text()
    assert "after" not in (tmp_path / "old").read_text()
    assert "after" in (tmp_path / "log").read_text()


def test_outputs_are_what_the_options_say() -> None:
    assert outputs_from("", [], tty=False) == ["-"]
    assert outputs_from("/x/log", [], tty=False) == ["file:///x/log"]
    assert outputs_from("-", [], tty=False) == ["-"]
    assert outputs_from("/x/log", ["+"], tty=True) == ["+", "file:///x/log", "-"]


@pytest.mark.parametrize("output", ["syslog://x", "agency=file:///x", "/x"])
def test_an_output_that_is_not_there_is_refused(output: str) -> None:
    with pytest.raises(Exit) as told:
        outputs_from("", [output], tty=False)
    assert told.value.code == 4


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(Exit, match="cannot open log file") as told:
        _log(tmp_path / "missing" / "log")
    assert told.value.code == 1


def test_a_reader_who_went_away_does_not_matter(tmp_path: Path) -> None:
    log = _log(tmp_path / "log")
    reading, writing = os.pipe()
    os.close(reading)
    os.dup2(writing, log._fds[0])
    os.close(writing)
    log.write("INFO", "11111", "general", "x")
    os.close(log._fds[0])
