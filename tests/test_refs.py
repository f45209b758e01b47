from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armadillo.errors import ConfigurationError
from armadillo.refs import Reference, parse, references, resolve

VALUES: dict[str, Any] = {
    "config": {"version": "3.12", "ports": [8529, 8539], "debug": True, "empty": "", "nothing": None, "ratio": 0.5},
    "tasks": {"run-tests": {"stdout": "ok ${config.version}", "2": "two"}},
    "by_number": {0: "zero"},
    "name": "lab",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ""),
        ("plain $x $$ } {", "plain $x $$ } {"),
        ("${name}", "lab"),
        ("arangodb:${config.version}-${name}", "arangodb:3.12-lab"),
        ("${config.ports}", [8529, 8539]),
        ("${config.ports[1]}", 8539),
        ("port ${config.ports[0]}", "port 8529"),
        ("${config.debug}", True),
        ("debug=${config.debug}", "debug=true"),
        ("${config.ratio} of it", "0.5 of it"),
        ("${config.nothing}", None),
        ("<${config.nothing}>", "<>"),
        ("${tasks.run-tests.2}", "two"),
        ("${by_number[0]}", "zero"),
        ("${config.missing:-5}", "5"),
        ("${missing.at.all:-a:-b}", "a:-b"),
        ("${missing:-}", ""),
        ("${config.empty:-full}", "full"),
        ("${config.nothing:-full}", "full"),
        ("${config.version:-x}", "3.12"),
        ("${config.debug:-x}", True),
        ("${missing:-two\nlines}", "two\nlines"),
        ("$${name}", "${name}"),
        ("$$${name}", "$${name}"),
        ("$${${name}}", "${lab}"),
    ],
)
def test_references_are_put_in(text: str, value: object) -> None:
    resolved = resolve(text, VALUES)
    assert resolved == value
    assert type(resolved) is type(value)


def test_what_is_put_in_is_not_read_again() -> None:
    assert resolve("${tasks.run-tests.stdout}!", VALUES) == "ok ${config.version}!"


def test_a_text_is_split_into_plain_parts_and_references() -> None:
    assert parse("a $${b} ${c.d[2]:-e} f") == ("a ${b} ", Reference("c", ("d", 2), "e"), " f")
    assert references("${a} and ${b.c}") == (Reference("a"), Reference("b", ("c",)))


@pytest.mark.parametrize(
    ("text", "names", "hint"),
    [
        ("${nam}", "${nam}", "there is name"),
        ("x ${config.versoin}", "${config.versoin}", "there is version"),
        ("${tasks.zzz.stdout}", "no 'zzz'", "there is run-tests"),
        ("${config.ports[2]}", "no 2", "${name:-default}"),
        ("${config.ports.first}", "no 'first'", "${name:-default}"),
        ("${config.version.major}", "no 'major'", "${name:-default}"),
        ("${config.version[0]}", "no 0", "${name:-default}"),
    ],
)
def test_a_reference_to_nothing_is_named_with_what_there_is(text: str, names: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as told:
        resolve(text, VALUES)
    assert names in str(told.value)
    assert hint in told.value.hint


@pytest.mark.parametrize("text", ["${config} there", "ports: ${config.ports}"])
def test_a_list_or_mapping_has_to_stand_alone(text: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot stand inside a text"):
        resolve(text, VALUES)


@pytest.mark.parametrize(
    "text",
    [
        "${",
        "${name",
        "${}",
        "${ name }",
        "${1a}",
        "${a..b}",
        "${a[x]}",
        "${a[-1]}",
        "${a-}${b!}",
        "${a:b}",
        "${a:-${b}}",
    ],
)
def test_what_is_no_reference_is_refused_where_it_stands(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a reference") as told:
        parse("before " + text)
    assert "character" in str(told.value)
    assert "$${" in told.value.hint


@given(st.text(st.sampled_from("${}a:-.[0]")))
def test_a_text_with_its_openings_escaped_comes_back_as_it_was(text: str) -> None:
    assert resolve(text.replace("${", "$${"), {}) == text


keys = st.from_regex(r"[a-z_][a-z0-9_-]{0,5}", fullmatch=True)
defaults = st.none() | st.text(st.characters(exclude_characters="}$", codec="utf-8"))


@given(st.builds(Reference, keys, st.lists(keys | st.integers(0, 999)).map(tuple), defaults))
def test_a_reference_written_is_parsed_as_the_same(reference: Reference) -> None:
    assert parse(f"a{reference}b") == ("a", reference, "b")
