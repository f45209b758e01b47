"""Option values are read as arangod spells them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from arangod.options.table import OPTIONS, boolean, integer, number, value_of
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ("-3", -3), ("4k", 4000), ("4KiB", 4096), ("2MB", 2_000_000), ("1g", 10**9), ("4GiB", 4 << 30)],
)
def test_a_whole_number_may_have_a_size_suffix(text: str, value: int) -> None:
    assert integer(text) == value


@pytest.mark.parametrize("text", ["", "x", "1x", "1.5", "k", "4ib", "4 GiB", "٣", "--1", "1kk"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid numeric value"):
        integer(text)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "", "one"])
def test_what_is_no_finite_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid numeric value"):
        number(text)


def test_truth_has_several_spellings() -> None:
    assert [boolean(word) for word in ("true", "ON", "yes", "1")] == [True] * 4
    assert [boolean(word) for word in ("false", "off", "No", "0")] == [False] * 4


def test_of_some_options_only_listed_words_are_taken() -> None:
    option = OPTIONS["cluster.failed-write-concern-status-code"]
    assert value_of(option, "503") == "503"
    with pytest.raises(ValueError, match="'403', '503'"):
        value_of(option, "500")


def test_every_default_is_of_its_kind() -> None:
    kinds = {"bool": bool, "int": int, "float": float, "str": str, "list": list}
    for option in OPTIONS.values():
        if option.words:
            assert option.default in option.words
        else:
            assert type(option.default) is kinds[option.kind], option.name


@given(st.text(max_size=12))
def test_any_text_is_a_value_or_refused(text: str) -> None:
    for name in ("agency.size", "agency.activate", "agency.election-timeout-min", "server.storage-engine"):
        with suppress(ValueError):
            assert value_of(OPTIONS[name], text) is not None
