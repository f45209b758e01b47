"""The command line in this process: `call`, in a directory and home of the test's own."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from armadillo.cli import main
from armadillo.log import redactor

from .running import Call, Ended, environment


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the directory in which commands run, with an environment that says nothing."""
    wanted = environment(tmp_path)
    for name in os.environ.keys() - wanted.keys():
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Return what runs a command line in this process."""
    monkeypatch.setattr(redactor, "add", lambda value: None)  # it would be masked in every later test

    def run(*words: str, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        code = main(list(words))
        return Ended(code, *capsys.readouterr())

    return run
