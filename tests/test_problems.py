"""Problems: words that were meant, paths as people write them, and one error for all."""

from __future__ import annotations

import pytest

from armadillo.problems import KeyPath, Problem, dotted, error, nearest


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ((), ""),
        (("spec",), "spec"),
        (("spec", "overrides", 0, "nodes"), "spec.overrides[0].nodes"),
        (("args", "--log.level"), 'args["--log.level"]'),
        ((2,), "[2]"),
    ],
)
def test_a_path_is_written_as_people_do(path: KeyPath, written: str) -> None:
    assert dotted(path) == written


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("cuont", "count"),
        ("replication_factor", "replicationFactor"),
        ("ReplicationFactor", "replicationFactor"),
        ("env", "environment"),
        ("xyz", None),
        ("", None),
    ],
)
def test_the_nearest_word_is_the_one_that_was_meant(word: str, meant: str | None) -> None:
    assert nearest(word, ["count", "environment", "replicationFactor"]) == meant


def test_one_problem_keeps_its_hint_apart() -> None:
    told = error([Problem("f.yml:1:2", "spec", "is wrong", "do this")])
    assert (str(told), told.hint) == ("f.yml:1:2: spec: is wrong", "do this")


def test_several_problems_are_a_line_each_with_its_hint() -> None:
    told = error([Problem("", "a", "is wrong", "do this"), Problem("f.yml:2:1", "", "is wrong, too")])
    assert str(told) == "a: is wrong; do this\nf.yml:2:1: is wrong, too"
    assert told.details["problems"] == [
        {"place": "", "path": "a", "message": "is wrong", "hint": "do this"},
        {"place": "f.yml:2:1", "path": "", "message": "is wrong, too", "hint": ""},
    ]
