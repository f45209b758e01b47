"""The root: which command is found, how a run ends, and that nothing is imported or done too early."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from armadillo.cli.app import COMMANDS, Command, load
from tests.house.tables import HEAVY, PLACES

from .running import Call, armadillo, environment, in_shell, interrupted_while_reading

ROOT = Path(__file__).resolve().parents[2]


def every(table: dict[str, Command], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Command]]:
    for name, entry in table.items():
        yield (*path, name), entry
        yield from every(entry.inner or {}, (*path, name))


ALL = dict(every(COMMANDS))
LEAVES = {path: entry for path, entry in ALL.items() if entry.inner is None}


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_alone_it_shows_its_commands(words: list[str], call: Call) -> None:
    ended = call(*words)
    assert (ended.code, ended.err) == (0, "")
    assert all(f"  {name} " in ended.out and entry.help in ended.out for name, entry in COMMANDS.items())


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_and_every_option_says_what_it_is_for(path: tuple[str, ...], call: Call) -> None:
    ended = call(*path, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"Usage: armadillo {' '.join(path)} ")
    if ALL[path].inner is None:
        command = load(ALL[path], path[-1], path[:-1])
        assert command.help
        assert [one.name for one in command.params if not one.help] == []


@pytest.mark.parametrize("path", [("render",), ("token",), ("config", "show"), ("version",)], ids=" ".join)
def test_the_line_in_the_list_is_the_first_of_the_help(path: tuple[str, ...], call: Call) -> None:
    assert ALL[path].help in call(*path, "--help").out


def test_help_is_as_wide_as_columns_say_else_120(place: Path) -> None:
    def widest(env: dict[str, str]) -> int:
        return max(map(len, armadillo("render", "--help", cwd=place, env=env).out.splitlines()))

    assert widest({"COLUMNS": "60"}) <= 60
    assert 80 < widest({}) <= 120
    assert widest({"COLUMNS": "7"}) <= 60


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["rendr"], "No such command 'rendr'. Did you mean 'render'?", "armadillo --help"),
        (["qqq"], "No such command 'qqq'", "armadillo --help"),
        (["config"], "Missing command", "armadillo config --help"),
        (["config", "shwo"], "No such command 'shwo'. Did you mean 'show'?", "armadillo config --help"),
        (["render", "--agnts", "3"], "No such option: --agnts (Possible options: --agents", "armadillo render --help"),
        (["render", "a", "b"], "Got unexpected extra argument", "armadillo render --help"),
        (["render", "--agents"], "Option '--agents' requires an argument", "armadillo render --help"),
        (["render", "--agents", "many"], "Invalid value for '--agents'", "armadillo render --help"),
        (["completion"], "Missing argument 'shell'. Choose from: bash, zsh, fish,", "armadillo completion --help"),
        (["completion", "tcsh"], "'tcsh' is not one of 'bash', 'zsh',", "armadillo completion --help"),
        (["-o", "xml", "version"], "'xml' is not one of 'text', 'json', 'jsonl', 'yaml'", "armadillo --help"),
    ],
)
def test_wrong_usage_says_what_is_right(words: list[str], message: str, hint: str, call: Call) -> None:
    ended = call(*words)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert "Value error" not in ended.err
    assert ended.err.startswith("error: ")
    assert ended.err.endswith(f"\n  → {hint}\n")


@pytest.mark.parametrize("words", [["--json", "render", "--no"], ["render", "--no", "-ojson"], ["config", "--json"]])
def test_wrong_usage_is_json_too_where_json_was_asked_for(words: list[str], call: Call) -> None:
    ended = call(*words)
    assert ended.code == 2
    assert ended.json["schema"] == "armadillo.error/v1"
    assert {"code": "usage", "exit_code": 2}.items() <= ended.json["error"].items()
    assert f"error: {ended.json['error']['message']}" in ended.err


def test_wrong_words_leave_stdin_unread_and_nothing_written(place: Path) -> None:
    script = "(armadillo render - --out lab --log-file log --nonsense; echo $? >&2; cat)"
    ended = in_shell(f"printf 'still here' | {script}", cwd=place)
    assert ended.out == "still here"
    assert ended.err.splitlines()[-1] == "2"
    assert list(place.iterdir()) == []


def test_help_imports_typer_and_nothing_heavy(place: Path) -> None:
    script = (
        "import sys\nfrom armadillo.cli import main\n"
        "main(['--help'])\nprint(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env={name: value for name, value in environment(place).items() if not name.startswith("COV")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0
    assert (HEAVY | PLACES.keys()) & set(ended.stderr.split()) == {"typer"}


def test_a_command_imports_no_more_than_it_needs(place: Path) -> None:
    script = (
        "import sys\nfrom armadillo.cli import main\n"
        "main(['version'])\nprint(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], env=environment(place), cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert not {"docker", "jinja2", "jwt", "requests", "yaml", "structlog"} & set(ended.stderr.split())


@pytest.mark.parametrize(
    ("signum", "code", "how"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_a_signal_ends_a_command_that_reads_without_a_traceback(
    signum: signal.Signals, code: int, how: str, place: Path
) -> None:
    ended = interrupted_while_reading(signum, place)
    assert ended == (code, "", f"\narmadillo: {how}\n")


def test_the_handler_of_sigterm_is_given_back(call: Call) -> None:
    before = signal.getsignal(signal.SIGTERM)
    call("version")
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_reader_who_has_had_enough_is_no_error(place: Path) -> None:
    ended = in_shell("set -o pipefail; armadillo render --dbservers 200 -q | head -n 1", cwd=place)
    assert (ended.out, ended.err) == ("x-server: &server\n", "")
    # The reader is gone before a word is written.
    gone = "trap '' PIPE; exec 3> >(:); wait $!; "
    ended = in_shell(gone + "armadillo --help >&3", cwd=place)
    assert (ended.code, ended.err) == (1, "")
    ended = in_shell(gone + "armadillo foo --json >&3", cwd=place)
    assert (ended.code, ended.err) == (2, "error: No such command 'foo'\n  → armadillo --help\n")
    script = "import sys; from armadillo.cli.failure import report; sys.exit(report(BrokenPipeError(32, ''), []))"
    ended = in_shell(gone + f'"{sys.executable}" -c "{script}" >&3', cwd=place)
    assert (ended.code, ended.err) == (1, "")


@pytest.mark.parametrize(
    "words",
    ["render", "render --json", "--help", "--version", "config schema", "config init --out -", "completion bash"],
)
def test_a_full_disk_behind_stdout_is_told(words: str, place: Path) -> None:
    ended = in_shell(f"armadillo {words} > /dev/full", cwd=place)
    assert ended.code == 10
    assert ended.err.startswith("error: cannot write the result to stdout: No space left on device\n  → make room")


def test_of_two_failures_the_first_counts_when_stdout_is_full(place: Path) -> None:
    ended = in_shell("armadillo foo --json > /dev/full", cwd=place)
    assert ended.code == 2
    assert "error: No such command 'foo'" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("script", "code", "says"),
    [
        ("armadillo version >&-", 10, "cannot write the result to stdout: Bad file descriptor"),
        ("armadillo render - <&-", 10, "stdin cannot be read: Bad file descriptor"),
        ("armadillo version 2>&- >/dev/null", 0, ""),
        ("armadillo foo 2>&-", 2, ""),
        ("armadillo foo 2>/dev/full", 2, ""),
        ("armadillo render 2>/dev/full >/dev/null", 0, ""),
    ],
)
def test_a_stream_that_is_closed_or_full_is_no_bug(script: str, code: int, says: str, place: Path) -> None:
    ended = in_shell(script, cwd=place)
    assert ended.code == code
    assert says in ended.err
    assert "Traceback" not in ended.err


def test_a_word_that_is_not_text_is_told_back(place: Path) -> None:
    ended = in_shell("armadillo render ./$'\\xff' --json", cwd=place)
    assert ended.code == 2
    assert ended.json["error"]["message"] == "./\udcff: no such file"


def test_version_is_an_option_too(call: Call) -> None:
    assert call("--version").out == call("version").out.splitlines()[0] + "\n"


def test_the_installed_command_is_the_module(place: Path) -> None:
    installed = Path(sys.executable).with_name("armadillo")
    ended = subprocess.run([installed, "--version"], cwd=place, capture_output=True, text=True, timeout=60)
    assert ended.stdout == armadillo("--version", cwd=place).out
