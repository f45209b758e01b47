"""The journal gives back what was written: whole records, in order, and says when it cannot."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest
from arangod.store.journal import MAGIC, Damaged, Journal, JournalFailed, framed, records, rewrite
from hypothesis import given
from hypothesis import strategies as st

PAYLOADS = [b"one", b"", b"three" * 100]


def _written(path: Path, payloads: list[bytes]) -> Path:
    journal = Journal(path)
    assert list(journal.replay()) == []
    for payload in payloads:
        journal.sync(journal.append(payload))
    journal.close()
    return path


def _replayed(path: Path) -> list[bytes]:
    journal = Journal(path)
    try:
        return list(journal.replay())
    finally:
        journal.close()


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    path = _written(tmp_path / "journal", PAYLOADS)
    assert _replayed(path) == PAYLOADS
    assert _replayed(path) == PAYLOADS


def test_writing_goes_on_after_reading(tmp_path: Path) -> None:
    path = _written(tmp_path / "journal", PAYLOADS)
    journal = Journal(path)
    assert list(journal.replay()) == PAYLOADS
    journal.append(b"more")
    journal.close()
    assert _replayed(path) == [*PAYLOADS, b"more"]


@given(st.lists(st.binary(max_size=40), max_size=5), st.data())
def test_a_file_cut_anywhere_gives_a_prefix(payloads: list[bytes], data: st.DataObject) -> None:
    whole = MAGIC + b"".join(map(framed, payloads))
    cut = data.draw(st.integers(min_value=len(MAGIC), max_value=len(whole)))
    found = [payload for payload, _ in records(whole[:cut], "file")]
    assert found == payloads[: len(found)]
    assert cut < len(whole) or found == payloads


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5), st.data())
def test_a_flipped_bit_anywhere_is_found(payloads: list[bytes], data: st.DataObject) -> None:
    whole = bytearray(MAGIC + b"".join(map(framed, payloads)))
    at = data.draw(st.integers(min_value=len(MAGIC), max_value=len(whole) - 1))
    whole[at] ^= 1 << data.draw(st.integers(min_value=0, max_value=7))
    with pytest.raises(Damaged, match=r"file: the record"):
        list(records(bytes(whole), "file"))


def test_a_torn_tail_is_cut_and_counted(tmp_path: Path) -> None:
    path = _written(tmp_path / "journal", PAYLOADS)
    with path.open("ab") as file:
        file.write(framed(b"torn")[:-1])
    journal = Journal(path)
    assert list(journal.replay()) == PAYLOADS
    assert journal.torn == len(framed(b"torn")) - 1
    journal.append(b"next")
    journal.close()
    assert _replayed(path) == [*PAYLOADS, b"next"]


def test_zeros_at_the_end_are_a_torn_tail(tmp_path: Path) -> None:
    path = _written(tmp_path / "journal", PAYLOADS)
    with path.open("ab") as file:
        file.write(bytes(100))
    assert _replayed(path) == PAYLOADS


@pytest.mark.parametrize("size", [0, 5, len(MAGIC)])
def test_a_file_cut_in_its_first_line_is_a_new_one(tmp_path: Path, size: int) -> None:
    path = tmp_path / "journal"
    path.write_bytes(MAGIC[:size])
    assert _replayed(path) == []
    assert path.read_bytes() == MAGIC


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b"something else")
    journal = Journal(path)
    with pytest.raises(Damaged, match="header is damaged"):
        list(journal.replay())
    journal.close()
    assert path.read_bytes() == b"something else"


def test_a_write_that_does_not_fit_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    path = _written(tmp_path / "journal", PAYLOADS)
    journal = Journal(path)
    list(journal.replay())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 200, hard))
    try:
        with pytest.raises(JournalFailed, match="cannot write"):
            journal.append(bytes(10_000))
        journal.append(b"small")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.close()
    assert _replayed(path) == [*PAYLOADS, b"small"]


def test_after_half_a_record_that_cannot_be_cut_nothing_more_is_taken(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    list(journal.replay())
    read_only = os.open(journal.path, os.O_RDONLY)
    os.dup2(read_only, journal._fd)
    os.close(read_only)
    with pytest.raises(JournalFailed, match="cannot write"):
        journal.append(b"x")
    with pytest.raises(JournalFailed, match="half a record"):
        journal.append(b"x")
    journal.close()


def test_a_rewritten_journal_holds_only_what_was_given(tmp_path: Path) -> None:
    path = _written(tmp_path / "journal", PAYLOADS)
    rewrite(path, iter([b"a", b"b"]))
    assert _replayed(path) == [b"a", b"b"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["journal"]
