"""`armadillo exit-codes` and `version`: what is so, without asking anything."""

from __future__ import annotations

import platform

import armadillo
from armadillo.assets import ARANGODB_IMAGE
from armadillo.errors import EXIT_CODES, MEANING

from .running import Call


def test_the_table_has_every_code_there_is(call: Call) -> None:
    assert {row["code"]: row["meaning"] for row in call("exit-codes", "--json").json["exit_codes"]} == EXIT_CODES
    assert {known.exit_code for known in MEANING.values()} <= EXIT_CODES.keys()
    lines = call("exit-codes").out.splitlines()
    assert lines[0].split() == ["CODE", "MEANING"]
    assert [int(line.split()[0]) for line in lines[1:]] == list(EXIT_CODES)


def test_the_version_says_what_runs_where(call: Call) -> None:
    data = call("version", "--json").json
    assert data == {
        "schema": "armadillo.version/v1",
        "version": armadillo.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "image": ARANGODB_IMAGE,
    }
    assert all(value in call("version").out for key, value in data.items() if key != "schema")
