"""`armadillo logs`: what the servers wrote, merged by the engine's time stamps. Knows no format of logs."""

from __future__ import annotations

import heapq
import queue
import sys
import threading
from collections.abc import Iterator
from typing import Annotated

import typer

from armadillo.cli.globals import Form
from armadillo.cli.lab import Engine, Several
from armadillo.cli.output import Output, coloured, document, styled, write
from armadillo.cluster.deployment import Server, named
from armadillo.engine import containers
from armadillo.engine.docker import Connection
from armadillo.errors import ArmadilloError

Line = tuple[str, str, str]

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
QUIET = 0.05
BATCH = 5_000


def logs(
    out: Output,
    several: Several,
    engine: Engine,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C, or until all have ended.", show_default=False)
    ] = False,
    tail: Annotated[
        int | None, typer.Option("--tail", metavar="N", min=0, help="Only the last lines of each.", show_default=False)
    ] = None,
) -> None:
    """Print what servers wrote, in the order they wrote it."""
    name, nodes = several.chosen(out)
    with engine.opened() as connection:
        servers = named(connection, name).chosen(nodes)
        paint = coloured(sys.stdout, out.config.color)
        width = max(len(one.name) for one in servers)
        heads = {
            one.name: styled(f"{one.name.ljust(width)} |", COLOURS[index % len(COLOURS)], paint)
            for index, one in enumerate(servers)
        }
        for stamp, server, text in (followed if follow else merged)(connection, servers, tail):
            if out.form is Form.TEXT:
                write(f"{heads[server]} {text}\n")
            else:
                row = {"schema": "armadillo.log-line/v1", "time": stamp, "server": server, "text": text}
                write(document(Form.JSONL, row))


def read(connection: Connection, server: Server, tail: int | None, *, follow: bool) -> Iterator[Line]:
    """Yield one server's lines."""
    for stamp, text in containers.log_lines(connection, server.container, follow=follow, lines=tail):
        yield stamp, server.name, text


def merged(connection: Connection, servers: list[Server], tail: int | None) -> Iterator[Line]:
    """Merge what is there already."""
    return heapq.merge(*(read(connection, one, tail, follow=False) for one in servers), key=lambda line: line[0])


def followed(connection: Connection, servers: list[Server], tail: int | None) -> Iterator[Line]:
    """Yield lines as they come, until every server has ended; those that come at once are put in order."""
    lines: queue.SimpleQueue[Line | ArmadilloError | None] = queue.SimpleQueue()

    def listen(server: Server) -> None:
        try:
            for line in read(connection, server, tail, follow=True):
                lines.put(line)
        except ArmadilloError as exc:
            lines.put(exc)
        finally:
            lines.put(None)

    for one in servers:
        threading.Thread(target=listen, args=(one,), name=f"log of {one.name}", daemon=True).start()
    listening = len(servers)
    while listening:
        come = batch(lines)
        listening -= come.count(None)
        yield from sorted(line for line in come if isinstance(line, tuple))
        for error in come:
            if isinstance(error, ArmadilloError):
                raise error


def batch(lines: queue.SimpleQueue[Line | ArmadilloError | None]) -> list[Line | ArmadilloError | None]:
    """Wait for something, and take what comes with it until it is quiet."""
    come = [lines.get()]
    try:
        while len(come) < BATCH:
            come.append(lines.get(timeout=QUIET))
    except queue.Empty:
        pass
    return come
