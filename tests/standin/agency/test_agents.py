"""Three real agents under kill, pause, move and restart: nothing acknowledged is lost, and no minority decides."""

from __future__ import annotations

import random
import signal
import threading
from pathlib import Path

import pytest
from arangod.agency.client import AgencyClient, NoAgency, Refused, Unauthorized

from tests.standin.agency.running import TOKEN, Agents, agents, until
from tests.standin.driving import Answer, command, free_port, run

READ, WRITE = "/_api/agency/read", "/_api/agency/write"


def client_of(made: Agents, patience: float = 20.0) -> AgencyClient:
    return AgencyClient([f"tcp://127.0.0.1:{port}" for port in made.ports], TOKEN, patience=patience)


def identity(made: Agents, place: int) -> str:
    return (made.folder / f"agent{place}" / "UUID").read_text()


def test_after_the_leader_is_killed_another_leads_and_has_everything(tmp_path: Path) -> None:
    with agents(tmp_path) as made:
        client = client_of(made)
        for number in range(20):
            assert client.change({f"/n/{number}": number})
        old = made.leader()
        made.kill(old)
        new = made.leader()
        assert new != old
        assert client.get("/n") == {str(number): number for number in range(20)}
        assert client.change({"/after": True})
        made.start(old)
        until(lambda: made.config(old).get("leaderId") == identity(made, new), "the old leader follows")
        answer = made.ask(old, "POST", READ, [["/"]])
        assert answer is not None
        assert answer.status == 307
        client.close()


def test_a_minority_acknowledges_nothing_and_keeps_everything(tmp_path: Path) -> None:
    with agents(tmp_path) as made:
        client = client_of(made, patience=2.0)
        assert client.change({"/kept": 1})
        leader = made.leader()
        for place in list(made.running):
            if place != leader:
                made.kill(place)
        answer = made.ask(leader, "POST", WRITE, [[{"/lost": 1}]])
        assert answer is not None
        assert answer.status == 503
        refused = until(lambda: made.ask(leader, "POST", READ, [["/"]]), "the last agent answers")
        assert (refused.status, refused.json) == (503, {"message": "No leader"})
        assert made.config(leader)["leaderId"] == ""
        poll = made.ask(leader, "GET", "/_api/agency/poll?index=1")
        assert poll is not None
        assert poll.error == (503, 503)
        with pytest.raises(NoAgency, match=r"2\.0 s"):
            client.change({"/lost": 2})
        made.start(*(place for place in range(3) if place not in made.running))
        made.leader()
        assert client.get("/kept") == 1
        client.close()


def test_all_agents_killed_at_once_come_back_with_everything(tmp_path: Path) -> None:
    with agents(tmp_path, "--agency.supervision", "true") as made:
        client = client_of(made)
        assert client.change({"/a": {"b": [1, 2]}, "/t": {"op": "set", "new": 1, "ttl": 3600}})
        before = made.config(made.leader())
        for place in list(made.running):
            made.running[place].send(signal.SIGKILL)
        for place in list(made.running):
            made.kill(place)
        made.start()
        made.leader()
        assert client.read("/a", "/t") == {"a": {"b": [1, 2]}, "t": 1}
        after = made.config(made.leader())
        assert after["configuration"]["pool"] == before["configuration"]["pool"]
        assert after["term"] > before["term"]
        client.close()


def test_an_agent_that_moved_is_known_to_all_at_its_new_address(tmp_path: Path) -> None:
    with agents(tmp_path) as made:
        moved = next(place for place in made.running if place != made.leader())
        own = identity(made, moved)
        assert made.kill(moved, signal.SIGTERM) == 0
        made.ports[moved] = free_port()
        made.start(moved)
        told = f"tcp://127.0.0.1:{made.ports[moved]}"
        for place in range(3):
            until(lambda: made.config(place)["configuration"]["pool"][own] == told, "it is known")  # noqa: B023
        others = [place for place in range(3) if place != moved]
        made.kill(others[0])
        made.leader()
        client = client_of(made)
        assert client.change({"/a": 1})
        client.close()


def test_agents_find_each_other_through_one_and_wait_for_the_last_for_ever(tmp_path: Path) -> None:
    made = Agents(tmp_path)
    try:
        made.start(0, 1, others=[0])
        answer = made.ask(0, "POST", READ, [["/"]])
        assert answer is not None
        assert (answer.status, answer.json) == (503, {"message": "No leader"})
        assert made.config(0)["leaderId"] == ""
        status, metrics = (made.ask(0, "GET", path) for path in ("/_admin/status", "/_admin/metrics/v2"))
        assert status is not None
        assert (status.json["agent"]["leading"], status.json["agent"]["term"]) == (False, 0)
        assert metrics is not None
        assert b"arangodb_agency_term 0\n" in metrics.body
        made.start(2, others=[0])
        made.leader()
        for place in range(3):
            until(lambda: made.config(place)["leaderId"], "everybody knows who leads")  # noqa: B023
            assert len(made.config(place)["configuration"]["pool"]) == 3
    finally:
        made.clean()


