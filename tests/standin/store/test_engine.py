"""The store keeps what it acknowledged, over restarts and rewrites."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from arangod.failure import ArangoError
from arangod.store import documents
from arangod.store.engine import FOLDER, Store
from arangod.store.model import DOCUMENTS, EDGES
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path)
    opened.create_database("_system")
    yield opened
    opened.close()


def _all(store: Store) -> list[list[Any]]:
    return list(store.model.operations())


def _num(call: Callable[..., object], *arguments: Any, **named: Any) -> int:
    with pytest.raises(ArangoError) as told:
        call(*arguments, **named)
    return told.value.num


def test_everything_is_there_after_a_restart(store: Store, tmp_path: Path) -> None:
    store.create_database("other")
    store.create_collection("other", "c", DOCUMENTS, {"waitForSync": True})
    documents.insert(store, "other", "c", {"_key": "a", "x": [1, 2.5, "ü"]}, sync=False)
    documents.insert(store, "other", "c", {"_key": "b"}, sync=False)
    documents.remove(store, "other", "c", "b", revision=None, sync=False)
    before, tick = _all(store), store.model.tick
    store.close()
    again = Store(tmp_path)
    assert _all(again) == before
    assert again.model.tick == tick
    assert again.model.live == 1
    store._journal = again._journal


def test_names_are_checked_and_taken_once(store: Store) -> None:
    assert _num(store.create_database, "_mine") == 1229
    assert _num(store.create_database, "_system") == 1229
    store.create_database("mine")
    assert _num(store.create_database, "mine") == 1207
    store.create_collection("mine", "c", DOCUMENTS, {})
    assert _num(store.create_collection, "mine", "c", DOCUMENTS, {}) == 1207
    assert _num(store.create_collection, "mine", "_c", DOCUMENTS, {}) == 1208
    assert _num(store.create_collection, "mine", 7, DOCUMENTS, {}) == 1208
    assert _num(store.create_collection, "none", "c", DOCUMENTS, {}) == 1228
    assert store.create_collection("mine", "_c", DOCUMENTS, {"isSystem": True}).is_system


def test_collections_are_found_by_name_and_id_in_their_database_only(store: Store) -> None:
    created = store.create_collection("_system", "c", DOCUMENTS, {})
    store.create_database("other")
    assert store.collection("_system", created.id) is created
    assert _num(store.collection, "other", created.id) == 1203
    assert _num(store.collection, "_system", "999999") == 1203


def test_what_is_dropped_is_gone(store: Store) -> None:
    store.create_database("mine")
    store.create_collection("mine", "c", DOCUMENTS, {})
    documents.insert(store, "mine", "c", {}, sync=False)
    store.drop_database("mine")
    assert store.model.live == 0
    assert _num(store.drop_database, "mine") == 1228
    assert _num(store.drop_database, "_system") == 11
    assert _num(store.drop_collection, "_system", "_users", system=False) == 11
    store.drop_collection("_system", "_users", system=True)
    assert _num(store.collection, "_system", "_users") == 1203


def test_documents_are_checked(store: Store) -> None:
    store.create_collection("_system", "c", DOCUMENTS, {})
    store.create_collection("_system", "e", EDGES, {})
    insert = documents.insert
    assert _num(insert, store, "_system", "c", "text", sync=False) == 1227
    assert _num(insert, store, "_system", "c", {"_key": 7}, sync=False) == 1221
    assert _num(insert, store, "_system", "c", {"_key": None}, sync=False) == 1221
    assert _num(insert, store, "_system", "e", {"_from": "c/1"}, sync=False) == 1233
    assert insert(store, "_system", "e", {"_from": "c/1", "_to": "c/2"}, sync=False).new is not None


def test_a_taken_key_is_treated_as_the_mode_says(store: Store) -> None:
    store.create_collection("_system", "c", DOCUMENTS, {})
    first = documents.insert(store, "_system", "c", {"_key": "k", "n": 1}, sync=False).new
    assert _num(documents.insert, store, "_system", "c", {"_key": "k"}, sync=False) == 1210
    ignored = documents.insert(store, "_system", "c", {"_key": "k", "n": 2}, mode="ignore", sync=True)
    assert (ignored.old, ignored.new) == (first, None)
    replaced = documents.insert(store, "_system", "c", {"_key": "k", "m": 3}, mode="replace", sync=True)
    assert replaced.old == first
    assert replaced.new is not None
    assert {name: value for name, value in replaced.new.items() if name != "_rev"} == {
        "_key": "k",
        "_id": "c/k",
        "m": 3,
    }
    assert replaced.synced


def test_the_servers_own_attributes_cannot_be_set(store: Store) -> None:
    store.create_collection("_system", "c", DOCUMENTS, {})
    new = documents.insert(store, "_system", "c", {"_id": "x/y", "_rev": "mine", "a": 1}, sync=False).new
    assert new is not None
    assert new["_id"] == f"c/{new['_key']}"
    assert new["_rev"] != "mine"


def test_a_document_is_removed_only_in_the_revision_expected(store: Store) -> None:
    store.create_collection("_system", "c", DOCUMENTS, {})
    new = documents.insert(store, "_system", "c", {"_key": "k"}, sync=False).new
    assert new is not None
    with pytest.raises(ArangoError) as told:
        documents.remove(store, "_system", "c", "k", revision="other", sync=False)
    assert (told.value.num, told.value.status) == (1200, 412)
    documents.remove(store, "_system", "c", "k", revision=new["_rev"], sync=False)
    assert _num(documents.read, store, "_system", "c", "k") == 1202


def test_keys_made_by_many_at_once_are_all_different(store: Store) -> None:
    store.create_collection("_system", "c", DOCUMENTS, {})

    def fill() -> None:
        for _ in range(50):
            documents.insert(store, "_system", "c", {}, sync=True)

    threads = [threading.Thread(target=fill) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = store.collection("_system", "c").documents
    assert len(held) == 200
    assert len({document["_rev"] for document in held.values()}) == 200


def test_a_journal_of_mostly_dead_records_is_rewritten_to_the_same_meaning(store: Store, tmp_path: Path) -> None:
    store.create_collection("_system", "c", DOCUMENTS, {})
    assert not store.compact()
    for _ in range(200):
        documents.insert(store, "_system", "c", {"_key": "k", "x": "y" * 10_000}, mode="replace", sync=False)
    before, size = _all(store), (tmp_path / FOLDER / "journal").stat().st_size
    assert store.compact()
    assert _all(store) == before
    assert (tmp_path / FOLDER / "journal").stat().st_size < size // 100


def test_a_journal_of_living_records_is_left_alone(store: Store) -> None:
    store.create_collection("_system", "c", DOCUMENTS, {})
    for _ in range(200):
        documents.insert(store, "_system", "c", {"x": "y" * 10_000}, sync=False)
    assert not store.compact()


def test_a_write_that_fails_is_told_and_not_seen(store: Store) -> None:
    store.create_collection("_system", "c", DOCUMENTS, {})
    store._journal._failure = "the disk is gone"
    assert _num(documents.insert, store, "_system", "c", {"_key": "k"}, sync=False) == 1104
    store._journal._failure = ""
    assert _num(documents.read, store, "_system", "c", "k") == 1202


KEYS = st.sampled_from(["a", "b", "c", "77"])


class StoreMachine(RuleBasedStateMachine):
    """Any mixture of writes and restarts equals a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self.folder.name))
        self.store.create_database("_system")
        self.store.create_collection("_system", "c", DOCUMENTS, {})
        self.expected: dict[str, int] = {}

    @rule(key=KEYS, value=st.integers(min_value=0, max_value=9))
    def put(self, key: str, value: int) -> None:
        documents.insert(self.store, "_system", "c", {"_key": key, "v": value}, mode="replace", sync=False)
        self.expected[key] = value

    @rule(value=st.integers(min_value=0, max_value=9))
    def add(self, value: int) -> None:
        new = documents.insert(self.store, "_system", "c", {"v": value}, sync=False).new
        assert new is not None
        assert new["_key"] not in self.expected
        self.expected[new["_key"]] = value

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        if self.expected.pop(key, None) is None:
            assert _num(documents.remove, self.store, "_system", "c", key, revision=None, sync=False) == 1202
        else:
            documents.remove(self.store, "_system", "c", key, revision=None, sync=False)

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = Store(Path(self.folder.name))

    @invariant()
    def is_what_was_written(self) -> None:
        held = self.store.collection("_system", "c").documents
        assert {key: document["v"] for key, document in held.items()} == self.expected
        assert self.store.model.live == len(self.expected)

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
