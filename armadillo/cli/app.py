"""The root of the command line: the table of commands, imported one by one, and the one place where errors end.

Imports typer and nothing else of weight at start, so that `armadillo --help` is quick. Knows no command's work.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from armadillo.cli.options import command, group_callback

PROGRAM = "armadillo"
COMPLETE_VARIABLE = "_ARMADILLO_COMPLETE"


class Terminated(BaseException):
    """SIGTERM, as an exception: clean-up runs like after Ctrl-C."""


class Command(NamedTuple):
    """Where a command lives, and its line in the help."""

    module: str
    help: str
    inner: dict[str, Command] | None = None


COMMANDS: dict[str, Command] = {
    "up": Command("up", "Start a topology and wait until it is ready."),
    "down": Command("down", "Stop a deployment and remove everything it had."),
    "stop": Command("servers:stop", "Stop servers; their data stays."),
    "start": Command("servers:start", "Start stopped servers."),
    "restart": Command("servers:restart", "Stop servers and start them again."),
    "ls": Command("ls", "List the deployments on this engine."),
    "status": Command("status", "Show how a deployment is, check by check."),
    "endpoints": Command("env:endpoints", "Print where clients reach a deployment."),
    "env": Command("env", "Print variables that tell other programs where it is."),
    "logs": Command("logs", "Print what servers wrote, merged by time."),
    "exec": Command("exec:execute", "Run a command in a server's container."),
    "wait": Command("wait", "Wait until a deployment is as one wants it."),
    "render": Command("render", "Print a topology as Compose text; nothing is started."),
    "token": Command("token", "Print a JWT that a deployment accepts."),
    "image": Command(
        "image",
        "Build, list and pull the images servers are started from.",
        {
            "build": Command("image:build", "Build the stand-in, which needs no registry."),
            "ls": Command("image:ls", "List the images of ArangoDB and of the stand-in."),
            "pull": Command("image:pull", "Get an image from its registry."),
        },
    ),
    "doctor": Command("doctor", "Look whether this machine can do it."),
    "prune": Command("prune", "Remove what nobody owns any more."),
    "config": Command(
        "config",
        "Show, start or describe the configuration.",
        {
            "show": Command("config:show", "Print each setting with its value and where it comes from."),
            "init": Command("config:init", "Write a commented armadillo.yaml to start from."),
            "schema": Command("config:schema", "Print the JSON Schema of a file that Armadillo reads."),
        },
    ),
    "exit-codes": Command("exit_codes", "Print what each exit code means."),
    "completion": Command("completion", "Print the completion script of a shell."),
    "version": Command("version", "Print the version of Armadillo and of what it runs on."),
}


def table_of(path: Sequence[str]) -> dict[str, Command]:
    """Return the commands below the words in `path`."""
    table = COMMANDS
    for word in path:
        table = table[word].inner or {}
    return table


def load(entry: Command, name: str, path: Sequence[str]) -> Any:
    """Import a command and make it what typer calls."""
    if entry.inner is not None:
        return group_of(entry, name, (*path, name))
    module, _, function = entry.module.partition(":")
    callback = getattr(importlib.import_module(f"armadillo.cli.{module}"), function or module)
    return command(callback, name=name)


class LazyGroup(TyperGroup):
    """A group that knows its commands' names and help lines, and imports only the one that is called."""

    path: tuple[str, ...] = ()

    def list_commands(self, ctx: Any) -> list[str]:
        return list(table_of(self.path))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        entry = table_of(self.path).get(cmd_name)
        return entry and TyperCommand(cmd_name, help=entry.help, rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        self.commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}  # for "Did you mean"
        name, found, rest = super().resolve_command(ctx, args)
        return name, found and load(table_of(self.path)[str(name)], str(name), self.path), rest


def group_of(entry: Command, name: str, path: tuple[str, ...]) -> Any:
    """Make a group of commands that has no options but the global ones."""
    cls = type("LazyGroup", (LazyGroup,), {"path": path})
    group = typer.Typer(name=name, cls=cls, add_completion=False, rich_markup_mode=None)
    group.callback(help=entry.help)(group_callback())
    return get_command(group)


EPILOG = "Each option --foo-bar can be given as ARMADILLO_FOO_BAR; `armadillo COMMAND --help` tells more."


def root() -> Any:
    """Make the root command; its options are those that every command takes, so they may stand before it too."""
    app = typer.Typer(
        name=PROGRAM,
        cls=LazyGroup,
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "terminal_width": width()},
    )
    app.callback(help="A test lab for ArangoDB on Docker.", epilog=EPILOG)(group_callback(version=True))
    return get_command(app)


def width() -> int:
    """Return how wide help is: COLUMNS, else the terminal, else 120."""
    return max(shutil.get_terminal_size((120, 24)).columns, 50)


def on_sigterm(signum: int, frame: FrameType | None) -> None:
    raise Terminated


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command line; every way it can end is here."""
    words = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    open_streams()
    before = signal.signal(signal.SIGTERM, on_sigterm)
    try:
        code = called(words)
        sys.stdout.flush()
        return code
    except (KeyboardInterrupt, typer.Abort):
        return interrupted("interrupted", signal.SIGINT)
    except Terminated:
        return interrupted("terminated", signal.SIGTERM)
    except Exception as exc:  # noqa: BLE001 - the last stop: a bug is told as one, with its traceback
        from armadillo.cli.failure import report

        return report(exc, words)
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def open_streams() -> None:
    """Replace a stream that the caller closed by one that fails when it is used, stderr by one that says nothing."""
    for name, flags, mode in (("stdin", os.O_WRONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode))


def called(words: list[str]) -> int:
    """Let typer answer a shell's question, or call the command that the words name."""
    if COMPLETE_VARIABLE in os.environ:
        from typer import completion

        completion.completion_init()  # type: ignore[attr-defined] # the way to make typer answer shells
    code = root().main(words, prog_name=PROGRAM, complete_var=COMPLETE_VARIABLE, standalone_mode=False)
    if code == 128 + signal.SIGINT:  # what typer makes of Ctrl-C
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def interrupted(how: str, signum: signal.Signals) -> int:
    """Say how it ended; by now every `with` and `finally` on the way out has run."""
    from armadillo.cli.output import talk

    talk(f"\n{PROGRAM}: {how}\n")
    return 128 + signum
