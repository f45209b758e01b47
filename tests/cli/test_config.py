"""`armadillo config`: what is set and why, a file to start from, the schemas."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from armadillo.config import SETTINGS, config_schema

from .running import Call

DOCS = Path(__file__).resolve().parents[2] / "docs"


def sources(call: Call, *words: str) -> dict[str, tuple[str | None, str]]:
    rows = call("config", "show", "--json", *words).json["settings"]
    return {row["name"]: (row["value"], row["source"]) for row in rows}


def test_each_value_is_shown_with_where_it_comes_from(call: Call, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "armadillo.yaml").write_text("name: from-file\ntemplates: mine\n")
    user = place / ".config" / "armadillo"
    user.mkdir(parents=True)
    (user / "config.yaml").write_text("image: mine:1\nname: weaker\n")
    monkeypatch.setenv("ARMADILLO_JWT_SECRET_FILE", "jwt")
    shown = sources(call, "--color", "never")
    assert list(shown) == list(SETTINGS)
    assert shown["name"] == ("from-file", "file armadillo.yaml:1:1")
    assert shown["templates"] == (str(place / "mine"), "file armadillo.yaml:2:1")
    assert shown["image"] == ("mine:1", "file .config/armadillo/config.yaml:1:1")
    assert shown["jwt_secret_file"] == (str(place / "jwt"), "environment ARMADILLO_JWT_SECRET_FILE")
    assert shown["color"] == ("never", "flag")
    assert shown["log_file"] == (None, "default")
    text = call("config", "show").out.splitlines()
    assert text[0].split() == ["SETTING", "VALUE", "SOURCE"]
    assert text[1].split() == ["name", "from-file", "file", "armadillo.yaml:1:1"]


@pytest.mark.parametrize("words", [["version"], ["config", "show"], ["render"]])
def test_a_broken_file_is_told_with_its_place(words: list[str], call: Call, place: Path) -> None:
    (place / "armadillo.yaml").write_text("name: x\noutptu: json\n")
    ended = call(*words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "error: armadillo.yaml:2:1: outptu: unknown key, did you mean output?\n"
    assert call("--help").code == 0


def test_a_file_to_start_from_says_nothing_yet(call: Call, place: Path) -> None:
    ended = call("config", "init")
    assert (ended.code, ended.out) == (0, "wrote armadillo.yaml\n")
    assert yaml.safe_load((place / "armadillo.yaml").read_text()) is None
    assert {source for _, source in sources(call).values()} <= {"default", "generated", "flag"}
    assert call("config", "init", "--out", "-").out == (place / "armadillo.yaml").read_text()


def test_a_file_that_exists_is_not_overwritten_unasked(call: Call, place: Path) -> None:
    (place / "mine.yaml").write_text("name: mine\n")
    ended = call("config", "init", "--out", "mine.yaml", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (17, "conflict")
    assert (place / "mine.yaml").read_text() == "name: mine\n"
    ended = call("config", "init", "--out", "mine.yaml", "--force", "--json")
    assert ended.json == {"schema": "armadillo.config-init/v1", "path": "mine.yaml"}
    assert (place / "mine.yaml").read_text().startswith("# Settings")


@pytest.mark.parametrize(("out", "code"), [("none/x.yaml", 2), (".", 17)])
def test_a_place_that_is_no_file_is_refused(out: str, code: int, call: Call) -> None:
    ended = call("config", "init", "--out", out)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith("error: ")


@pytest.mark.parametrize("file", ["config", "topology"])
def test_a_schema_is_a_schema_in_every_form(file: str, call: Call) -> None:
    ended = call("config", "schema", file)
    jsonschema.Draft202012Validator.check_schema(ended.json)
    assert call("config", "schema", file, "--json") == ended
    assert yaml.safe_load(call("config", "schema", file, "-o", "yaml").out) == ended.json
    assert json.loads(call("config", "schema", file, "-o", "jsonl").out) == ended.json


def test_the_schemas_are_the_published_ones(call: Call) -> None:
    assert call("config", "schema", "topology").out == (DOCS / "topology.schema.json").read_text()
    assert call("config", "schema").json == config_schema()
