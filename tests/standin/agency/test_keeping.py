"""What an agent keeps: journal, pool and state, through restarts, rewritings and the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from arangod import jsontext
from arangod.agency import wire
from arangod.agency.disk import Disk
from arangod.agency.entries import Entries
from arangod.agency.leading import Office
from arangod.agency.messages import Append, Appended, AskVote, Entry, Message, Snapshot, Vote
from arangod.agency.pool import Pool
from arangod.agency.state import REMEMBERED_CLIENTS, State, Write
from arangod.http import url
from arangod.store.journal import Damaged

ENTRIES = [Entry(1, 1, ""), Entry(2, 1, "a"), Entry(3, 2, "b")]


def entry(index: int, operations: dict[str, Any], client: str = "", time: float = 1.0) -> Entry:
    return Entry(index, 1, Write(time, operations, client).text())


def opened(folder: Path) -> Disk:
    return Disk(folder, wait_for_sync=True)


def held(log: Entries) -> list[Entry]:
    return list(log.between(log.base_index + 1, log.last_index))


def test_term_vote_and_log_are_there_after_a_restart(tmp_path: Path) -> None:
    disk = opened(tmp_path / "agency")
    disk.keep(3, "AGNT-b")
    disk.store(ENTRIES)
    disk.store([Entry(2, 3, "c")])
    disk.sync(disk.mark())
    again = opened(tmp_path / "agency")
    assert (again.term, again.vote, again.snapshot, again.torn) == (3, "AGNT-b", None, 0)
    assert held(again.log) == [ENTRIES[0], Entry(2, 3, "c")]
    disk.close()
    again.close()


def test_a_rewritten_journal_is_short_and_writing_goes_on(tmp_path: Path) -> None:
    disk = opened(tmp_path / "agency")
    disk.store([Entry(index, 1, "x" * 100) for index in range(1, 101)])
    before, old = disk.size, disk.mark()
    log = Entries(0, 0, [Entry(index, 1, "x") for index in range(1, 101)])
    log.forget(98)
    disk.rewrite(4, "me", Snapshot(99, 1, {"tree": 1}), log)
    assert disk.size < before / 10
    disk.sync(old)
    disk.store([Entry(101, 4, "new")])
    disk.close()
    again = opened(tmp_path / "agency")
    assert (again.term, again.vote, again.snapshot) == (4, "me", Snapshot(99, 1, {"tree": 1}))
    assert (again.log.base_index, again.log.base_term) == (98, 1)
    assert [one.at for one in held(again.log)] == [99, 100, 101]
    again.close()


def test_without_waiting_nothing_is_synced_before_the_end(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "agency", wait_for_sync=False)
    disk.store(ENTRIES)
    disk.sync(disk.mark())
    disk.close()
    again = opened(tmp_path / "agency")
    assert held(again.log) == ENTRIES
    again.close()


@pytest.mark.parametrize("record", [b"x", b"1", b"[]", b'["hard",1]', b'["entries",1,[1]]', b'["snapshot",1]'])
def test_a_record_that_means_nothing_is_told(tmp_path: Path, record: bytes) -> None:
    disk = opened(tmp_path / "agency")
    disk._journal.append(record)
    disk.close()
    with pytest.raises(Damaged, match="journal: a record"):
        opened(tmp_path / "agency")


def test_of_two_places_of_an_agent_the_newer_counts(tmp_path: Path) -> None:
    pool = Pool(tmp_path / "pool", "A", "tcp://a:1", 3, 10.0)
    assert [pool.is_full] == [False]
    assert pool.learn({"B": ["tcp://b:1", 5.0], "A": ["tcp://wrong:1", 99.0]})
    assert not pool.learn({"B": ["tcp://old:1", 4.0]})
    assert pool.learn({"B": ["tcp://b:2", 6.0], "C": ["tcp://c:1", 1.0], "D": ["tcp://d:1", 1.0]})
    assert pool.endpoints == {"A": "tcp://a:1", "B": "tcp://b:2", "C": "tcp://c:1"}
    assert pool.is_full
    moved = Pool(tmp_path / "pool", "A", "tcp://a:2", 3, 5.0)
    assert moved.endpoints["C"] == "tcp://c:1"
    assert moved.told()["A"] == ["tcp://a:2", 11.0]


@pytest.mark.parametrize("told", [None, [], {"B": 1}, {"B": ["x", "soon"]}, {"B": ["x"]}])
def test_what_is_no_pool_is_refused(tmp_path: Path, told: Any) -> None:
    pool = Pool(tmp_path / "pool", "A", "tcp://a:1", 3, 10.0)
    with pytest.raises(ValueError, match=r"."):
        pool.learn(told)
    (tmp_path / "pool").write_text(jsontext.encode(told))
    with pytest.raises(Damaged):
        Pool(tmp_path / "pool", "A", "tcp://a:1", 3, 10.0)


def test_a_snapshot_is_the_state_again() -> None:
    state = State()
    state.apply([Entry(1, 1, ""), entry(2, {"/a/b": {"op": "set", "new": 1, "ttl": 5}}, "me", time=100.0)])
    copy = State(Snapshot(*jsontext.decode(jsontext.encode(state.snapshot()).encode())))
    for one in (state, copy):
        assert (one.index, one.term, one.clients, one.time) == (2, 1, {"me": 2}, 100.0)
        assert one.tree.at(105.0).root == {"a": {}}
        one.apply([entry(3, {"/c": 1}, time=106.0)])
        assert one.tree.root == {"a": {}, "c": 1}


def test_only_so_many_clients_are_remembered() -> None:
    state = State()
    state.apply([entry(index, {"/a": 1}, f"c{index}") for index in range(1, REMEMBERED_CLIENTS + 3)])
    assert len(state.clients) == REMEMBERED_CLIENTS
    assert "c2" not in state.clients


def test_an_office_knows_the_writes_that_are_not_committed_yet() -> None:
    state = State()
    office = Office(state, 0.0)
    taken = office.take([[{"/n": {"op": "increment"}}, {}, "me"], [{"/n": {"op": "increment"}}, {}, "me"]], 7, 1.0)
    assert (taken.results, len(taken.texts), taken.tree.root) == ([7, 7], 1, {"n": 1})
    assert office.tree.root == {}
    office.enter(taken, 1.0)
    assert office.inquire(["me", "you", ""]) == [7, 0, 0]
    assert office.take([[{"/n": {"op": "increment"}}, {}, "me"]], 8, 1.0).texts == []
    state.index = 6
    state.apply([Entry(7, 1, taken.texts[0])])
    office.applied(state)
    assert office.inquire(["me"]) == [7]


def test_time_never_goes_back_in_the_log() -> None:
    office = Office(State(), 0.0)
    office.enter(office.take([[{"/a": 1}]], 1, 100.0), 100.0)
    [text] = office.take([[{"/b": 1}]], 2, 50.0).texts
    assert jsontext.decode(text.encode())[0] == 100.0


def test_a_heartbeat_counts_when_it_changes() -> None:
    office = Office(State(), 0.0)
    place = "/arango/Sync/ServerStates/PRMR-1"
    office.pass_by([[{place: {"time": "1"}}]], 0.0, 10.0)
    office.pass_by([[{place: {"time": "1"}}], [{"/other": 1}]], 0.0, 12.0)
    assert office.seen(13.0) == {"PRMR-1": 3.0}
    office.pass_by([[{place: {"time": "2"}}], [{"/arango/Sync": 1}]], 0.0, 14.0)
    assert office.seen(14.0) == {"PRMR-1": 0.0}


@pytest.mark.parametrize(
    "message",
    [
        AskVote(3, 2, 1, True),
        AskVote(3, 2, 1, False),
        Append(3, 2, 1, (), 2, 12345.678901234567),
        Append(3, 2, 1, (Entry(3, 3, 'x"y'), Entry(4, 3, "")), 2, 0.1),
        Append(3, 2, 1, (Entry(3, 3, "x"),), 2, 0.1, Snapshot(2, 1, {"tree": {"a": 1}})),
    ],
)
def test_a_message_is_the_same_on_the_other_side(message: Message) -> None:
    question = wire.question(message, "A", "B")
    parameters = url.parse(question.target).parameters
    assert parameters["to"] == "B"
    if isinstance(message, AskVote):
        assert parameters["candidateId"] == "A"
        assert wire.asked_vote(parameters) == message
    else:
        assert parameters["leaderId"] == "A"
        assert wire.append_of(parameters, jsontext.decode(question.body)) == message


@pytest.mark.parametrize(
    "answer", [Vote(3, True, False), Vote(3, False, True), Appended(3, True, 7, 0.25), Appended(3, False, 7, 0.25)]
)
def test_an_answer_is_the_same_on_the_other_side(answer: Message) -> None:
    body = jsontext.encode(wire.reply(answer, "B", "tcp://b:1")).encode()
    assert wire.answer_of(body, "B") == answer
    with pytest.raises(wire.Garbled, match="B answers instead of C"):
        wire.answer_of(body, "C")


@pytest.mark.parametrize("body", [b"", b"1", b"{}", b'{"id":"B"}', b'{"id":"B","term":"x","voteGranted":true}'])
def test_an_answer_that_is_none_is_told(body: bytes) -> None:
    with pytest.raises(wire.Garbled):
        wire.answer_of(body, "B")
