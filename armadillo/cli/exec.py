"""`armadillo exec`: a command in a server's container. Knows no command that could be meant."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer

from armadillo.cli.globals import Form
from armadillo.cli.lab import Engine
from armadillo.cli.output import Output
from armadillo.cluster.deployment import named
from armadillo.engine import exec as run_in
from armadillo.engine.exec import Sink


def execute(
    out: Output,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The deployment.", show_default=False)],
    node: Annotated[str, typer.Argument(metavar="NODE", help="The server: dbserver2.", show_default=False)],
    argv: Annotated[list[str], typer.Argument(metavar="CMD...", help="The command, after --.", show_default=False)],
    engine: Engine,
    user: Annotated[str, typer.Option("--user", metavar="USER", help="As this user.", show_default=False)] = "",
    stdin: Annotated[
        bool, typer.Option("--stdin", "-i", help="Give it what comes on stdin.", show_default=False)
    ] = False,
) -> int:
    """Run a command in a server's container.

    Its exit code is ours: armadillo exec lab coordinator1 -- arangod --version
    """
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


def passing(descriptor: int) -> Sink:
    """Return what writes bytes as they are, all of them."""

    def write(chunk: bytes) -> None:
        while chunk:
            chunk = chunk[os.write(descriptor, chunk) :]

    return write
