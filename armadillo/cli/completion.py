"""`armadillo completion`: the script that makes a shell complete our words. Installs nothing."""

from __future__ import annotations

import enum
from typing import Annotated

import typer
from typer.completion import get_completion_script  # type: ignore[attr-defined] # its scripts know typer's protocol

from armadillo.cli.app import COMPLETE_VARIABLE, PROGRAM
from armadillo.cli.output import Output


class Shell(enum.StrEnum):
    """The shells typer can complete in."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


def completion(
    out: Output, shell: Annotated[Shell, typer.Argument(help="The shell to complete in.", show_default=False)]
) -> None:
    """Print the completion script of a shell.

    For this session: eval "$(armadillo completion bash)"
    """
    script = get_completion_script(prog_name=PROGRAM, complete_var=COMPLETE_VARIABLE, shell=shell.value)
    out.result("completion", {"shell": shell.value, "script": script}, script)
