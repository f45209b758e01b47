"""JSON there and back, and every kind of wrong bytes with its offset."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armadillo.codec import DataCodec, JsonCodec
from armadillo.codec.json import MAX_DEPTH
from armadillo.errors import CodecError

CODEC: DataCodec = JsonCodec()

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_encoded_decodes_to_itself(value: Any) -> None:
    assert CODEC.decode(CODEC.encode(value)) == value


@given(VALUES)
def test_the_bytes_are_what_any_json_reader_reads(value: Any) -> None:
    assert json.loads(CODEC.encode(value)) == value


@given(st.dictionaries(TEXTS, st.integers()))
def test_the_order_in_which_keys_were_set_does_not_show(value: dict[str, int]) -> None:
    assert CODEC.encode(dict(reversed(value.items()))) == CODEC.encode(value)


@given(st.binary() | TEXTS.map(str.encode))
def test_any_bytes_are_a_value_that_can_be_written_again_or_a_codec_error(data: bytes) -> None:
    told_or_same(data)


PIECES = ["{", "}", "[", "]", ",", ":", '"a"', '"b"', '"\\ud800"', '"\\ud83d\\ude00"', "1", "1e999", "NaN", "true", " "]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_pieces_of_json_are_a_value_that_can_be_written_again_or_a_codec_error(text: str) -> None:
    told_or_same(text.encode())


@given(VALUES, st.data())
def test_a_cut_text_is_told_within_its_bytes_unless_it_is_still_json(value: Any, data: st.DataObject) -> None:
    whole = CODEC.encode(value)
    told_or_same(whole[: data.draw(st.integers(0, len(whole)))])


def told_or_same(data: bytes) -> None:
    try:
        value = CODEC.decode(data)
    except CodecError as exc:
        offset = exc.offset
    else:
        assert CODEC.decode(CODEC.encode(value)) == value
        return
    assert offset is not None
    assert 0 <= offset <= len(data)


def test_the_output_is_compact_sorted_and_not_escaped() -> None:
    assert CODEC.encode({"b": [1, 2.5, None, True], "a": "ü"}) == '{"a":"ü","b":[1,2.5,null,true]}'.encode()


def test_a_tuple_is_written_as_an_array() -> None:
    assert CODEC.encode((1, (2,))) == b"[1,[2]]"


def test_every_kind_of_buffer_is_read() -> None:
    codec = JsonCodec()
    assert codec.decode(bytearray(b"[1]")) == codec.decode(memoryview(b"[1]")) == [1]


@pytest.mark.parametrize(
    ("data", "offset", "told"),
    [
        (b"", 0, "Expecting value"),
        (b"[1,]", 3, "value"),
        (b"[1] x", 4, "Extra data"),
        (b"[1e9991e999]", 1, "a number too large"),
        (b'{"\xc3\xbc":}', 6, "Expecting value"),
        (b'"\xff"', 1, "not UTF-8"),
        (b"\xef\xbb\xbf1", 0, "BOM"),
        (b'["NaN", NaN]', 8, "NaN is not a JSON number"),
        (b"[-Infinity]", 1, "-Infinity is not a JSON number"),
        (b'["1e999", -1e999]', 10, "a number too large"),
        (b"[" + b"9" * 5000 + b"]", 1, "a number too large"),
        (b'{"a": {"a": 1}, "b": "a", "a": 2}', 26, 'the key "a" twice'),
        (b'{"a":1,"\\u0061":2}', 7, 'the key "\\u0061" twice'),
        (b'["\\\\ud800", "\\ud800"]', 12, "half of a surrogate pair"),
        (b'["' + b"[" * 300, 1, "Unterminated string"),
        (b'["a\nb"]', 3, "control character"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), MAX_DEPTH, f"nested deeper than {MAX_DEPTH}"),
        (b'{"a":' * 100_000, 5 * MAX_DEPTH, f"nested deeper than {MAX_DEPTH}"),
    ],
)
def test_wrong_bytes_are_told_with_their_offset(data: bytes, offset: int, told: str) -> None:
    with pytest.raises(CodecError, match="not") as caught:
        CODEC.decode(data)
    assert told in str(caught.value)
    assert caught.value.offset == offset
    assert f"byte {offset}" in str(caught.value)


def test_the_deepest_nesting_allowed_goes_both_ways() -> None:
    deepest = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert CODEC.encode(CODEC.decode(deepest)) == deepest


def test_many_flat_containers_are_not_deep() -> None:
    assert CODEC.decode(b"[" + b"{}," * 1000 + b"{}]") == [{}] * 1001


def test_text_in_surrogate_pairs_is_read() -> None:
    assert CODEC.decode(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


ITSELF: list[Any] = []
ITSELF += [ITSELF, ITSELF]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (float("nan"), "float"),
        ([float("inf")], "float"),
        ({1: "a"}, "the key 1 is not text"),
        ([{None: 1, "a": 2}], "the key None is not text"),
        (b"bytes", "bytes"),
        ({"a": {1, 2}}, "set"),
        ("\ud800", "surrogates"),
        pytest.param(10**5000, "digits", id="a huge number"),
        pytest.param(ITSELF, "within itself", id="a list in itself"),
    ],
)
def test_what_json_cannot_say_is_refused(value: Any, told: str) -> None:
    with pytest.raises(CodecError, match="cannot be written as JSON") as caught:
        CODEC.encode(value)
    assert told in str(caught.value)


def test_little_stack_left_is_a_codec_error_too() -> None:
    deepest = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    limit = sys.getrecursionlimit()

    def descend(levels: int) -> Any:
        return descend(levels - 1) if levels else CODEC.decode(deepest)

    with pytest.raises(CodecError, match="recursion"):
        descend(limit - stack_depth() - 100)


def stack_depth() -> int:
    depth, frame = 0, sys._getframe()
    while frame.f_back:
        depth, frame = depth + 1, frame.f_back
    return depth
