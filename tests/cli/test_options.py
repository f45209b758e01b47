"""Options: the global ones before and after a command's name, each with its variable; groups that are dataclasses."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import pytest
import typer

from armadillo.cli.globals import Colour, Form, Globals, LogForm
from armadillo.cli.options import expanded, folded, variable
from armadillo.cli.output import Output

from .running import Call


@pytest.mark.parametrize(
    "words",
    [
        ["--json", "config", "show"],
        ["config", "--json", "show"],
        ["config", "show", "--json"],
        ["-o", "yaml", "config", "show", "--output=json"],
        ["-o", "yaml", "config", "-ojson", "show"],
        ["--json", "-o", "yaml", "config", "show"],
    ],
    ids=" ".join,
)
def test_global_options_stand_anywhere_and_the_inner_one_counts(words: list[str], call: Call) -> None:
    assert call(*words).json["schema"] == "armadillo.config/v1"


@pytest.mark.parametrize(
    ("environ", "words", "first"),
    [
        ({"ARMADILLO_OUTPUT": "json"}, [], "{"),
        ({"ARMADILLO_JSON": "1"}, [], "{"),
        ({"ARMADILLO_JSON": "1"}, ["-o", "yaml"], "schema: armadillo.version/v1"),
        ({"ARMADILLO_OUTPUT": "yaml"}, ["-o", "text"], "armadillo "),
        ({"ARMADILLO_OUTPUT": ""}, [], "armadillo "),
    ],
)
def test_a_flag_wins_over_the_environment(
    environ: dict[str, str], words: list[str], first: str, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert call("version", *words).out.startswith(first)
    assert call(*words, "version").out.startswith(first)


@pytest.mark.parametrize(
    ("words", "environ", "level", "source"),
    [
        ([], {}, "warning", "default"),
        (["-v"], {}, "info", "flag"),
        (["-vv"], {}, "debug", "flag"),
        (["-vvvv"], {}, "debug", "flag"),
        (["-q"], {}, "error", "flag"),
        ([], {"ARMADILLO_VERBOSE": "1"}, "info", "flag"),
        ([], {"ARMADILLO_QUIET": "true"}, "error", "flag"),
        (["-v"], {"ARMADILLO_QUIET": "1"}, "info", "flag"),
        ([], {"ARMADILLO_LOG_LEVEL": "debug"}, "debug", "environment ARMADILLO_LOG_LEVEL"),
    ],
)
def test_how_much_is_logged(
    words: list[str],
    environ: dict[str, str],
    level: str,
    source: str,
    call: Call,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    (row,) = (row for row in call("config", "show", "--json", *words).json["settings"] if row["name"] == "log_level")
    assert (row["value"], row["source"]) == (level, source)


def test_the_log_is_on_stderr_and_in_a_file_in_the_form_asked_for(call: Call, place: Path) -> None:
    (place / "jwt").write_text("x" * 16)
    (place / "jwt").chmod(0o600)
    ended = call("token", "--jwt-secret-file", "jwt", "--log-format", "json", "--log-file", "log")
    assert json.loads(ended.err)["event"] == "auth.secret.short"
    assert (place / "log").read_text() == ended.err
    assert (place / "log").stat().st_mode & 0o777 == 0o600
    assert ended.out.startswith("eyJ")
    ended = call("version", "--log-file", "none/log")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.endswith("mkdir -p " + str(place / "none") + "\n")


@pytest.mark.parametrize("name", ["AGENTS", "CLUSTER", "PORT", "QUIET"])
def test_a_variable_with_a_wrong_value_is_wrong_usage(name: str, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"ARMADILLO_{name}", "perhaps")
    ended = call("render")
    assert (ended.code, ended.out) == (2, "")
    assert f"ARMADILLO_{name}" in ended.err


@pytest.mark.parametrize(
    ("inner", "outer", "form", "level"),
    [
        (Globals(), Globals(), None, None),
        (Globals(output=Form.YAML), Globals(json=True), Form.YAML, None),
        (Globals(json=True), Globals(output=Form.YAML), Form.JSON, None),
        (Globals(), Globals(output=Form.YAML, verbose=1), Form.YAML, "info"),
        (Globals(verbose=2), Globals(quiet=True), None, "debug"),
        (Globals(quiet=True), Globals(verbose=2), None, "error"),
    ],
)
def test_what_is_said_inside_is_stronger(inner: Globals, outer: Globals, form: Form | None, level: str | None) -> None:
    said = inner.over(outer)
    assert (said.form, said.level) == (form, level)


def test_what_is_said_outside_stays() -> None:
    outer = Globals(log_format=LogForm.JSON, log_file="log", color=Colour.NEVER)
    assert Globals(verbose=1).over(outer) == dataclasses.replace(outer, verbose=1)


@dataclasses.dataclass(frozen=True)
class Pair:
    needed: int
    left: Annotated[int, typer.Option(help="Left.")] = 1


def example(out: Output, pair: Pair, own: Annotated[str, typer.Option(help="Own.")] = "x") -> None:
    raise AssertionError(out, pair, own)


def test_a_dataclass_unfolds_into_options_and_folds_again() -> None:
    options, groups = expanded(example)
    assert [(option.name, option.default is option.empty) for option in options] == [
        ("needed", True),
        ("left", False),
        ("own", False),
    ]
    assert groups == {"pair": Pair}
    values = {"needed": 2, "left": 3, "own": "y"}
    assert folded(Pair, values) == Pair(2, 3)
    assert values == {"own": "y"}


@pytest.mark.parametrize(
    ("spellings", "name"), [(["-n", "--name"], "NAME"), (["--no-auth"], "NO_AUTH"), (["--out"], "OUT")]
)
def test_the_variable_of_an_option_is_its_long_name(spellings: list[str], name: str) -> None:
    assert variable(spellings) == f"ARMADILLO_{name}"
