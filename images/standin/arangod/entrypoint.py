"""What the official image runs first, password rules included.

Knows nothing of how a server is set up; it decides whether that is due, and with which password.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from arangod.failure import Exit, ExitCode
from arangod.options.parse import parse
from arangod.process.datadir import INITIALISED
from arangod.process.run import run, say

_DATA = "/var/lib/arangodb3"
INIT_FOLDER = Path("/docker-entrypoint-initdb.d")
_UNINITIALISED = """error: database is uninitialized and password option is not specified
  You need to specify one of ARANGO_ROOT_PASSWORD, ARANGO_ROOT_PASSWORD_FILE,
  ARANGO_NO_AUTH and ARANGO_RANDOM_ROOT_PASSWORD"""


def _password_from(file: str) -> str | None:
    try:
        return Path(file).read_text(encoding="utf-8").rstrip("\n")
    except OSError:
        say(f"WARNING: password file '{file}' does not exist", fd=2)
        return None


def first_password(environ: Mapping[str, str]) -> str:
    """Return the password a new data directory gives to root; exit when none was chosen."""
    password = environ.get("ARANGO_ROOT_PASSWORD")
    if environ.get("ARANGO_ROOT_PASSWORD_FILE"):
        password = _password_from(environ["ARANGO_ROOT_PASSWORD_FILE"])
    if environ.get("ARANGO_RANDOM_ROOT_PASSWORD"):
        password = os.urandom(12).hex()
        say(f"===========================================\nGENERATED ROOT PASSWORD: {password}")
        say("===========================================")
    if password is None and not environ.get("ARANGO_NO_AUTH"):
        raise Exit(ExitCode.FAILED, _UNINITIALISED)
    return password or ""


def _refuse_scripts(folder: Path) -> None:
    scripts = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if scripts:
        raise Exit(ExitCode.FAILED, f"error: the stand-in does not run what is in {folder}: {', '.join(scripts)}")


def _other(environ: Mapping[str, str]) -> str | None:
    """Return the arangod that somebody has put into this one's place, as the entrypoint of the image finds it."""
    here, found = Path(sys.argv[0]), shutil.which("arangod", path=environ.get("PATH"))
    if not here.is_file() or found is None or Path(found).read_bytes() == here.read_bytes():
        return None
    return found


def _be(program: str, arguments: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Set up the data directory with another arangod if that is due, and be it."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    given = [word.partition("=")[2] for word in arguments if word.startswith("--database.directory=")]
    directory = (given or [_DATA])[-1]
    if not (Path(directory) / INITIALISED).exists() and environ.get("SKIP_DATABASE_INIT") != "1":
        first = {**environ, "ARANGODB_DEFAULT_ROOT_PASSWORD": first_password(environ)}
        words = ["-c", "none", f"--database.directory={directory}", "--log.level=error", "--server.rest-server=false"]
        subprocess.run([program, *words, "--database.init-database=true"], env=first)
    os.execve(program, ["arangod", "-c", "none", *arguments], dict(environ))


def enter(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Set up the data directory if that is due, then be arangod; another command is run instead."""
    arguments = list(argv)
    if arguments and not arguments[0].startswith("-") and arguments.pop(0) != "arangod":
        try:
            os.execvpe(argv[0], list(argv), environ)
        except OSError as exc:
            say(f"error: cannot run '{argv[0]}': {exc.strerror}", fd=2)
            return 127
    arguments.append(f"--server.authentication={'false' if environ.get('ARANGO_NO_AUTH') else 'true'}")
    try:
        if other := _other(environ):
            _be(other, arguments, environ)
        what, options = parse(arguments)
        directory = options.text("database.directory")
        is_new = not (Path(directory) / INITIALISED).exists() and environ.get("SKIP_DATABASE_INIT") != "1"
        password = None
        if what == "run" and is_new:
            password = first_password(environ)
            _refuse_scripts(INIT_FOLDER)
    except Exit as exc:
        say(exc.text, fd=2)
        return exc.code
    return run(arguments, environ, password=password)
