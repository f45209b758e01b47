"""What a value is called when it is told about."""

from __future__ import annotations

import pytest

from armadillo.topology.reading import described


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "empty"), (True, "true"), ({}, "a mapping"), ([], "a list"), ("a", "'a'"), (5, "5"), (1.5, "1.5")],
)
def test_a_value_is_described_in_the_words_of_its_file(value: object, words: str) -> None:
    assert described(value) == words
