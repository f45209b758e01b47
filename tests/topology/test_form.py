"""The declared form: what the published schema accepts is what we accept, and nothing else."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armadillo.errors import ConfigurationError
from armadillo.topology import load_topology, problems, schema
from armadillo.topology.form import check
from armadillo.yamltext import Problems, load
from tests.topology.test_parse import FULL

VALIDATOR = jsonschema.Draft202012Validator(schema())
VALID: dict[str, Any] = load(FULL, "t.yml").value

ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(
            None,
            True,
            False,
            0,
            1,
            -1,
            2.0,
            2.5,
            1001,
            70000,
            float("inf"),
            "",
            "x",
            "off",
            "generate",
            "tmpfs",
            "none",
        ),
        *("all", "cluster", "512m", "1.5 GiB", "5 x", "a\n", "512m\n", [], ["x"], [1, None], [[]], {}, {"x": 1}),
        *(
            {"keep": "x"},
            {"keep": 1},
            {"count": 3},
            {"count": "3"},
            {"nodes": "all"},
            {"--a.b": {}},
            {"jwt": "generate"},
        ),
    ]
)
KEYS = st.sampled_from(
    [
        *schema()["properties"],
        *schema()["properties"]["spec"]["properties"],
        "count",
        "memory",
        "args",
        "nodes",
        "keep",
        "x",
    ]
)


def ours(value: Any) -> bool:
    """Say whether our check finds nothing wrong with a value."""
    problems = Problems(load("", "t.yml"))
    wrong = list(check(problems, value))
    assert bool(wrong) == bool(problems)
    return not wrong


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in parts for place in places(part, (*path, key)))]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert ours(VALID)
    assert VALIDATOR.is_valid(VALID)


def test_a_schema_can_be_changed_without_changing_ours() -> None:
    schema()["properties"].clear()
    assert schema()["properties"]


@pytest.mark.parametrize("place", places(VALID)[1:], ids=str)
@given(odd=ODD)
def test_any_other_value_is_accepted_by_both_or_by_none(place: tuple[Any, ...], odd: Any) -> None:
    changed = copy.deepcopy(VALID)
    holder: Any = changed
    for part in place[:-1]:
        holder = holder[part]
    holder[place[-1]] = odd
    assert ours(changed) == VALIDATOR.is_valid(changed)


@given(st.recursive(ODD, lambda inner: st.dictionaries(KEYS, inner, max_size=3) | st.lists(inner, max_size=2)))
def test_any_file_is_accepted_by_both_or_by_none(value: Any) -> None:
    assert ours(value) == VALIDATOR.is_valid(value)
    whole = {**VALID, "spec": value}
    assert ours(whole) == VALIDATOR.is_valid(whole)


@pytest.mark.parametrize("place", places(VALID)[1:], ids=str)
def test_what_is_left_out_is_missed_by_both_or_by_none(place: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(VALID)
    holder: Any = changed
    for part in place[:-1]:
        holder = holder[part]
    del holder[place[-1]]
    assert ours(changed) == VALIDATOR.is_valid(changed)


@given(st.dictionaries(KEYS, ODD.filter(lambda it: it != float("inf")), max_size=3))
def test_whatever_a_file_says_it_is_understood_or_refused(value: Any) -> None:
    text = json.dumps({**VALID, "spec": {**VALID["spec"], **value}})
    if ours(json.loads(text)):
        with suppress(ConfigurationError):
            assert problems(load_topology(text).topology) == ()
    else:
        with pytest.raises(ConfigurationError):
            load_topology(text)


def test_a_file_that_is_json_is_read_as_well() -> None:
    assert load_topology(json.dumps(VALID)) == load_topology(FULL)
