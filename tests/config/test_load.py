"""Who wins, where it came from, and everything that is wrong at once."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from armadillo.cli.app import COMMANDS, Command
from armadillo.cli.app import load as load_command
from armadillo.config import HONOURED, SETTINGS, ArmadilloConfig, load_config, rows
from armadillo.errors import ConfigurationError, EnvironmentUnusable

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / ".config" / "armadillo"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


def load(project: Path, environ: Mapping[str, str] | None = None, **overrides: Any) -> ArmadilloConfig:
    return load_config(environ={"HOME": str(project.parent / "home"), **(environ or {})}, cwd=project, **overrides)


def failed(project: Path, environ: Mapping[str, str] | None = None, **overrides: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(project, environ, **overrides)
    return [f"{p['place']}: {p['path']}: {p['message']}" for p in caught.value.details["problems"]]


def test_without_any_source_everything_is_a_default(project: Path) -> None:
    config = load(project)
    assert (config.name, config.image, config.output, config.color) == ("default", None, "text", "auto")
    assert config.output_dir == project / "build" / "armadillo"
    assert {row["source"] for row in rows(config)} == {"default", "generated"}
    assert config.warnings == ()


def test_each_source_wins_over_the_next(project: Path, home: Path) -> None:
    sources: list[tuple[str, str]] = []
    environ: dict[str, str] = {}
    flags: dict[str, str] = {}
    for step in range(5):
        if step == 1:
            (home / "config.yaml").write_text("# mine\nname: user\n")
        if step == 2:
            (project / "armadillo.yaml").write_text("color: never\nname: project\n")
        if step == 3:
            environ["ARMADILLO_NAME"] = "environment"
        if step == 4:
            flags["name"] = "flag"
        config = load(project, environ, **flags)
        sources.append((config.name, config.source("name")))
    assert sources == [
        ("default", "default"),
        ("user", f"file {home / 'config.yaml'}:2:1"),
        ("project", "file armadillo.yaml:2:1"),
        ("environment", "environment ARMADILLO_NAME"),
        ("flag", "flag"),
    ]


def test_pyproject_holds_settings_too(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[tool.other]\nname = "x"\n[tool.armadillo]\ncolor = "never"\n  name = "py"\n'
    )
    config = load(project)
    assert (config.name, config.source("name")) == ("py", "file pyproject.toml:5:3")
    assert config.source("color") == "file pyproject.toml:4:1"


@pytest.mark.parametrize("text", ['tool.armadillo.name = "py"\n', '[tool]\narmadillo = {name = "py"}\n'])
def test_a_table_written_in_an_unusual_way_is_read_with_the_file_as_its_place(text: str, project: Path) -> None:
    (project / "pyproject.toml").write_text(text)
    assert (load(project).name, load(project).source("name")) == ("py", "file pyproject.toml")


@pytest.mark.parametrize("text", ["", "[tool.other]\nx = 1\n", "# armadillo\ntool = 1\n", "[tool]\nx = 'armadillo'\n"])
def test_a_pyproject_without_our_table_is_somebody_elses(text: str, project: Path) -> None:
    (project / "pyproject.toml").write_text(text)
    assert load(project).sources == {}


def test_a_broken_pyproject_that_is_not_about_us_is_not_our_affair(project: Path) -> None:
    (project / "pyproject.toml").write_text("= broken")
    assert load(project).sources == {}


@pytest.mark.parametrize("name", ["armadillo.yaml", "pyproject.toml"])
def test_the_project_file_is_found_upward_nearest_first(name: str, project: Path) -> None:
    deep = project / "a" / "b"
    deep.mkdir(parents=True)
    lines = {"armadillo.yaml": "name: {}\n", "pyproject.toml": '[tool.armadillo]\nname = "{}"\n'}
    (project / name).write_text(lines[name].format("outer"))
    assert load_config(environ={}, cwd=deep).name == "outer"
    (project / "a" / "armadillo.yaml").write_text("color: never\n")
    assert load_config(environ={}, cwd=deep).name == "default"


def test_the_search_ends_at_the_root_of_the_repository(project: Path) -> None:
    (project.parent / "armadillo.yaml").write_text("name: outside\n")
    assert load(project).name == "default"
    (project / ".git").rmdir()
    (project / ".git").write_text("gitdir: elsewhere\n")
    assert load(project).name == "default"
    (project / ".git").unlink()
    assert load(project).name == "outside"


def test_two_project_files_in_one_directory_are_refused_together(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.armadillo]\nname = "a"\n')
    (project / "armadillo.yaml").write_text("name: b\n")
    assert failed(project) == ["pyproject.toml:1:1: : [tool.armadillo] and armadillo.yaml both hold settings"]


def test_a_relative_xdg_directory_is_ignored_and_an_absolute_one_is_used(project: Path, home: Path) -> None:
    (home / "config.yaml").write_text("name: home\n")
    (project.parent / "xdg" / "armadillo").mkdir(parents=True)
    (project.parent / "xdg" / "armadillo" / "config.yaml").write_text("name: xdg\n")
    assert load(project, {"XDG_CONFIG_HOME": "xdg"}).name == "home"
    assert load(project, {"XDG_CONFIG_HOME": str(project.parent / "xdg")}).name == "xdg"
    assert load_config(environ={}, cwd=project).name == "default"


def test_relative_paths_are_meant_from_where_they_are_written(project: Path, home: Path) -> None:
    deep = project / "deep"
    deep.mkdir()
    (home / "config.yaml").write_text("log_file: ~/log\n")
    (project / "armadillo.yaml").write_text("templates: mine\noutput_dir: /absolute\n")
    config = load(deep, {"ARMADILLO_JWT_SECRET_FILE": "jwt", "HOME": str(project.parent / "home")})
    assert config.templates == project / "mine"
    assert config.output_dir == Path("/absolute")
    assert config.jwt_secret_file == deep / "jwt"
    assert config.log_file == project.parent / "home" / "log"


def test_nothing_said_is_nothing_said(project: Path) -> None:
    (project / "armadillo.yaml").write_text("name:\ncolor: null\n")
    config = load(project, {"ARMADILLO_NAME": ""}, output=None)
    assert config.sources == {}


def test_an_empty_file_is_fine(project: Path) -> None:
    (project / "armadillo.yaml").write_text("# nothing\n")
    assert load(project).sources == {}


def test_a_path_object_is_a_path(project: Path) -> None:
    assert load(project, output_dir=Path("/x")).output_dir == Path("/x")


def test_everything_that_is_wrong_anywhere_is_told_at_once(project: Path, home: Path) -> None:
    (home / "config.yaml").write_text("colour: never\n")
    (project / "armadillo.yaml").write_text("nmae: x\ncolor: pink\nname: 5\ntemplates: [a]\nrun_id: fixed\n")
    found = failed(project, {"ARMADILLO_OUTPUT": "xml", "ARMADILLO_RUN_ID": "../up"}, log_format="html", colour="x")
    assert found == [
        f"{home / 'config.yaml'}:1:1: colour: unknown key, did you mean color?",
        "armadillo.yaml:1:1: nmae: unknown key, did you mean name?",
        "armadillo.yaml:2:8: color: accepts one of auto, always, never, not 'pink'",
        "armadillo.yaml:3:7: name: accepts text, not 5",
        "armadillo.yaml:4:12: templates: accepts a path, not a list",
        "armadillo.yaml:5:1: run_id: is of one run only, so no file can hold it",
        "environment ARMADILLO_OUTPUT: output: accepts one of text, json, jsonl, yaml, not 'xml'",
        "environment ARMADILLO_RUN_ID: run_id: accepts text like [A-Za-z0-9][A-Za-z0-9._-]{0,63}, not '../up'",
        "--log-format: log_format: accepts one of text, json, not 'html'",
        "--colour: colour: unknown key, did you mean color?",
    ]


def test_a_wrong_value_comes_with_the_way_out(project: Path) -> None:
    def hint(**wish: Any) -> str:
        with pytest.raises(ConfigurationError) as caught:
            load(project, **wish)
        return caught.value.hint

    assert hint(output="jsn") == "did you mean json?"
    assert hint(name=5) == "quote it, if it is text"
    assert hint(zzz=1) == f"known here: {', '.join(SETTINGS)}"


@pytest.mark.parametrize(
    ("value", "told"), [("true", "not true"), ("{a: 1}", "not a table"), ("1.5", "not 1.5"), ('""', "not ''")]
)
def test_a_value_of_another_type_is_told_as_it_is_written(value: str, told: str, project: Path) -> None:
    (project / "armadillo.yaml").write_text(f"name: {value}\n")
    assert failed(project) == [f"armadillo.yaml:1:7: name: accepts text, {told}"]


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ('[tool.armadillo]\nnmae = "x"\n', "2:1", "unknown key, did you mean name?"),
        ('[tool.armadillo]\n  "name" = 1\n', "2:3", "accepts text, not 1"),
        ("[tool.armadillo.name]\nx = 1\n", " name", "accepts text, not a table"),
        ("[tool.armadillo]\n[tool.armadillo.name]\nx = 1\n", "1:1", "accepts text, not a table"),
        ("[tool.armadillo]\n[tool.x]\nname = 1\n[tool.armadillo.name]\nx = 1\n", "1:1", "accepts text, not a table"),
        ("[tool.armadillo]\nname = \n", "2:8", "not TOML"),
        ("[tool]\narmadillo = 1\n", " tool.armadillo", "must be a table, not 1"),
    ],
)
def test_what_is_wrong_in_pyproject_is_told_with_its_place(text: str, place: str, told: str, project: Path) -> None:
    (project / "pyproject.toml").write_text(text)
    (found,) = failed(project)
    assert told in found
    assert found.startswith(f"pyproject.toml:{place}")


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"a: [", "not YAML"),
        (b"name: a\nname: b\n", "given twice, first at armadillo.yaml:1:1"),
        (b"- a\n", "holds a list and no settings"),
        (b"name: \xff\n", "byte 6 is not UTF-8"),
    ],
)
def test_a_project_file_that_is_none_is_told(raw: bytes, told: str, project: Path) -> None:
    (project / "armadillo.yaml").write_bytes(raw)
    (found,) = failed(project)
    assert told in found
    assert found.startswith("armadillo.yaml")


def test_a_directory_in_place_of_a_file_is_told(project: Path) -> None:
    (project / "armadillo.yaml").mkdir()
    assert failed(project) == ["armadillo.yaml: : cannot be read: Is a directory"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_users_directory_that_is_not_ours_holds_nothing_for_us(project: Path, home: Path) -> None:
    (home / "config.yaml").write_text("name: x\n")
    home.chmod(0)
    try:
        assert load(project).name == "default"
    finally:
        home.chmod(0o700)


def test_a_file_with_the_other_ending_is_told(project: Path) -> None:
    (project / "armadillo.yml").write_text("name: x\n")
    assert load(project).warnings == ("armadillo.yml is not read: its name must be armadillo.yaml",)


def test_a_directory_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(EnvironmentUnusable, match="does not exist"):
        load_config(environ={})


def test_an_unknown_variable_is_a_warning_with_the_nearest_name(project: Path) -> None:
    environ = {"ARMADILLO_LOG_FROMAT": "json", "ARMADILLO_QQQQ": "1", "ARMADILLOX": "1", "ARMADILLO_DBSERVRS": "3"}
    assert load(project, environ).warnings == (
        "the environment variable ARMADILLO_DBSERVRS is unknown, did you mean ARMADILLO_DBSERVERS?",
        "the environment variable ARMADILLO_LOG_FROMAT is unknown, did you mean ARMADILLO_LOG_FORMAT?",
        "the environment variable ARMADILLO_QQQQ is unknown, nothing reads it",
    )


def test_a_name_that_something_honours_is_no_warning(project: Path) -> None:
    assert load(project, dict.fromkeys(HONOURED, "1")).warnings == ()
    assert {"ARMADILLO_REQUIRE", "ARMADILLO_SPEC_DIR"} <= HONOURED


def variables(table: Mapping[str, Command], path: tuple[str, ...] = ()) -> Iterator[str]:
    for word, entry in table.items():
        if entry.inner is None:
            yield from (str(option.envvar) for option in load_command(entry, word, path).params if option.envvar)
        else:
            yield from variables(entry.inner, (*path, word))


def test_the_options_of_all_commands_are_the_honoured_names() -> None:
    settings = {setting.variable for setting in SETTINGS.values()}
    tests_own = {"ARMADILLO_REQUIRE", "ARMADILLO_SPEC_DIR"}
    assert set(variables(COMMANDS)) - settings == HONOURED - tests_own


def test_the_environment_of_the_process_is_read_when_none_is_given(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARMADILLO_NAME", "process")
    monkeypatch.chdir(project)
    assert load_config().source("name") == "environment ARMADILLO_NAME"


def test_a_configuration_cannot_be_changed(project: Path) -> None:
    config = load(project)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.name = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        config.sources["name"] = "x"  # type: ignore[index]


def test_every_run_has_an_id_of_its_own_unless_it_is_told_one(project: Path) -> None:
    one, two = load(project), load(project)
    assert one.run_id != two.run_id
    assert one.source("run_id") == "generated"
    told = load(project, {"ARMADILLO_RUN_ID": one.run_id})
    assert (told.run_id, told.source("run_id")) == (one.run_id, "environment ARMADILLO_RUN_ID")
