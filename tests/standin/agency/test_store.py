"""The tree: operators, preconditions, reads, times, and nothing half done."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from arangod.agency.preconditions import holds
from arangod.agency.store import Failed, Malformed, Tree, parts
from arangod.agency.value import MISSING, found, path_of, placed, removed, same
from hypothesis import given
from hypothesis import strategies as st

KEYS = st.sampled_from("abc")
PATHS = st.lists(KEYS, min_size=1, max_size=3).map(lambda keys: "/" + "/".join(keys))
LEAVES = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["x", "y"]) | st.lists(st.integers(0, 2))
VALUES = st.recursive(LEAVES, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=6)


def tree(**values: Any) -> Tree:
    return Tree(values)


def after(before: Any, *operations: Any) -> Any:
    """Put a value at /a, do operations there, and return what is there then."""
    held = Tree() if before is MISSING else tree(a=before)
    for operation in operations:
        changed = held.transact({"/a": operation})
        assert isinstance(changed, Tree)
        held = changed
    return held.get("/a", MISSING)


@pytest.mark.parametrize(
    ("before", "operation", "expected"),
    [
        (1, 2, 2),
        (1, {"op": "set", "new": {"b": 1}}, {"b": 1}),
        (1, {"op": "delete"}, MISSING),
        (MISSING, {"op": "delete"}, MISSING),
        (MISSING, {"op": "increment"}, 1),
        (MISSING, {"op": "decrement"}, -1),
        (5, {"op": "increment", "step": 3}, 8),
        (5, {"op": "decrement", "step": 3}, 2),
        (5, {"op": "increment", "delta": 2}, 7),
        ("x", {"op": "increment"}, 1),
        (True, {"op": "increment"}, 1),
        (MISSING, {"op": "push", "new": 1}, [1]),
        ([1], {"op": "push", "new": 2}, [1, 2]),
        ("x", {"op": "push", "new": 2}, [2]),
        ([1], {"op": "prepend", "new": 2}, [2, 1]),
        (MISSING, {"op": "prepend", "new": 2}, [2]),
        ([1, 2], {"op": "pop"}, [1]),
        ([1, 2], {"op": "shift"}, [2]),
        ([], {"op": "pop"}, []),
        (MISSING, {"op": "pop"}, []),
        ("x", {"op": "shift"}, []),
        ([1, 2, 1], {"op": "erase", "val": 1}, [2]),
        ([1, True], {"op": "erase", "val": True}, [1]),
        ([1, 2, 3], {"op": "erase", "pos": 1}, [1, 3]),
        ([1, 2, 1], {"op": "replace", "val": 1, "new": 9}, [9, 2, 9]),
        ([{"b": 1, "c": 2}], {"op": "erase", "val": {"c": 2, "b": 1}}, []),
        ([1, 2], {"op": "push-queue", "new": 3, "max": 2}, [2, 3]),
        (MISSING, {"op": "push-queue", "new": 3, "max": 2}, [3]),
        ([1], {"op": "push-queue", "new": 3, "max": 0}, []),
        (MISSING, {"op": "write-lock", "by": "me"}, "me"),
        ("me", {"op": "write-unlock", "by": "me"}, MISSING),
        (MISSING, {"op": "read-lock", "by": "me"}, ["me"]),
        (["me"], {"op": "read-lock", "by": "you"}, ["me", "you"]),
        (["me", "you"], {"op": "read-unlock", "by": "me"}, ["you"]),
        (["me"], {"op": "read-unlock", "by": "me"}, MISSING),
        (1, [{"op": "delete"}], [{"op": "delete"}]),
        (1, {"b": {"op": "increment"}, "c/d": 2}, {"b": 1, "c": {"d": 2}}),
    ],
)
def test_an_operation_does_what_it_says(before: Any, operation: Any, expected: Any) -> None:
    assert after(before, operation) == expected


@pytest.mark.parametrize(
    ("before", "operation"),
    [
        ("you", {"op": "write-lock", "by": "me"}),
        (["you"], {"op": "write-lock", "by": "me"}),
        ("you", {"op": "write-unlock", "by": "me"}),
        ("you", {"op": "read-lock", "by": "me"}),
        (["me"], {"op": "read-lock", "by": "me"}),
        (["you"], {"op": "read-unlock", "by": "me"}),
        (MISSING, {"op": "read-unlock", "by": "me"}),
    ],
)
def test_a_lock_that_is_held_or_free_stands_against_the_transaction(before: Any, operation: Any) -> None:
    held = Tree() if before is MISSING else tree(a=before)
    assert held.transact({"/b": 1, "/a": operation}) == Failed(("/a",))


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "dance"},
        {"op": []},
        {"op": "set"},
        {"op": "push"},
        {"op": "increment", "step": "x"},
        {"op": "increment", "step": True},
        {"op": "erase"},
        {"op": "erase", "val": 1, "pos": 1},
        {"op": "erase", "pos": 7},
        {"op": "replace", "val": 1},
        {"op": "push-queue", "new": 1},
        {"op": "write-lock"},
        {"op": "write-lock", "by": 1},
        {"op": "set", "new": 1, "ttl": "soon"},
        {"b": {"op": "dance"}},
    ],
)
def test_nonsense_is_refused_and_changes_nothing(operation: Any) -> None:
    held = tree(a=[1])
    with pytest.raises(Malformed):
        held.transact({"/b": 1, "/a": operation})
    assert held.root == {"a": [1]}


@pytest.mark.parametrize("wish", [1, {"op": "increment"}])
def test_what_is_too_deep_is_refused(wish: Any) -> None:
    deep = wish
    for _ in range(300):
        deep = {"a": deep}
    for operations in ({"/a" * 300: wish}, {"/a": deep}):
        with pytest.raises(Malformed, match="deep"):
            Tree().transact(operations)


@pytest.mark.parametrize(
    ("here", "condition", "expected"),
    [
        (1, 1, True),
        (1, 2, False),
        (1, True, False),
        (1, 1.0, True),
        (1, {"old": 1}, True),
        (1, {"oldNot": 1}, False),
        (1, {"oldNot": 2}, True),
        ({"b": 1, "c": [1, 2]}, {"old": {"c": [1, 2], "b": 1}}, True),
        ({"c": [1, 2]}, {"old": {"c": [2, 1]}}, False),
        (MISSING, {"old": {}}, True),
        (MISSING, {"old": None}, False),
        (MISSING, {"oldEmpty": True}, True),
        (MISSING, {"oldEmpty": False}, False),
        ({}, {"oldEmpty": True}, False),
        (0, {"oldEmpty": False}, True),
        ([], {"isArray": True}, True),
        ({}, {"isArray": True}, False),
        (MISSING, {"isArray": False}, True),
        ([1, 2], {"in": 2}, True),
        ([1, 2], {"in": 3}, False),
        (2, {"in": 2}, False),
        ([1, 2], {"notin": 3}, True),
        ([1, 2], {"notin": 2}, False),
        (MISSING, {"notin": 2}, True),
        ([1, 2], {"intersectionEmpty": [3]}, True),
        ([1, 2], {"intersectionEmpty": [2, 3]}, False),
        (MISSING, {"intersectionEmpty": [2, 3]}, True),
        ([1], {"isArray": True, "in": 1}, True),
        ([1], {"isArray": True, "in": 2}, False),
        ({"b": 1}, {"b": 1}, False),
    ],
)
def test_a_precondition_holds_or_not(here: Any, condition: Any, expected: bool) -> None:
    assert holds(here, condition) is expected


def test_a_transaction_tells_which_preconditions_fail_and_does_nothing() -> None:
    held = tree(a=1, b=2)
    assert held.transact({"/a": 5}, {"/a": 1, "/b": 3, "/c": {"oldEmpty": False}}) == Failed(("/b", "/c"))
    done = held.transact({"/a": 5, "//b//c/": 6}, {"a": 1})
    assert isinstance(done, Tree)
    assert (done.root, held.root) == ({"a": 5, "b": {"c": 6}}, {"a": 1, "b": 2})


def test_a_read_keeps_only_what_was_asked_for() -> None:
    held = tree(a={"b": {"c": 1}, "d": 2}, e=3)
    assert held.read(["/a/b"]) == {"a": {"b": {"c": 1}}}
    assert held.read(["/a/b/c", "e"]) == {"a": {"b": {"c": 1}}, "e": 3}
    assert held.read(["/a/x/y"]) == {"a": {}}
    assert held.read(["/a/x/y", "/a/d"]) == {"a": {"d": 2}}
    assert held.read(["/a", "/a/b/c"]) == {"a": held.root["a"]}
    assert held.read(["/x"]) == {}
    assert held.read(["/e/x"]) == {"e": {}}
    assert held.read(["/"]) == held.root


def test_the_root_can_be_emptied_and_set() -> None:
    held = tree(a=1).transact({"/": {"op": "delete"}})
    assert isinstance(held, Tree)
    assert held.root == {}
    held = held.transact({"/": {"b": 1}})
    assert isinstance(held, Tree)
    assert held.root == {"b": 1}


def test_what_has_a_time_is_gone_after_it() -> None:
    held = Tree().transact({"/a/b": {"op": "set", "new": 1, "ttl": 5}, "/a/c": 2}, now=100.0)
    assert isinstance(held, Tree)
    assert held.at(104.9).root == {"a": {"b": 1, "c": 2}}
    assert held.at(105.0).root == {"a": {"c": 2}}
    assert held.transact({"/x": 1}, {"/a/b": {"oldEmpty": True}}, now=104.0) == Failed(("/a/b",))
    assert isinstance(held.transact({"/x": 1}, {"/a/b": {"oldEmpty": True}}, now=106.0), Tree)


def test_a_plain_set_leaves_the_time_and_a_new_time_or_a_removal_does_not() -> None:
    held = Tree().transact({"/a": {"op": "set", "new": 1, "ttl": 5}}, now=100.0)
    assert isinstance(held, Tree)
    plain = held.transact({"/a": 2}, now=101.0)
    assert isinstance(plain, Tree)
    assert plain.at(105.0).root == {}
    longer = held.transact({"/a": {"op": "set", "new": 2, "ttl": 50}}, now=101.0)
    assert isinstance(longer, Tree)
    assert longer.at(150.0).root == {"a": 2}
    again = held.transact({"/a": {"op": "delete"}, "/b": 1}, now=101.0)
    assert isinstance(again, Tree)
    assert again.expiry == {}


@pytest.mark.parametrize("bad", [1, [], [1], [{}, 1], [{}, {}, 1], [{}, {}, "", 4], "x", None])
def test_what_is_no_transaction_is_refused(bad: Any) -> None:
    with pytest.raises(Malformed):
        parts(bad)


def test_a_transaction_is_taken_apart() -> None:
    assert parts([{"/a": 1}]) == ({"/a": 1}, {}, "")
    assert parts([{"/a": 1}, {"/b": 2}]) == ({"/a": 1}, {"/b": 2}, "")
    assert parts([{"/a": 1}, {}, "me"]) == ({"/a": 1}, {}, "me")


@given(VALUES, PATHS, VALUES)
def test_what_was_set_is_read_and_nothing_else_changes(before: Any, path: str, value: Any) -> None:
    held = tree(a=before)
    kept = copy.deepcopy(held.root)
    changed = held.transact({path: {"op": "set", "new": value}})
    assert isinstance(changed, Tree)
    assert changed.get(path, MISSING) == value
    assert held.root == kept
    for key in held.root:
        if key != path_of(path)[0]:
            assert changed.root[key] is held.root[key]


@given(VALUES, PATHS)
def test_what_was_removed_is_gone(before: Any, path: str) -> None:
    gone = removed(placed({"a": before}, path_of(path), 1), path_of(path))
    assert found(gone, path_of(path)) is MISSING
    assert removed(gone, path_of(path)) is gone


@given(VALUES)
def test_a_value_is_the_same_as_its_copy_and_no_truth_value_is_a_number(value: Any) -> None:
    assert same(value, copy.deepcopy(value))
    assert not same([1], [True])
    assert not same({"a": 0}, {"a": False})
    assert not same("1", 1)