def test_agents_with_another_secret_are_told_to_refuse(tmp_path: Path) -> None:
    made = Agents(tmp_path)
    try:
        made.start(0)
        (tmp_path / "secret").write_text("another secret, and a long one as well")
        made.start(1)
        assert "refuses to talk: HTTP 401" in made.running[1].line("[5a023]")
        assert made.kill(0, signal.SIGTERM) == made.kill(1, signal.SIGTERM) == 0
    finally:
        made.clean()


def test_an_agent_that_comes_back_with_another_secret_is_named(tmp_path: Path) -> None:
    with agents(tmp_path) as made:
        leader = made.leader()
        other = next(place for place in made.running if place != leader)
        made.kill(other)
        (tmp_path / "secret").write_text("another secret, and a long one as well")
        made.start(other)
        assert identity(made, other) in made.running[leader].line("[5a021]")


def test_an_upgrade_run_of_an_agent_ends_by_itself_and_changes_nothing(tmp_path: Path) -> None:
    with agents(tmp_path, size=1) as made:
        client = client_of(made)
        assert client.change({"/a": 1})
        assert made.kill(0, signal.SIGTERM) == 0
        done = run(command(*made.argv(0), "--database.auto-upgrade", "true"))
        assert done.returncode == 0
        made.start()
        assert client.get("/a") == 1
        client.close()


def test_a_torn_tail_is_cut_and_said(tmp_path: Path) -> None:
    with agents(tmp_path, size=1) as made:
        made.kill(0)
        with (tmp_path / "agent0" / "agency-standin" / "journal").open("ab") as file:
            file.write(b"\x10\x00")
        made.start()
        assert "cut 2 bytes" in made.running[0].line("[5a024]")
        made.leader()


def test_a_log_that_cannot_be_opened_ends_the_start(tmp_path: Path) -> None:
    made = Agents(tmp_path, size=1)
    (tmp_path / "agent0").mkdir()
    (tmp_path / "agent0" / "agency-standin").write_text("a file")
    done = run(command(*made.argv(0)))
    assert done.returncode == 1
    assert "cannot open the log" in done.stdout


def test_who_waits_for_the_log_does_not_keep_an_agent_from_its_end(tmp_path: Path) -> None:
    with agents(tmp_path, size=1) as made:
        answers: list[Answer | None] = []
        poll = "/_api/agency/poll?index=99&timeout=60"
        waiting = threading.Thread(target=lambda: answers.append(made.ask(0, "GET", poll)))
        waiting.start()
        until(lambda: b"read_ok_total" in made.metrics(0), "it answers")
        threading.Event().wait(0.2)
        assert made.kill(0, signal.SIGTERM) == 0
        waiting.join(30)
        assert answers[0] is None or answers[0].status == 503


