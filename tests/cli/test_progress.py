"""Progress on a terminal is one line, and whatever else is written stands above it."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from armadillo.cli.globals import Form
from armadillo.cli.output import Output
from armadillo.cli.progress import ERASE, WHEEL, Line, Progress, Way
from armadillo.config import ArmadilloConfig
from tests.processes import soon


class Terminal(io.StringIO):
    """A terminal of UTF-8 that remembers everything."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Gone(Terminal):
    """A terminal that was closed."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def output(*, quiet: bool = False) -> Output:
    return Output(ArmadilloConfig(), Form.TEXT, quiet)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.delenv("TERM", raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    return Terminal()


@contextlib.contextmanager
def shown(terminal: Terminal, way: Way = Way.AUTO, *, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Tell progress to a terminal that is stderr meanwhile."""
    with contextlib.redirect_stderr(terminal):
        with Progress(way).shown(output(quiet=quiet)) as told:
            yield told
        assert sys.stderr is terminal


def divided(terminal: Terminal) -> None:
    with shown(terminal) as told:
        told("dividing")
        raise ZeroDivisionError


def test_the_line_turns_with_its_text_and_is_gone_at_the_end(terminal: Terminal) -> None:
    with shown(terminal) as told:
        told("starting\n  single")
        assert soon(lambda: terminal.getvalue().count("starting single") > 2)
    assert terminal.getvalue().endswith(ERASE)
    assert any(terminal.getvalue().count(sign) for sign in WHEEL[1:])


def test_what_is_written_meanwhile_stands_above_the_line(terminal: Terminal) -> None:
    with shown(terminal) as told:
        told("starting")
        output().say("a warning")
        assert sys.stderr.isatty()
    written = terminal.getvalue()
    after = written.partition(f"{ERASE}a warning\n")[2]
    assert "starting" in after


def test_a_long_reason_does_not_wrap(terminal: Terminal) -> None:
    line = Line(terminal, time.monotonic())
    line.tell("x" * 200)
    assert len(terminal.getvalue()) - len(ERASE) == 39


def test_a_failure_leaves_what_it_was_at(terminal: Terminal) -> None:
    with pytest.raises(ZeroDivisionError):
        divided(terminal)
    assert terminal.getvalue().endswith("s] dividing\n")


def test_a_terminal_that_is_gone_ends_nothing() -> None:
    with Line(Gone(), time.monotonic()).painting() as line:
        line.tell("on it")


def test_signs_are_for_those_who_can_show_them(terminal: Terminal) -> None:
    terminal.encoding = "ascii"
    Line(terminal, time.monotonic()).tell("on it")
    assert terminal.getvalue().startswith(f"{ERASE}- ")


@pytest.mark.parametrize(
    ("wish", "stream", "term", "way"),
    [
        (Way.AUTO, Terminal(), "xterm", Way.TTY),
        (Way.AUTO, Terminal(), "dumb", Way.PLAIN),
        (Way.AUTO, io.StringIO(), "xterm", Way.PLAIN),
        (Way.PLAIN, Terminal(), "xterm", Way.PLAIN),
        (Way.TTY, io.StringIO(), "dumb", Way.TTY),
        (Way.NONE, Terminal(), "xterm", Way.NONE),
    ],
)
def test_the_way_is_what_was_asked_for_else_what_the_stream_can(
    wish: Way, stream: io.StringIO, term: str, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "TERM", term)
    assert Progress(wish).way(stream) is way


def test_plain_is_a_line_for_each_and_quiet_is_silent(terminal: Terminal) -> None:
    with shown(terminal, Way.PLAIN) as told:
        told("one")
        told("two")
    lines = terminal.getvalue().splitlines()
    assert [line.split("] ")[1] for line in lines] == ["one", "two"]
    for silent in (shown(terminal, Way.NONE), shown(terminal, quiet=True)):
        with silent as told:
            told("three")
    assert "three" not in terminal.getvalue()
