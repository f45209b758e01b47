from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armadillo import errors
from armadillo.errors import (
    EXIT_CODES,
    MEANING,
    ArmadilloError,
    AuthError,
    CodecError,
    ConfigurationError,
    ConflictError,
    CrashDetected,
    EnvironmentUnusable,
    ExecutionError,
    HealthCheckError,
    ModelError,
    NetworkError,
    NotFoundError,
    NotReadyInTime,
    SeveralFailed,
    Then,
    TimeoutExpired,
    VerificationError,
    meaning,
    several,
    tail,
)
from armadillo.graph import CycleError, DuplicateNode, MissingNode

# Each kind, the exit code it ends with, its HTTP status, and what the caller does next.
TABLE: list[tuple[ArmadilloError, int, int, Then]] = [
    (ArmadilloError("x", hint="h", details={"a": 1}), 1, 500, Then.END),
    (ConfigurationError("x"), 2, 400, Then.STOP),
    (NotFoundError("x"), 2, 404, Then.STOP),
    (ConflictError("x"), 17, 409, Then.STOP),
    (EnvironmentUnusable("x"), 10, 503, Then.STOP),
    (NotReadyInTime("x"), 11, 504, Then.END),
    (CrashDetected("x", exit_code=139, reason="killed", log_tail="last", hint="h"), 12, 502, Then.END),
    (TimeoutExpired("x", argv=["ls", "a b"], seconds=1.5, stdout="o", stderr="e"), 13, 504, Then.END),
    (NetworkError("x"), 1, 503, Then.RETRY),
    (HealthCheckError("x", status=503, body="no"), 1, 502, Then.RETRY),
    (AuthError("x"), 1, 401, Then.END),
    (CodecError("x", offset=3), 1, 422, Then.END),
    (ExecutionError("x"), 1, 500, Then.RECORD),
    (VerificationError("x"), 1, 412, Then.RECORD),
    (ModelError("x"), 1, 503, Then.DEGRADE),
]
EACH = [pytest.param(error, id=type(error).__name__) for error, *_ in TABLE]


@pytest.mark.parametrize(("error", "exit_code", "http", "then"), TABLE, ids=lambda value: type(value).__name__)
def test_each_kind_means_the_same_at_every_door(error: ArmadilloError, exit_code: int, http: int, then: Then) -> None:
    known = meaning(error)
    assert (known.exit_code, known.http, known.then) == (exit_code, http, then)


def test_the_table_has_every_kind_and_the_codes_are_told_apart() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ArmadilloError)}
    assert set(MEANING) == kinds - {SeveralFailed} == {type(error) for error, *_ in TABLE}
    assert len({known.code for known in MEANING.values()}) == len(MEANING)


def test_every_exit_code_of_a_kind_is_explained() -> None:
    assert {known.exit_code for known in MEANING.values()} <= set(EXIT_CODES)


def test_a_subclass_means_what_its_nearest_kind_means() -> None:
    assert meaning(DuplicateNode("a")) is MEANING[ConfigurationError]


def test_a_foreign_error_means_the_root() -> None:
    assert meaning(KeyError("x")) is MEANING[ArmadilloError]


@pytest.mark.parametrize(
    ("first", "second", "worst"),
    [
        (ExecutionError("x"), CrashDetected("x"), CrashDetected),
        (CrashDetected("x"), TimeoutExpired("x"), TimeoutExpired),
        (NotReadyInTime("x"), EnvironmentUnusable("x"), NotReadyInTime),
        (ConflictError("x"), EnvironmentUnusable("x"), EnvironmentUnusable),
        (ConfigurationError("x"), ConflictError("x"), ConflictError),
        (NetworkError("x"), ConfigurationError("x"), ConfigurationError),
    ],
)
def test_of_several_the_one_that_explains_the_others_counts(
    first: ArmadilloError, second: ArmadilloError, worst: type[ArmadilloError]
) -> None:
    assert meaning(SeveralFailed("x", [first, second])) is MEANING[worst]
    assert meaning(SeveralFailed("x", [SeveralFailed("y", [second]), first])) is MEANING[worst]


@pytest.mark.parametrize("error", EACH)
def test_any_kind_can_be_among_several(error: ArmadilloError) -> None:
    assert meaning(SeveralFailed("x", [error])) is meaning(error)


def test_one_failure_stays_itself() -> None:
    alone = KeyError("x")
    assert several("work", [alone]) is alone


