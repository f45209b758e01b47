"""`armadillo exec`: a command in a server's container. Knows no command that could be meant."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer

from armadillo.cli.globals import Form
from armadillo.cli.lab import Engine, is_node
from armadillo.cli.output import Output
from armadillo.cluster.deployment import named
from armadillo.engine import exec as run_in
from armadillo.engine.exec import Sink
from armadillo.errors import ConfigurationError


def execute(
    out: Output,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME] NODE -- CMD...",
            help="The deployment, the server (dbserver2), and the command.",
            show_default=False,
        ),
    ],
    engine: Engine,
    user: Annotated[str, typer.Option("--user", metavar="USER", help="As this user.", show_default=False)] = "",
    stdin: Annotated[
        bool, typer.Option("--stdin", "-i", help="Give it what comes on stdin.", show_default=False)
    ] = False,
) -> int:
    """Run a command in a server's container.

    Its exit code is ours: armadillo exec lab coordinator1 -- arangod --version
    """
    name, node, argv = meant(words, out)
    said, complaints = io.BytesIO(), io.BytesIO()
    direct = out.form is Form.TEXT
    with engine.opened() as connection:
        server = named(connection, name).server(node)
        code = run_in.run(
            connection,
            server.container,
            argv,
            out=passing(sys.stdout.fileno()) if direct else said.write,
            err=passing(sys.stderr.fileno()) if direct else complaints.write,
            stdin=io.FileIO(sys.stdin.fileno(), closefd=False) if stdin else None,
            user=user,
        )
    if not direct:
        texts = {"stdout": said.getvalue(), "stderr": complaints.getvalue()}
        read = {key: value.decode(errors="replace") for key, value in texts.items()}
        out.result("exec", {"name": name, "server": server.name, "command": argv, "exit_code": code, **read}, "")
    return code


def meant(words: list[str], out: Output) -> tuple[str, str, list[str]]:
    """Return deployment, server and command; a word that is a server is never the deployment."""
    said = [out.config.name, *words] if is_node(words[0]) else words
    if len(said) < 3:
        raise ConfigurationError(
            f"exec needs a server and a command, not only {' '.join(words)}",
            hint="armadillo exec NAME coordinator1 -- arangod --version",
        )
    return said[0], said[1], said[2:]


def passing(descriptor: int) -> Sink:
    """Return what writes bytes as they are, all of them."""

    def write(chunk: bytes) -> None:
        while chunk:
            chunk = chunk[os.write(descriptor, chunk) :]

    return write