def test_a_stranger_is_not_let_into_a_full_pool(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with agents(tmp_path / "a") as made:
        stranger = Agents(tmp_path / "b")
        stranger.ports[1:] = made.ports[1:]
        try:
            stranger.start(0)
            stranger.running[0].line("[5a023]")
            assert len(made.config(1)["configuration"]["pool"]) == 3
            answer = stranger.ask(0, "POST", READ, [["/"]])
            assert answer is not None
            assert answer.status == 503
        finally:
            stranger.clean()


def test_a_leader_that_was_stopped_for_a_while_does_not_answer_from_the_past(tmp_path: Path) -> None:
    with agents(tmp_path) as made:
        client = client_of(made)
        old = made.leader()
        assert client.change({"/a": 1})
        made.running[old].send(signal.SIGSTOP)
        stopped = made.running.pop(old)
        try:
            made.leader()
            assert client.change({"/a": 2})
        finally:
            stopped.send(signal.SIGCONT)
            made.running[old] = stopped
        answer = until(lambda: made.ask(old, "POST", READ, [["/a"]]), "the old leader answers")
        assert answer.status in (307, 503) or answer.json == [{"a": 2}]
        client.close()


def test_the_client_asks_the_leader_for_its_config_through_a_follower(tmp_path: Path) -> None:
    with agents(tmp_path) as made:
        leader = made.leader()
        follower = next(place for place in made.running if place != leader)
        until(lambda: made.config(follower)["leaderId"], "the follower knows the leader")
        client = AgencyClient([f"tcp://127.0.0.1:{made.ports[follower]}"], TOKEN)
        assert client.config()["configuration"]["id"] == identity(made, leader)
        assert client.change({"/a": 1})
        client.close()


def test_one_agent_alone_leads(tmp_path: Path) -> None:
    with agents(tmp_path, size=1) as made:
        client = client_of(made)
        assert client.change({"/a": 1})
        made.kill(0)
        made.start()
        assert client.get("/a") == 1
        client.close()


def test_a_log_is_compacted_and_who_was_away_gets_the_rest_in_one_piece(tmp_path: Path) -> None:
    small = ("--agency.compaction-keep-size", "20", "--agency.compaction-step-size", "10")
    with agents(tmp_path, *small) as made:
        client = client_of(made)
        away = next(place for place in made.running if place != made.leader())
        made.kill(away)
        for number in range(100):
            assert client.write([{"/n": number, f"/m/{number % 7}": {"op": "increment"}}])[0] > 0
        leader = made.leader()
        assert made.config(leader)["lastCompactionAt"] > 60
        made.start(away)
        commit = made.config(leader)["commitIndex"]
        until(lambda: made.config(away).get("commitIndex", 0) >= commit, "it has caught up")
        told = made.ask(away, "GET", "/_api/agency/stores")
        assert told is not None
        assert told.json["read_db"] == [client.read("/")]
        for place in list(made.running):
            made.kill(place)
        made.start()
        made.leader()
        assert client.get("/n") == 99
        assert len(client.poll(5, 1.0)["readDB"]["m"]) == 7
        client.close()


def test_increments_are_done_once_each_whatever_happens_to_the_agents(tmp_path: Path) -> None:
    chance = random.Random(11)
    with agents(tmp_path) as made:
        done = [0, 0, 0]
        over = threading.Event()

        def count(writer: int) -> None:
            client = client_of(made)
            while not over.is_set():
                assert client.change({"/n": {"op": "increment"}, f"/w/{writer}": {"op": "increment"}})
                done[writer] += 1
            client.close()

        writers = [threading.Thread(target=count, args=(writer,)) for writer in range(3)]
        for writer in writers:
            writer.start()
        for _ in range(4):
            victim = made.leader() if chance.random() < 0.7 else chance.randrange(3)
            made.kill(victim)
            threading.Event().wait(chance.uniform(0.1, 0.5))
            made.start(victim)
            threading.Event().wait(chance.uniform(0.1, 0.5))
        over.set()
        for writer in writers:
            writer.join(30)
        client = client_of(made)
        assert client.read("/n", "/w") == {"n": sum(done), "w": {str(place): count for place, count in enumerate(done)}}
        assert min(done) > 10
        client.close()


def test_the_client_says_what_it_may_not_and_what_nobody_does(tmp_path: Path) -> None:
    with agents(tmp_path, size=1) as made:
        client = client_of(made)
        assert client.write([{"/a": 1}], [{"/a": 2}, {"/a": {"oldEmpty": True}}])[1] == 0
        assert not client.change({"/a": 2}, {"/a": 5})
        assert client.transact([{"/b": 1}], ["/b"])[1] == {"b": 1}
        assert client.transient([{"/s": 1}], ["/s"]) == [True, {"s": 1}]
        assert client.config()["leaderId"] == identity(made, 0)
        with pytest.raises(NoAgency):
            AgencyClient([f"tcp://127.0.0.1:{free_port()}"], patience=0.2).config()
        assert client.poll(0, 1.0)["readDB"] == {"a": 1, "b": 1}
        assert client.get("/nowhere", 7) == 7
        with pytest.raises(Refused, match="HTTP 400"):
            client.write([{"/a": {"op": "dance"}}])
        stranger = AgencyClient([f"http://127.0.0.1:{made.ports[0]}/"], lambda: "x.y.z")
        with pytest.raises(Unauthorized):
            stranger.read("/")
        nobody = AgencyClient([f"tcp://127.0.0.1:{free_port()}"], patience=0.2)
        with pytest.raises(NoAgency, match="refused"):
            nobody.read("/")
        client.close()
        stranger.close()


def test_a_log_that_is_damaged_ends_the_start_with_23(tmp_path: Path) -> None:
    with agents(tmp_path, size=1) as made:
        client = client_of(made)
        assert client.change({"/a": 1})
        client.close()
        made.kill(0)
        argv = made.argv(0)
        journal = tmp_path / "agent0" / "agency-standin" / "journal"
        data = bytearray(journal.read_bytes())
        data[45] ^= 1
        journal.write_bytes(data)
        done = run(command(*argv))
        assert done.returncode == 23
        assert str(journal) in done.stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--agency.size", "2"), "odd"),
        (("--agency.size", "0"), "odd"),
        (("--agency.size", "3"), "--agency.my-address"),
        (("--agency.size", "3", "--agency.pool-size", "5"), "--agency.pool-size"),
        (("--agency.election-timeout-min", "5", "--agency.election-timeout-max", "2"), "election-timeout-max"),
        (("--agency.supervision-grace-period", "0.5"), "grace-period"),
        (("--agency.my-address", "unix:///tmp/x"), "/tmp/x"),
        (("--agency.my-address", "nonsense"), "nonsense"),
    ],
)
def test_options_that_cannot_be_end_the_start(tmp_path: Path, options: tuple[str, ...], told: str) -> None:
    place = ("--database.directory", str(tmp_path / "d"), "--server.endpoint", f"tcp://127.0.0.1:{free_port()}")
    done = run(command("-c", "none", "--agency.activate", "true", *place, *options))
    assert done.returncode == 1
    assert told in done.stdout
