"""How a failure is told, whatever it is: three parts for people, one object for programs."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from pathlib import Path

import pytest

from armadillo.cli.failure import asked, report, said
from armadillo.cli.globals import Form
from armadillo.errors import ArmadilloError, ConflictError, CrashDetected, ExecutionError, TimeoutExpired

from .running import Call

Says = Callable[[], tuple[str, str]]


@pytest.fixture
def streams(place: Path, capsys: pytest.CaptureFixture[str]) -> Says:
    def read() -> tuple[str, str]:
        captured = capsys.readouterr()
        return captured.out, captured.err

    return read


def test_people_are_told_what_why_and_what_next(streams: Says) -> None:
    crash = CrashDetected("dbserver1 ended", exit_code=9, log_tail="one\ntwo", hint="armadillo logs\narmadillo up")
    assert report(crash, []) == 12
    assert streams() == ("", "error: dbserver1 ended\n  | one\n  | two\n  → armadillo logs\n  → armadillo up\n")


@pytest.mark.parametrize(("out", "err", "seen"), [("o", "e", "e"), ("o", "", "o"), ("", "", "")])
def test_what_was_out_of_time_shows_what_it_had_said(out: str, err: str, seen: str, streams: Says) -> None:
    assert report(TimeoutExpired("too slow", stdout=out, stderr=err), []) == 13
    assert streams()[1] == "error: too slow\n" + (f"  | {seen}\n" if seen else "")


def test_programs_get_one_object_and_people_their_text_beside_it(streams: Says) -> None:
    assert report(ConflictError("taken", hint="wait"), ["up", "--json"]) == 17
    out, err = streams()
    assert err == "error: taken\n  → wait\n"
    assert json.loads(out) == {
        "schema": "armadillo.error/v1",
        "error": {"code": "conflict", "message": "taken", "hint": "wait", "exit_code": 17, "details": {}},
    }


@pytest.mark.parametrize("form", ["json", "jsonl", "yaml"])
def test_details_of_any_kind_can_be_written(form: str, streams: Says) -> None:
    details = {"path": Path("a/b"), "raw": b"\xff", "many": {1}, 5: (1.5, float("nan"), None), "error": ValueError("x")}
    assert report(ExecutionError("failed", details={str(k): v for k, v in details.items()}), ["-o", form]) == 1
    out, _ = streams()
    if form != "yaml":
        assert json.loads(out)["error"]["details"] == {
            "path": "a/b",
            "raw": "\\xff",
            "many": [1],
            "5": [1.5, "nan", None],
            "error": "x",
        }


def test_a_bug_is_told_as_one_with_its_traceback(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> str:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(platform, "platform", broken)
    ended = call("version", "--json")
    assert ended.code == 1
    assert ended.json["error"]["message"] == "ZeroDivisionError: oh"
    assert "Traceback (most recent call last)" in ended.err
    assert ended.err.endswith("error: ZeroDivisionError: oh\n  → " + ended.json["error"]["hint"] + "\n")
    assert "bug in Armadillo" in ended.err


def test_an_error_of_a_file_is_no_error_of_stdout(streams: Says) -> None:
    assert report(FileNotFoundError(2, "No such file or directory", "x"), []) == 1
    assert "bug in Armadillo" in streams()[1]


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["-o", "json"], "json"),
        (["--output=yaml"], "yaml"),
        (["-ojsonl"], "jsonl"),
        (["-qvo", "json"], "json"),
        (["--json"], "json"),
        (["-o", "yaml", "render", "-o", "text"], "text"),
        (["--output"], ""),
        (["-no", "x"], ""),
        (["exec", "--", "--json"], ""),
        (["render", "--out", "json"], ""),
    ],
)
def test_the_form_is_found_in_words_that_are_wrong(words: list[str], value: str) -> None:
    assert said(words, "--output", "-o") == value


def test_the_form_and_colours_may_be_configured(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked([]) == (Form.TEXT, "auto")
    (place / "armadillo.yaml").write_text("output: yaml\ncolor: always\n")
    assert asked([]) == (Form.YAML, "always")
    assert asked(["-o", "nonsense", "--color", "never"]) == (Form.TEXT, "never")
    (place / "armadillo.yaml").write_text("output: [")
    monkeypatch.setenv("ARMADILLO_OUTPUT", "json")
    assert asked(["--color", "nonsense"]) == (Form.JSON, "auto")


def test_colours_are_for_people(streams: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    report(ArmadilloError("red", hint="cyan"), ["--color", "always"])
    assert streams()[1] == "\x1b[31merror:\x1b[0m red\n  \x1b[36m→\x1b[0m cyan\n"
    monkeypatch.setenv("FORCE_COLOR", "1")
    report(ArmadilloError("plain"), ["--color=never"])
    assert streams()[1] == "error: plain\n"
