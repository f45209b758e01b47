"""The strict loader: values of YAML 1.2, places of everything, and what is refused."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from armadillo import yamltext
from armadillo.errors import ConfigurationError
from armadillo.yamltext import Problems, load, scalar

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def refused(text: str) -> str:
    with pytest.raises(ConfigurationError) as told:
        load(text, "f.yml")
    return f"{told.value}; {told.value.hint}" if told.value.hint else str(told.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("True", True),
        ("~", None),
        ("", None),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("-12", -12),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("+.Inf", math.inf),
        ("-.inf", -math.inf),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("'5'", "5"),
        ("|\n  a\n  b", "a\nb\n"),
        (">-\n  5", "5"),
    ],
)
def test_plain_words_are_read_as_yaml_1_2_reads_them(text: str, value: object) -> None:
    document = load(f"a: {text}\n", "f.yml")
    assert document.value == {"a": value}
    assert type(document.value["a"]) is type(value)


def test_not_a_number_is_one() -> None:
    assert math.isnan(load(".NaN", "f.yml").value)


@pytest.mark.parametrize(("text", "value"), [("", None), ("---\na: 1\n...\n", {"a": 1}), ("\ufeffa: 1", {"a": 1})])
def test_a_document_may_be_empty_or_marked(text: str, value: object) -> None:
    assert load(text, "f.yml").value == value


@given(VALUES)
def test_json_is_yaml(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assume(text.isprintable())
    assert load(text, "f.yml").value == value


@given(TEXTS)
def test_a_written_string_is_that_string_to_every_reader(text: str) -> None:
    for line in (f"{scalar(text)}: {scalar(text)}\n", f"{{{scalar(text)}: {scalar(text)}}}\n"):
        assert load(line, "f.yml").value == {text: text}
        assert yaml.safe_load(line) == {text: text}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("abc", "abc"),
        ("--log.level=x=y", "--log.level=x=y"),
        ("tcp://agent1:8529", "tcp://agent1:8529"),
        ("n", '"n"'),
        ("On", '"On"'),
        ("017", '"017"'),
        ("1:30", '"1:30"'),
        ("", '""'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ('q"\\\n', '"q\\"\\\\\\n"'),
        ("é😀\x85", '"é\\U0001f600\\x85"'),
    ],
)
def test_a_string_is_quoted_only_where_it_must_be(text: str, written: str) -> None:
    assert scalar(text) == written


def test_every_value_and_key_has_a_place() -> None:
    document = load("spec:\n  overrides:\n    - nodes: all\n", "f.yml")
    assert document.place() == "f.yml:1:1"
    assert document.place(("spec", "overrides", 0, "nodes")) == "f.yml:3:14"
    assert document.key_place(("spec", "overrides", 0, "nodes")) == "f.yml:3:7"
    assert document.key_place(("spec", "overrides", 0)) == "f.yml:3:7"
    assert document.key_place(()) == "f.yml:1:1"


def test_what_is_missing_has_the_place_of_what_is_around_it() -> None:
    document = load("spec:\n  image: x\n", "f.yml")
    assert document.place(("spec", "agents", "count")) == "f.yml:2:3"
    assert document.place(("spec", "image", 3)) == "f.yml:2:10"


def test_merged_keys_have_the_place_where_they_are_written() -> None:
    document = load("x: &x {p: 1, q: 2}\ny:\n  <<: *x\n  q: 3\n", "f.yml")
    assert document.value["y"] == {"p": 1, "q": 3}
    assert document.place(("y", "p")) == "f.yml:1:11"
    assert document.place(("y", "q")) == "f.yml:4:6"


def test_of_several_merged_mappings_the_first_wins() -> None:
    assert load("a: &a {p: 1}\nb: &b {p: 2, q: 2}\nc: {<<: [*a, *b, {r: 3}]}\n", "f.yml").value["c"] == {
        "p": 1,
        "q": 2,
        "r": 3,
    }


def test_a_quoted_merge_key_is_a_key() -> None:
    assert load('"<<": 1\n', "f.yml").value == {"<<": 1}


def test_an_alias_stands_where_it_is_used() -> None:
    document = load("a: &a [1]\nb: *a\n", "f.yml")
    assert document.value["b"] == [1]
    assert document.place(("b",)) == "f.yml:2:4"
    assert document.place(("b", 0)) == "f.yml:1:8"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yml:3:1: a: given twice, first at f.yml:1:1; keep one of them"),
        ("s: {a: 1, a: 2}", "f.yml:1:11: s.a: given twice, first at f.yml:1:5; keep one of them"),
        ("8529: x", 'f.yml:1:1: a key must be a string, and 8529 is not; quote it: "8529"'),
        ("true: x", 'f.yml:1:1: a key must be a string, and true is not; quote it: "true"'),
        ("? [a]\n: x", "f.yml:1:3: a key must be a string, not a list or mapping; write it as one word"),
        ("a: !!str 5", "f.yml:1:4: a: the tag !!str is not understood here; leave the tag out; quote what is a string"),
        ("a: ! 5", "f.yml:1:4: a: the tag ! is not understood here; leave the tag out; quote what is a string"),
        ("!t {a: 1}", "f.yml:1:1: the tag !t is not understood here; leave the tag out; quote what is a string"),
        ("a: [!x 1]", "f.yml:1:5: a[0]: the tag !x is not understood here; leave the tag out; quote what is a string"),
        ("a: 1\n---\nb: 2", "f.yml:2:1: a second document begins here; write one document per file, without ---"),
        ("a: &a [*a]", "f.yml:1:8: *a stands inside of what &a names; a value cannot contain itself"),
        ("a: *b", "f.yml:1:4: a: *b names nothing; put &b before the value that is meant, above this line"),
        ("a: {<<: 1}", "f.yml:1:9: a: << can merge mappings only; name one with an alias: <<: *defaults"),
        (
            "a: {<<: {b: 1}, <<: {c: 1}}",
            "f.yml:1:17: a: << is given twice; merge several with one list: <<: [*one, *two]",
        ),
        ("a: " + "9" * 5000, "f.yml:1:4: a: a number with too many digits; quote it, if it is not meant as a number"),
        ("a:\n  b: \ud800", "f.yml:2:6: not text: half of a surrogate pair; save the file as UTF-8"),
        ("é: 1\na: \0", "f.yml:2:4: not YAML: the character U+0000 may not stand in a text file"),
    ],
)
def test_what_would_be_guessed_is_refused_with_its_place(text: str, said: str) -> None:
    assert refused(text) == said


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a:\n\tb: 1\n", "f.yml:2:1: ", "'b: 1'; indent with spaces, not with tabs"),
        ("a: b: c\n", "f.yml:1:5: ", "mapping values are not allowed in this context: 'a: b: c'"),
        ("a: [1, 2\nb: 3\n", "f.yml:2:2: ", "that began in line 1: 'b: 3'"),
        ("a: 'x\n", "f.yml:2:1: ", "unexpected end of stream"),
    ],
)
def test_a_syntax_error_is_told_with_its_line(text: str, place: str, says: str) -> None:
    said = refused(text)
    assert said.startswith(place)
    assert says in said


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert refused("a: !x 1\n5: 2\na: 1\nb: c: d\n").count("\n") == 3


def test_nesting_is_limited() -> None:
    deepest = yamltext.MAX_DEPTH
    load("[" * deepest + "]" * deepest, "f.yml")
    assert refused("[" * (deepest + 1) + "]" * (deepest + 1)).endswith(
        "nested deeper than 100 levels; write it flatter"
    )
    half = "[" * 60 + "]" * 60
    assert "nested deeper" in refused(f"a: &a {half}\nb: {'[' * 60}*a{']' * 60}\n")


def test_aliases_cannot_multiply_without_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert "more than 1000000 values" in refused("\n".join(lines))


def test_a_text_is_limited_in_length() -> None:
    assert refused("#" * (yamltext.MAX_CHARS + 1)) == "f.yml: longer than 16777216 characters; split the file"


def test_problems_are_told_in_the_order_of_the_text() -> None:
    problems = Problems(load("spec:\n  dbservers: {cuont: 3, foo: 1}\n  image: 5\n", "f.yml"))
    problems.add(("spec", "image"), "must be a string", hint="quote it")
    problems.unknown_keys(("spec", "dbservers"), {"cuont": 3, "foo": 1, "image": 2}, ["count", "image"])
    assert [str(problem) for problem in problems] == [
        "f.yml:2:15: spec.dbservers.cuont: unknown key, did you mean count?",
        "f.yml:2:25: spec.dbservers.foo: unknown key",
        "f.yml:3:10: spec.image: must be a string",
    ]
    with pytest.raises(ConfigurationError, match="unknown key; known here: count, image\n"):
        problems.raise_any()


def test_the_same_problem_of_one_place_is_told_once() -> None:
    problems = Problems(load("x: &x {a: 1}\ny: {<<: *x}\nz: {<<: *x}\n", "f.yml"))
    problems.add(("y", "a"), "is wrong")
    problems.add(("z", "a"), "is wrong")
    assert len(list(problems)) == 1


def test_no_problem_is_no_error() -> None:
    problems = Problems(load("a: 1", "f.yml"))
    problems.raise_any()
    assert not problems


def test_where_nothing_is_known_the_hint_says_so() -> None:
    problems = Problems(load("a: 1", "f.yml"))
    assert problems.unknown_key(("a",), []) is None
    assert next(iter(problems)).hint == "nothing is known here"