def test_expected_failures_become_one_error_that_says_all() -> None:
    failed = several("start", [NetworkError("a", hint="look"), ConflictError("b", hint="look"), AuthError("c")])
    assert isinstance(failed, SeveralFailed)
    assert str(failed) == "start: 3 failed: a; b; c"
    assert failed.hint == "look"
    assert isinstance(failed, ExceptionGroup)


def test_a_bug_among_them_stays_a_bug() -> None:
    failed = several("start", [NetworkError("a"), KeyError("b")])
    assert isinstance(failed, ExceptionGroup)
    assert not isinstance(failed, ArmadilloError)


def test_a_part_split_off_keeps_its_kind() -> None:
    matched, rest = SeveralFailed("start", [NetworkError("a"), AuthError("b")]).split(NetworkError)
    assert isinstance(matched, SeveralFailed)
    assert isinstance(rest, SeveralFailed)
    assert [str(exc) for exc in (*matched.exceptions, *rest.exceptions)] == ["a", "b"]


def test_what_holds_a_bug_is_derived_as_a_plain_group() -> None:
    derived = SeveralFailed("start", [NetworkError("a")]).derive([KeyError("b")])
    assert type(derived) is ExceptionGroup


def test_except_star_takes_several_apart() -> None:
    seen: list[BaseException] = []
    try:
        raise SeveralFailed("start", [NetworkError("a"), AuthError("b")])
    except* NetworkError as group:
        seen += group.exceptions
    except* AuthError as group:
        seen += group.exceptions
    assert [type(exc) for exc in seen] == [NetworkError, AuthError]


GRAPH_ERRORS = [DuplicateNode("a"), MissingNode("a", "b", ["c"]), MissingNode(None, "b"), CycleError(["a", "b", "a"])]
SEVERAL = SeveralFailed("x", [HealthCheckError("a", status=500, hint="h"), CrashDetected("b", exit_code=1)])


@pytest.mark.parametrize("again", [lambda exc: pickle.loads(pickle.dumps(exc)), copy.copy], ids=["pickle", "copy"])
@pytest.mark.parametrize("error", [*EACH, *GRAPH_ERRORS, SEVERAL])
def test_an_error_survives_a_round_trip(
    error: ArmadilloError, again: Callable[[ArmadilloError], ArmadilloError]
) -> None:
    made = again(error)
    assert type(made) is type(error)
    assert str(made) == str(error)
    assert vars(made) == vars(error)


def test_the_parts_of_several_survive_a_round_trip() -> None:
    made = pickle.loads(pickle.dumps(SEVERAL))
    assert [(str(exc), vars(exc)) for exc in made.exceptions] == [(str(exc), vars(exc)) for exc in SEVERAL.exceptions]


def test_a_note_travels_along() -> None:
    error = CodecError("x", offset=3)
    error.add_note("evidence")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["evidence"]


def test_errors_carry_their_evidence_in_details() -> None:
    assert TimeoutExpired("x", argv=["ls", "a b"], seconds=2).details["command"] == "ls 'a b'"
    assert CrashDetected("x", exit_code=1, details={"run": "r"}).details["run"] == "r"
    assert HealthCheckError("x", status=503, body="no").details == {"status": 503, "body": "no"}
    assert CodecError("x", offset=7).details == {"offset": 7}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("a\nb\n", "a\nb"),
        ("a\r\nb\r\n", "a\r\nb\r"),
        ("a\x0bb\u2028c", "a\x0bb\u2028c"),
        ("1\n2\n3\n4", "[… 2 characters cut]\n2\n3\n4"),
        ("0123456789abc\n", "[… 3 characters cut]\n3456789abc"),
    ],
)
def test_a_tail_is_whole_or_says_what_is_missing(text: str, kept: str) -> None:
    assert tail(text, lines=3, chars=10) == kept


@given(st.text(), st.integers(1, 5), st.integers(1, 20))
def test_a_tail_is_bounded_and_is_the_end(text: str, lines: int, chars: int) -> None:
    whole, kept = text.rstrip("\n"), tail(text, lines, chars)
    if kept != whole:
        marker, kept = kept.split("\n", 1)
        assert marker == f"[… {len(whole) - len(kept)} characters cut]"
    assert whole.endswith(kept)
    assert len(kept) <= chars
    assert kept.count("\n") < lines


LONG = "x\n" * 100_000


@pytest.mark.parametrize(
    "error",
    [
        CrashDetected("x", log_tail=LONG),
        TimeoutExpired("x", stdout=LONG, stderr=LONG),
        HealthCheckError("x", status=500, body=LONG),
    ],
)
def test_long_output_is_cut_before_it_is_kept(error: ArmadilloError) -> None:
    assert len(repr(error.details)) < 3 * errors.TAIL_CHARS
