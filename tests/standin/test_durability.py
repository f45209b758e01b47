"""Killed at any moment, a server keeps every write it acknowledged."""

from __future__ import annotations

import http.client
import random
import signal
import threading
from pathlib import Path

from tests.standin.driving import Client, Running, server

ROUNDS = 6


def _write(running: Running, name: str, acknowledged: list[str], started: threading.Event) -> None:
    client = Client(running.port)
    try:
        for number in range(100_000):
            key = f"{name}-{number}"
            sync = "true" if number % 2 else "false"
            answer = client.post(f"/_api/document/c?waitForSync={sync}", {"_key": key, "pad": "x" * 300})
            assert answer.status in (201, 202)
            acknowledged.append(key)
            started.set()
    except (ConnectionError, http.client.HTTPException, OSError):
        return
    finally:
        client.close()


def test_no_acknowledged_write_is_lost_by_a_kill(tmp_path: Path) -> None:
    chance = random.Random(7)
    acknowledged: list[str] = []
    for round_number in range(ROUNDS):
        with server(tmp_path) as running:
            client = running.client()
            if round_number == 0:
                assert client.post("/_api/collection", {"name": "c"}).status == 200
            assert client.get("/_api/collection/c/count").json["count"] >= len(acknowledged)
            missing = [key for key in acknowledged if client.ask("HEAD", f"/_api/document/c/{key}").status != 200]
            assert missing == []
            started = threading.Event()
            writers = [
                threading.Thread(target=_write, args=(running, f"{round_number}-{writer}", acknowledged, started))
                for writer in range(3)
            ]
            for writer in writers:
                writer.start()
            assert started.wait(30)
            threading.Event().wait(chance.random() * 0.2)
            running.end(signal.SIGKILL)
            for writer in writers:
                writer.join()
    assert len(acknowledged) > ROUNDS


def test_a_torn_tail_is_cut_and_said(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        client = running.client()
        client.post("/_api/collection", {"name": "c"})
        assert client.post("/_api/document/c?waitForSync=true", {"_key": "safe"}).status == 201
        running.end(signal.SIGKILL)
    journal = tmp_path / "engine-standin" / "journal"
    with journal.open("ab") as file:
        file.write(b"\x10\x00")
    with server(tmp_path) as running:
        assert "cut 2 bytes" in running.line("[5a00a]")
        assert running.client().get("/_api/document/c/safe").status == 200
