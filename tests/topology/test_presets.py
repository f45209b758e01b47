"""Topologies that have a name."""

from __future__ import annotations

import pytest

from armadillo.errors import NotFoundError
from armadillo.topology import preset, problems


@pytest.mark.parametrize(
    ("name", "counts"),
    [("single", [1]), ("cluster", [3, 3, 1]), ("small", [1, 2, 1]), ("ha", [3, 3, 2])],
)
def test_a_preset_is_a_possible_topology(name: str, counts: list[int]) -> None:
    wish = preset(name)
    assert [wish.of(role).count for role in wish.roles()] == counts
    assert problems(wish) == ()


def test_an_unknown_preset_is_told_with_the_one_that_was_meant() -> None:
    with pytest.raises(NotFoundError, match="'clustr'") as told:
        preset("clustr")
    assert told.value.hint.startswith("did you mean cluster? presets are single, cluster, small, ha")


def test_a_word_like_no_preset_is_told_with_all_of_them() -> None:
    with pytest.raises(NotFoundError) as told:
        preset("xyz")
    assert told.value.hint.startswith("presets are")
