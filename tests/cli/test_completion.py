"""Completion: a script for each shell, and what it asks us while a person types."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from armadillo.cli.app import COMMANDS

from .running import Call, armadillo, environment


def proposed(line: str, cwd: Path) -> list[str]:
    """Return what bash would propose for a line whose last word is being typed."""
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    ended = armadillo(cwd=cwd, env={"_ARMADILLO_COMPLETE": "complete_bash", **words})
    assert ended.err == ""
    return ended.out.split()


def test_bash_is_told_commands_options_and_values(place: Path) -> None:
    assert proposed("armadillo ", place) == list(COMMANDS)
    assert proposed("armadillo re", place) == [name for name in COMMANDS if name.startswith("re")]
    assert proposed("armadillo --json rend", place) == ["render"]
    assert proposed("armadillo config ", place) == ["show", "init", "schema"]
    assert proposed("armadillo config schema ", place) == ["config", "topology"]
    assert {"--cluster", "--agents", "--json"} <= set(proposed("armadillo render --", place))
    assert proposed("armadillo render --publish ", place) == ["coordinators", "all", "none"]
    assert "--version" in proposed("armadillo --", place)


@pytest.mark.parametrize(
    "environ",
    [
        {"_ARMADILLO_COMPLETE": "complete_zsh"},
        {"_ARMADILLO_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
        {"_ARMADILLO_COMPLETE": "complete_powershell", "_TYPER_COMPLETE_WORD_TO_COMPLETE": "rend"},
    ],
    ids=lambda environ: environ["_ARMADILLO_COMPLETE"],
)
def test_other_shells_are_told_with_help(environ: dict[str, str], place: Path) -> None:
    ended = armadillo(cwd=place, env={**environ, "_TYPER_COMPLETE_ARGS": "armadillo rend"})
    assert (ended.err, "render" in ended.out, "token" in ended.out) == ("", True, False)
    assert "Print a topology as Compose text" in ended.out


def test_a_question_that_is_none_is_refused(place: Path) -> None:
    ended = armadillo("version", cwd=place, env={"_ARMADILLO_COMPLETE": "nonsense"})
    assert ended.code == 1
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_the_script_of_a_shell_asks_for_our_words(shell: str, call: Call, place: Path) -> None:
    script = call("completion", shell)
    assert (script.code, script.err) == (0, "")
    assert "_ARMADILLO_COMPLETE" in script.out
    assert call("completion", shell, "--json").json == {
        "schema": "armadillo.completion/v1",
        "shell": shell,
        "script": script.out.rstrip("\n"),
    }
    program = shutil.which(shell)
    if program and shell != "powershell":
        (place / "script").write_text(script.out)
        subprocess.run([program, "-n", place / "script"], check=True, timeout=60)


def test_bash_completes_with_the_script(place: Path) -> None:
    script = (
        'eval "$(armadillo completion bash)"; COMP_WORDS=(armadillo rend); COMP_CWORD=1; '
        "_armadillo_completion armadillo; echo ${COMPREPLY[@]}"
    )
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-c", script], env=environment(place, {"PATH": path}), cwd=place, capture_output=True, text=True
    )
    assert (ended.stdout, ended.stderr) == ("render\n", "")
