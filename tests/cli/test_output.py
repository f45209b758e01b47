"""Results on stdout in four forms, talk on stderr, colours only where they are wanted."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from armadillo.cli.globals import Form
from armadillo.cli.output import coloured, document, styled, table

from .running import Call, armadillo

COMMANDS = (["version"], ["exit-codes"], ["config", "show"], ["render", "-q"], ["completion", "bash"])


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_form_holds_the_same(words: list[str], call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARMADILLO_RUN_ID", "one")
    monkeypatch.setenv("ARMADILLO_OUTPUT", "text")
    text = call(*words)
    assert (text.code, text.err) == (0, "")
    assert text.out.endswith("\n")
    forms = {form: call(*words, "-o", form) for form in ("json", "jsonl", "yaml")}
    assert {(ended.code, ended.err) for ended in forms.values()} == {(0, "")}
    data = forms["json"].json
    assert data["schema"].startswith("armadillo.")
    assert data["schema"].endswith("/v1")
    if words != ["config", "show"]:  # which tells the form too
        assert yaml.safe_load(forms["yaml"].out) == data
        lines = [json.loads(line) for line in forms["jsonl"].out.splitlines()]
        (*_, last) = data.values()
        assert lines in ([data], [{"schema": data["schema"], **row} for row in last if isinstance(row, dict)])


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        ({"things": [{"a": 1}, {"a": 2}]}, [{"a": 1}, {"a": 2}]),
        ({"things": []}, []),
        ({"names": ["a"]}, [{"names": ["a"]}]),
        ({"a": 1, "things": [{}]}, [{"a": 1, "things": [{}]}]),
    ],
)
def test_lines_are_for_a_list_of_things(data: Mapping[str, object], lines: list[dict[str, object]]) -> None:
    text = document(Form.JSONL, {"schema": "x/v1", **data})
    assert [json.loads(line) for line in text.splitlines()] == [{"schema": "x/v1", **line} for line in lines]


@pytest.mark.parametrize(
    ("wish", "environ", "screen", "expected"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        ("auto", {"FORCE_COLOR": "0"}, True, True),
        ("auto", {"FORCE_COLOR": "0"}, False, False),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colours_are_as_wished_else_as_the_place_can(
    wish: str,
    environ: dict[str, str],
    screen: bool,
    expected: bool,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert coloured(Screen() if screen else io.StringIO(), wish) is expected


def test_colours_wrap_only_what_is_painted() -> None:
    assert (styled("x", 31, True), styled("x", 31, False)) == ("\x1b[31mx\x1b[0m", "x")


def test_columns_of_a_table_are_as_wide_as_they_need() -> None:
    assert table(("A", "LONGER"), [("wide", 1), ("b", "")]) == "A     LONGER\nwide  1\nb\n"


def test_results_never_have_colours_and_warnings_do_when_asked(place: Path) -> None:
    ended = armadillo("version", cwd=place, env={"FORCE_COLOR": "1", "ARMADILLO_NAM": "x"})
    assert "\x1b" not in ended.out
    assert ended.err.startswith("\x1b[33mwarning:\x1b[0m the environment variable ARMADILLO_NAM is unknown")
    ended = armadillo("version", "--color", "never", cwd=place, env={"FORCE_COLOR": "1", "ARMADILLO_NAM": "x"})
    assert ended.err.startswith("warning: ")


def test_a_result_that_the_encoding_does_not_have_is_escaped(place: Path) -> None:
    (place / "compose.yml").write_text(armadillo("render", cwd=place).out + "# ünicode → here\n", encoding="utf-8")
    ended = armadillo("render", "./compose.yml", cwd=place, env={"PYTHONIOENCODING": "ascii"})
    assert ended.out.endswith("# \\xfcnicode \\u2192 here\n")


def test_quiet_is_quiet_and_the_result_comes_all_the_same(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARMADILLO_NONSENSE", "1")
    assert call("render", "--cluster").err.count("\n") == 4
    quiet = call("render", "--cluster", "-q")
    assert (quiet.err, quiet.out[:8]) == ("", "x-server")
