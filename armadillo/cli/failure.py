"""How a failure is told: what failed, why, what to do next; as one JSON object where JSON was asked for.

The last stop of every exception. Knows the table of errors and no command.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer

from armadillo.cli.globals import Form
from armadillo.cli.output import coloured, document, lost, styled, talk, write
from armadillo.errors import ArmadilloError, CrashDetected, EnvironmentUnusable, Meaning, TimeoutExpired, meaning

# What typer raises for wrong usage; its module is private, its place above BadParameter is not.
UsageProblem: Any = typer.BadParameter.__mro__[1]

USAGE = Meaning("usage", 2, "INVALID_ARGUMENT", 400, meaning(ArmadilloError("")).then)
FULL_OR_GONE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
BUG = "this is a bug in Armadillo: please report it with the lines above"


def report(error: Exception, words: Sequence[str]) -> int:
    """Write a failure to the streams and return its exit code."""
    error = of_stdout(error)
    if isinstance(error, BrokenPipeError):  # whoever read us has had enough
        return 1
    if isinstance(error, UsageProblem):
        told, hint, known = usage_text(error), usage_hint(error, words), USAGE
    elif isinstance(error, ArmadilloError):
        told, hint, known = str(error), error.hint, meaning(error)
    else:
        talk("".join(traceback.format_exception(error)))
        told, hint, known = f"{type(error).__name__}: {error}", BUG, meaning(error)
    form, color = asked(words)
    if form is not Form.TEXT:
        details = error.details if isinstance(error, ArmadilloError) else {}
        body = {"code": known.code, "message": told, "hint": hint, "exit_code": known.exit_code, "details": details}
        answer(document(form, {"schema": "armadillo.error/v1", "error": body}))
    talk(spoken(told, hint, evidence(error), paint=coloured(sys.stderr, color)))
    return known.exit_code


def of_stdout(error: Exception) -> Exception:
    """Return an error of stdout as what it means, every other as it is.

    Errors of files are translated where the files are written, and name them; what has no name here is help's own echo.
    """
    if isinstance(error, BrokenPipeError):
        lost(error)
    elif isinstance(error, OSError) and error.filename is None and error.errno in FULL_OR_GONE:
        return lost(error)
    return error


def answer(text: str) -> None:
    """Write to stdout; when that fails too, the failure that is being told is the one that counts."""
    try:
        write(text)
    except BrokenPipeError as exc:
        lost(exc)
    except EnvironmentUnusable as exc:
        talk(f"{exc}\n")


def spoken(told: str, hint: str, seen: str, *, paint: bool) -> str:
    """Return the three parts of an error for people."""
    parts = [f"{styled('error:', 31, paint)} {told}"]
    parts += [f"  | {line}" for line in seen.splitlines()]
    parts += [f"  {styled('→', 36, paint)} {line}" for line in hint.splitlines()]
    return "\n".join(parts) + "\n"


def evidence(error: BaseException) -> str:
    """Return the last lines of what failed, where the error carries them."""
    if isinstance(error, CrashDetected):
        return error.log_tail
    if isinstance(error, TimeoutExpired):
        return error.stderr or error.stdout
    return ""


def usage_text(error: Any) -> str:
    """Return what typer found wrong, on one line, without its full stop and without its parser's name for it."""
    text = " ".join(error.format_message().split()).replace("Value error, ", "").rstrip(".")
    parameter: Any = getattr(error, "param", None)
    source = error.ctx.get_parameter_source(parameter.name) if parameter and error.ctx else None
    return f"{text}, from {parameter.envvar}" if source and source.name == "ENVIRONMENT" else text


def usage_hint(error: Any, words: Sequence[str]) -> str:
    """Return the command whose help tells what is right."""
    if error.ctx:
        return f"{error.ctx.command_path} --help"
    before = itertools.takewhile(lambda word: not word.startswith("-"), words)
    return " ".join(["armadillo", *before, "--help"])


def asked(words: Sequence[str]) -> tuple[Form, str]:
    """Return the form and colours asked for; the words may not have been parsed, the configuration may be broken."""
    from armadillo.config import load_config

    try:
        config = load_config()
        form, color = config.output, config.color
    except ArmadilloError:
        form, color = os.environ.get("ARMADILLO_OUTPUT", ""), "auto"
    form = said(words, "--output", "-o") or form
    color = said(words, "--color") or color
    return Form(form) if form in set(Form) else Form.TEXT, color if color in ("always", "never") else "auto"


def said(words: Sequence[str], *names: str) -> str:
    """Return the last value that an option got; --json is --output json."""
    found = ""
    for index, word in enumerate(words):
        if word == "--":
            break
        name, given, value = word.partition("=")
        following = "".join(words[index + 1 : index + 2])
        if name in names:
            found = value if given else following
        elif "-o" in names:
            together = re.fullmatch("-[qv]+o|-[qv]*o(.+)", word)
            if word == "--json":
                found = "json"
            elif together:
                found = together[1] or following
    return found
