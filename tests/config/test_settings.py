"""The table of settings, and what is made of it: rows, schema, starter file, documents."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from armadillo import yamltext
from armadillo.config import SETTINGS, ArmadilloConfig, config_schema, init_text, load_config, rows
from armadillo.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]


def test_every_setting_is_a_row_with_value_and_source(tmp_path: Path) -> None:
    found = rows(load_config(environ={"ARMADILLO_LOG_FILE": "/x/log"}, cwd=tmp_path, color="never"))
    assert [row["name"] for row in found] == list(SETTINGS)
    by_name = {row["name"]: row for row in found}
    assert by_name["log_file"] == {"name": "log_file", "value": "/x/log", "source": "environment ARMADILLO_LOG_FILE"}
    assert by_name["color"] == {"name": "color", "value": "never", "source": "flag"}
    assert by_name["image"] == {"name": "image", "value": None, "source": "default"}
    assert json.dumps(found)


def test_the_starter_file_says_nothing_as_it_is(tmp_path: Path) -> None:
    assert yamltext.load(init_text(), "armadillo.yaml").value is None


def test_the_starter_file_without_its_comment_signs_is_the_defaults(tmp_path: Path) -> None:
    settings = re.sub(r"^# (?=[a-z_]+: )", "", init_text(), flags=re.MULTILINE)
    (tmp_path / "armadillo.yaml").write_text(settings)
    config = load_config(environ={}, cwd=tmp_path, run_id="r")
    assert config == load_config(environ={}, cwd=tmp_path / "..", run_id="r", output_dir=tmp_path / "build/armadillo")
    written = {key for key in SETTINGS if config.source(key).startswith("file")}
    assert written == {s.key for s in SETTINGS.values() if s.default is not None}


VALID: list[Any] = [None, {}, {"name": "x", "color": "never", "image": None}, {"color": None}]
INVALID: list[Any] = [[], {"nmae": "x"}, {"color": "pink"}, {"name": 5}, {"name": ""}, {"run_id": "x"}]


@pytest.mark.parametrize(("value", "valid"), [*((v, True) for v in VALID), *((v, False) for v in INVALID)])
def test_the_schema_accepts_what_the_reader_accepts(value: Any, valid: bool, tmp_path: Path) -> None:
    (tmp_path / "armadillo.yaml").write_text(json.dumps(value))
    validator = jsonschema.Draft202012Validator(config_schema())
    assert validator.is_valid(value) is valid
    if valid:
        load_config(environ={}, cwd=tmp_path)
    else:
        with pytest.raises(ConfigurationError):
            load_config(environ={}, cwd=tmp_path)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(config_schema())


def test_the_documented_settings_are_the_table() -> None:
    documented = re.findall(r"^\| `.*\|$", (ROOT / "docs" / "configuration.md").read_text(), re.MULTILINE)
    assert documented == [
        f"| `{s.key}` | `{s.variable}` | {s.accepted} | {f'`{s.default}`' if s.default else '–'} | {s.about} |"
        for s in SETTINGS.values()
    ]


def test_every_setting_is_told_in_one_sentence() -> None:
    assert [s.key for s in SETTINGS.values() if not re.fullmatch(r"[A-Z][^.]+\.", s.about)] == []


def test_a_source_is_asked_for_a_setting_only() -> None:
    with pytest.raises(KeyError):
        ArmadilloConfig().source("nmae")
