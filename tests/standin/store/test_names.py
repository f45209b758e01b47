"""Names are what arangod takes as names."""

from __future__ import annotations

import pytest
from arangod.store import names


@pytest.mark.parametrize("name", ["a", "A-b_9", "x" * 64])
def test_plain_database_names(name: str) -> None:
    assert names.is_database(name, extended=False)


@pytest.mark.parametrize("name", ["", "_x", "9x", "a.b", "ä", "x" * 65, None, 7])
def test_what_is_no_plain_database_name(name: object) -> None:
    assert not names.is_database(name, extended=False)


@pytest.mark.parametrize("name", ["ä", "münchen 7", "x" * 128])
def test_extended_database_names(name: str) -> None:
    assert names.is_database(name, extended=True)


@pytest.mark.parametrize("name", ["", "_x", "a/b", "a:b", " a", "a\u0301", "x" * 129, "a\nb", "1a"])
def test_what_is_no_extended_database_name(name: str) -> None:
    assert not names.is_database(name, extended=True)


def test_only_system_collections_begin_with_an_underscore() -> None:
    assert names.is_collection("_mine", system=True, extended=False)
    assert not names.is_collection("_mine", system=False, extended=False)
    assert not names.is_collection("mine", system=True, extended=True)
    assert names.is_collection("größe", system=False, extended=True)
    assert not names.is_collection(None, system=False, extended=True)


@pytest.mark.parametrize("key", ["1", "a:b", "a-b_c@d.e", "%25", "x" * 254])
def test_document_keys(key: str) -> None:
    assert names.is_key(key)


@pytest.mark.parametrize("key", ["", "a/b", "ä", "a b", "x" * 255, 7, None])
def test_what_is_no_document_key(key: object) -> None:
    assert not names.is_key(key)


def test_document_ids_have_two_parts() -> None:
    assert names.is_document_id("c/1")
    assert not any(map(names.is_document_id, ["c", "/1", "c/", "c/1/2", None]))
