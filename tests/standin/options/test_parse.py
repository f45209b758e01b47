"""Command lines and configuration files give the options that arangod would see."""

from __future__ import annotations

from pathlib import Path

import pytest
from arangod.failure import Exit, ExitCode
from arangod.options.parse import Options, help_text, parse
from arangod.options.table import OPTIONS


def _read(*argv: str) -> Options:
    wish = parse(argv, default_configs=())
    assert wish.what == "run"
    return wish.options


def _refused(*argv: str) -> Exit:
    with pytest.raises(Exit) as told:
        parse(argv, default_configs=())
    return told.value


@pytest.mark.parametrize(
    "argv", [("--log.role", "true"), ("--log.role=true",), ("--log.role",), ("--log.role", "--log.color")]
)
def test_a_boolean_is_given_in_three_ways(argv: tuple[str, ...]) -> None:
    assert _read(*argv).flag("log.role") is True


def test_a_boolean_is_negated_by_no() -> None:
    assert _read("--no-server.authentication").flag("server.authentication") is False


def test_a_text_may_begin_with_a_dash_or_hold_an_equals_sign() -> None:
    assert _read("--log.file", "-").text("log.file") == "-"
    assert _read("--log.level=agency=debug").texts("log.level") == ["agency=debug"]


def test_repeated_options_make_a_list_and_the_last_of_others_wins() -> None:
    options = _read(
        "--agency.endpoint", "tcp://a:1", "--agency.endpoint=tcp://b:2", "--agency.size=1", "--agency.size=3"
    )
    assert options.texts("agency.endpoint") == ["tcp://a:1", "tcp://b:2"]
    assert options.number("agency.size") == 3


def test_a_bare_word_is_the_database_directory() -> None:
    assert _read("/some/where").text("database.directory") == "/some/where"
    assert _refused("/some/where", "/else").code == ExitCode.INVALID_OPTION


def test_what_was_not_given_has_its_default() -> None:
    options = _read()
    assert options.texts("server.endpoint") == ["http+tcp://127.0.0.1:8529"]
    assert options.number("agency.supervision-grace-period") == 10.0
    assert options.given == []


def test_an_unknown_option_is_refused_with_the_nearest_names() -> None:
    refused = _refused("--server.endpont", "x")
    assert refused.code == ExitCode.INVALID_OPTION
    assert "unknown option '--server.endpont'" in refused.text
    assert "--server.endpoint" in refused.text


@pytest.mark.parametrize("argv", [("-x",), ("--no-nothing",), ("--zzz.qqq", "1"), ("--zzz",)])
def test_unknown_options_are_refused_however_they_look(argv: tuple[str, ...]) -> None:
    assert _refused(*argv).code == ExitCode.INVALID_OPTION


@pytest.mark.parametrize(
    "argv",
    [
        ("--agency.size", "many"),
        ("--agency.size",),
        ("--log.role=perhaps",),
        ("--no-agency.size",),
        ("--no-log.role=true",),
        ("--cluster.upgrade", "maybe"),
    ],
)
def test_a_bad_value_is_refused_with_the_name_of_its_option(argv: tuple[str, ...]) -> None:
    refused = _refused(*argv)
    assert refused.code == ExitCode.INVALID_VALUE
    assert argv[0].partition("=")[0].replace("--no-", "--") in refused.text


@pytest.mark.parametrize("word", ["-c", "--config", "--configuration"])
def test_a_configuration_file_gives_what_the_command_line_does_not(tmp_path: Path, word: str) -> None:
    config = tmp_path / "arangod.conf"
    config.write_text(
        "# the starter's\n[server]\nendpoint = tcp://[::]:8529\nauthentication = true\n"
        "; and\n[log]\nlevel = INFO\nlevel = agency=debug\nagency.size = 5\n"
    )
    options = _read(word, str(config), "--server.authentication", "false")
    assert options.texts("server.endpoint") == ["tcp://[::]:8529"]
    assert options.flag("server.authentication") is False
    assert options.texts("log.level") == ["INFO", "agency=debug"]
    assert options.number("agency.size") == 5
    assert _read(f"{word}={config}").flag("server.authentication") is True


def test_a_list_of_the_command_line_replaces_that_of_the_file(tmp_path: Path) -> None:
    config = tmp_path / "arangod.conf"
    config.write_text("[server]\nendpoint = tcp://a:1\n")
    assert _read("-c", str(config), "--server.endpoint", "tcp://b:2").texts("server.endpoint") == ["tcp://b:2"]


@pytest.mark.parametrize("text", ["[server]\nendpoint\n", "= 3\n", b"\xff\xfe"])
def test_an_invalid_configuration_file_is_refused(tmp_path: Path, text: str | bytes) -> None:
    config = tmp_path / "arangod.conf"
    config.write_bytes(text if isinstance(text, bytes) else text.encode())
    refused = _refused("-c", str(config))
    assert refused.code == ExitCode.INVALID_CONFIG
    assert str(config) in refused.text


def test_a_missing_configuration_file_is_refused(tmp_path: Path) -> None:
    assert _refused("-c", str(tmp_path / "none.conf")).code == ExitCode.INVALID_CONFIG
    assert _refused("-c").code == ExitCode.INVALID_CONFIG


def test_the_first_default_file_that_exists_is_read_unless_told_otherwise(tmp_path: Path) -> None:
    config = tmp_path / "arangod.conf"
    config.write_text("[agency]\nsize = 7\n")
    defaults = (tmp_path / "missing", config)
    assert parse([], default_configs=defaults).options.number("agency.size") == 7
    assert parse(["-c", "none"], default_configs=defaults).options.number("agency.size") == 1


def test_the_file_that_comes_along_listens_for_everybody() -> None:
    options = parse([]).options
    assert options.texts("server.endpoint")[0].endswith("0.0.0.0:8529")
    assert options.text("database.directory") == "/var/lib/arangodb3"


def test_version_and_help_win_over_the_rest() -> None:
    assert parse(["--version", "--log.force-direct=true"]).what == "version"
    assert parse(["--log.force-direct=true", "--version"]).what == "version"
    assert parse(["--help"]).what == "help"


def test_the_help_names_every_option() -> None:
    text = help_text()
    assert all(f"--{name} " in text for name in OPTIONS)
