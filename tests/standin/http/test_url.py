"""Targets come apart into database, path and parameters."""

from __future__ import annotations

from contextlib import suppress

import pytest
from arangod.http.url import BadTarget, Target, parse, quoted, unquoted
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def test_a_prefix_names_the_database() -> None:
    assert parse("/_db/a%20b/_api/version?details=true&x=1+2") == Target(
        "a b", "/_api/version", ("_api", "version"), {"details": "true", "x": "1 2"}
    )


def test_without_a_prefix_there_is_no_database() -> None:
    assert parse("/_api/version#f") == Target(None, "/_api/version", ("_api", "version"), {})
    assert parse("/") == Target(None, "/", (), {})
    assert parse("//_api///version/").path == "/_api/version"
    assert parse("/_db/x").path == "/"
    assert parse("/_db").database is None


def test_an_encoded_slash_stays_in_its_segment() -> None:
    assert parse("/_api/document/c/a%2Fb").segments == ("_api", "document", "c", "a/b")


def test_empty_parameters_are_left_out() -> None:
    assert parse("/x?&a&=b&c=%C3%A4").parameters == {"a": "", "c": "ä"}


@pytest.mark.parametrize("text", ["%", "%4", "%zz", "%ff", "a%2", "% 4", "%+4", "\xe4"])
def test_malformed_encoding_is_refused(text: str) -> None:
    with pytest.raises(BadTarget):
        unquoted(text)


@given(TEXT)
def test_what_is_quoted_reads_the_same(text: str) -> None:
    assert unquoted(quoted(text)) == text
    assert quoted(text).isascii()


@given(st.text(st.characters(max_codepoint=255), max_size=40))
def test_any_target_is_read_or_refused(text: str) -> None:
    with suppress(BadTarget):
        assert parse(f"/{text}").path.startswith("/")
