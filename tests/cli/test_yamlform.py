"""What `--output yaml` writes is read back the same, by us and by others."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from armadillo import yamltext
from armadillo.cli.yamlform import dump

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | TEXT
DATA = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=20
)


@given(DATA)
def test_it_is_read_back_the_same(data: Any) -> None:
    text = dump(data)
    assert yamltext.load(text, "x").value == data
    assert yaml.safe_load(text) == data


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"a": {"b": [1, {"c": None, "d": []}]}}, "a:\n  b:\n    - 1\n    - c: null\n      d: []\n"),
        ([[1, 2], {}], "- - 1\n  - 2\n- {}\n"),
        ({"x": 1.5, "on": True, "z": "no"}, 'x: 1.5\n"on": true\nz: "no"\n'),
    ],
)
def test_it_is_in_block_form(data: Any, text: str) -> None:
    assert dump(data) == text
