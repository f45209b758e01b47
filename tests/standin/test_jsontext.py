"""JSON is read strictly and written compactly."""

from __future__ import annotations

from typing import Any

import pytest
from arangod import jsontext
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(1 << 63), (1 << 64) - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_written_reads_the_same(value: Any) -> None:
    assert jsontext.decode(jsontext.encode(value).encode()) == value


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"NaN", b"[Infinity]", b"1e999", b'"\\ud800"', b"\xff", b"[" * 100_000, b"{} {}", b"9" * 5000, b"tru"],
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        jsontext.decode(text)


def test_whole_numbers_beyond_64_bits_become_floating() -> None:
    assert jsontext.decode(b"18446744073709551615") == (1 << 64) - 1
    assert isinstance(jsontext.decode(b"18446744073709551616"), float)
    assert jsontext.decode(b"-9223372036854775808") == -(1 << 63)
    assert isinstance(jsontext.decode(b"-9223372036854775809"), float)
    assert jsontext.decode(b"1" + b"0" * 100) == 1e100


def test_pairs_of_escapes_are_one_sign() -> None:
    assert jsontext.decode(b'"\\ud83d\\ude00"') == "😀"
