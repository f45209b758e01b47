"""Paths lead to handlers."""

from __future__ import annotations

import pytest
from arangod.http.route import Table

TABLE = Table(
    [
        ("GET", "/", "root"),
        ("GET", "/a/{x}", "one"),
        ("PUT", "/a/{x}", "put"),
        ("GET", "/a/b", "literal"),
        ("GET", "/a/{x}/c", "below"),
    ]
)


@pytest.mark.parametrize(
    ("path", "handler", "places"),
    [
        ("", "root", ()),
        ("a/z", "one", ("z",)),
        ("a/b", "literal", ()),
        ("a/b/c", "below", ("b",)),
        ("a/z/c", "below", ("z",)),
    ],
)
def test_a_literal_wins_over_a_place(path: str, handler: str, places: tuple[str, ...]) -> None:
    found = TABLE.find(tuple(path.split("/")) if path else ())
    assert found is not None
    assert (found.handlers["GET"], found.places) == (handler, places)


@pytest.mark.parametrize("path", ["a", "a/b/d", "b"])
def test_elsewhere_there_is_nothing(path: str) -> None:
    assert TABLE.find(tuple(path.split("/"))) is None


def test_one_path_holds_several_methods() -> None:
    found = TABLE.find(("a", "z"))
    assert found is not None
    assert set(found.handlers) == {"GET", "PUT"}


def test_two_handlers_in_one_place_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="two handlers"):
        Table([("GET", "/a/{x}", 1), ("GET", "/a/{y}", 2)])
