"""The process as arangod: options, marks, exit codes, signals, log."""

from __future__ import annotations

import json
import re
import signal
import socket
from pathlib import Path

import pytest

from tests.standin.driving import READY, Running, basic, command, free_port, run, server


def _here(directory: Path, port: int) -> list[str]:
    return ["-c", "none", f"--server.endpoint=tcp://127.0.0.1:{port}", f"--database.directory={directory}"]


def test_the_version_is_printed_as_the_starter_reads_it() -> None:
    done = run(command("--version", "--log.force-direct=true"))
    assert done.returncode == 0
    assert re.match(r"3\.12\.\d+\n\n", done.stdout)
    for line in ("server-version: 3.12.5", "license: community", "v8-version: none", "standin: "):
        assert line in done.stdout


def test_the_help_is_printed() -> None:
    done = run(command("--help"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "--server.endpoint" in done.stdout


@pytest.mark.parametrize(
    ("argv", "code", "told"),
    [
        (["--server.endpont", "x"], 3, "--server.endpoint"),
        (["--agency.size", "x"], 4, "--agency.size"),
        (["--log.output", "syslog://x"], 4, "log.output"),
        (["-c", "/nowhere/arangod.conf"], 6, "/nowhere/arangod.conf"),
        (["-c", "none"], 1, "--database.directory"),
        (["-c", "none", "--cluster.my-role", "COORDINATOR"], 1, "--cluster.agency-endpoint"),
        (["-c", "none", "--server.endpoint", "ssl://0.0.0.0:1"], 1, "encrypted"),
        (["-c", "none", "--server.jwt-secret-keyfile", "/nowhere", "--database.directory", "{tmp}/d"], 1, "/nowhere"),
        (["-c", "none", "--cluster.require-persisted-id", "--database.directory", "{tmp}/d"], 1, "UUID"),
    ],
)
def test_a_start_that_cannot_be_ends_with_its_code_and_why(
    tmp_path: Path, argv: list[str], code: int, told: str
) -> None:
    done = run(command(*(word.format(tmp=tmp_path) for word in argv)))
    assert done.returncode == code
    assert told in done.stdout + done.stderr


def test_a_fatal_end_is_told_on_standard_error_when_the_log_is_a_file(tmp_path: Path) -> None:
    done = run(command("-c", "none", "--log.file", str(tmp_path / "log")))
    assert done.returncode == 1
    assert "database.directory" in done.stderr
    assert "FATAL" in (tmp_path / "log").read_text()


def test_a_start_is_told_as_arangod_tells_it(tmp_path: Path) -> None:
    with server(
        tmp_path, "--foxx.queues", "true", environ={"ARANGODB_OVERRIDE_DETECTED_TOTAL_MEMORY": "1G"}
    ) as running:
        ready = running.line(READY)
        assert "is ready for business. Have fun!" in ready
        assert re.match(r"\d{4}-\d\d-\d\dT[\d:]+Z \[\d+-\d+\] INFO \[cf3f4\] \{general\} ", ready)
        assert f"'http+tcp://127.0.0.1:{running.port}' for non-encrypted requests" in running.line("[6ea38]")
        assert "1000000000 bytes (overridden" in running.line("[25362]")
        assert "stand-in" in running.line("WARNING")
        assert "--foxx.queues" in running.line("without effect")
        assert running.client().get("/_api/version").headers["x-armadillo-stand-in"] == "1"


def test_the_log_goes_to_a_file_as_json_with_the_role(tmp_path: Path) -> None:
    log = tmp_path / "log"
    more = ("--log.output", f"file://{log}", "--log.output", "-", "--log.use-json-format", "true", "--log.role", "true")
    with server(tmp_path / "data", *more, ready='"id":"cf3f4"') as running:
        assert running.end(signal.SIGTERM) == 0
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert {entry["role"] for entry in entries} == {"S"}
    assert {"e52b0", "cf3f4", "b4133"} <= {entry["id"] for entry in entries}


def test_the_marks_of_a_data_directory_are_left_and_its_identity_kept(tmp_path: Path) -> None:
    def identity() -> str:
        with server(tmp_path) as running:
            assert int((tmp_path / "LOCK").read_text()) == running.process.pid
            assert (tmp_path / "ENGINE").read_text() == "rocksdb"
            assert json.loads((tmp_path / "LANGUAGE").read_text())
            info = running.client().get("/_admin/support-info").json
            assert running.end(signal.SIGTERM) == 0
        assert json.loads((tmp_path / "SERVER").read_text())["serverId"] == info["host"]["persistedId"]
        return (tmp_path / "UUID").read_text()

    first = identity()
    assert identity() == first
    for mark in ("UUID", "SERVER"):
        (tmp_path / mark).unlink()
    assert identity() != first


def test_a_second_server_on_the_same_directory_ends_with_22(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        done = run(command(*_here(tmp_path, free_port())))
        assert done.returncode == 22
        assert f"locked by another process: {running.process.pid}" in done.stdout
        assert running.client().get("/_api/version").status == 200


def test_a_directory_left_by_a_killed_server_is_taken_over(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        assert running.end(signal.SIGKILL) == -signal.SIGKILL
        assert (tmp_path / "LOCK").exists()
    with server(tmp_path) as running:
        assert running.end(signal.SIGTERM) == 0
        assert not (tmp_path / "LOCK").exists()


def test_a_port_in_use_ends_the_start_with_21(tmp_path: Path) -> None:
    with server(tmp_path / "a") as running:
        done = run(command(*_here(tmp_path / "b", running.port)))
        assert done.returncode == 21
        assert f"127.0.0.1:{running.port}" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_ends_the_server_in_order(tmp_path: Path, number: signal.Signals) -> None:
    with server(tmp_path) as running:
        idle = running.client()
        assert idle.get("/_api/version").status == 200
        assert running.end(number) == 0
        assert f"{number.name} received (sender pid " in running.line("[b4133]")
        assert "shut down" in running.line("[4bcb9]")
        idle.close()


def _half_a_request(port: int) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port), 30)
    opened.sendall(b"POST /_open/auth HTTP/1.1\r\nContent-Length: 2\r\n\r\n{")
    return opened


def _wait_until_stopping(running: Running) -> None:
    """Ask until the answer is that of a server that is ending."""
    running.line("[b4133]")
    while (answer := running.client().get("/_api/version")).status == 200:
        pass
    assert answer.error == (503, 30)


def test_while_it_ends_requests_get_503_and_those_under_way_an_answer(tmp_path: Path) -> None:
    with server(tmp_path) as running, _half_a_request(running.port) as begun:
        running.client().get("/_api/version")
        running.send(signal.SIGTERM)
        _wait_until_stopping(running)
        assert running.client().get("/_admin/server/availability").error == (503, 503)
        begun.sendall(b"}")
        assert begun.recv(100).startswith(b"HTTP/1.1 503 ")
        assert running.end() == 0


def test_a_second_signal_ends_the_server_at_once_with_1(tmp_path: Path) -> None:
    with server(tmp_path) as running, _half_a_request(running.port):
        running.client().get("/_api/version")
        running.send(signal.SIGTERM)
        _wait_until_stopping(running)
        assert running.end(signal.SIGINT) == 1
        assert "FATAL" in running.line("[11ca3]")


def test_a_request_that_never_ends_does_not_hold_the_server_for_ever(tmp_path: Path) -> None:
    with server(tmp_path) as running, _half_a_request(running.port):
        running.client().get("/_api/version")
        assert running.end(signal.SIGTERM) == 0
        running.line("[5a006]")


def test_hangup_opens_the_log_file_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with server(tmp_path / "data", "--log.output", f"file://{log}", "--log.output", "-") as running:
        log.rename(tmp_path / "old")
        running.send(signal.SIGHUP)
        running.line("[23db2]")
        assert "[23db2]" in log.read_text()
        assert "[cf3f4]" in (tmp_path / "old").read_text()
        log.unlink()
        (tmp_path / "log").mkdir()
        running.send(signal.SIGHUP)
        running.line("cannot open log file")
        running.send(signal.SIGUSR1)
        assert running.client().get("/_api/version").status == 200
        assert running.end(signal.SIGTERM) == 0


def test_shutdown_over_http_ends_in_order(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        answer = running.client().ask("DELETE", "/_admin/shutdown")
        assert (answer.status, answer.json) == (200, "OK")
        assert running.end() == 0


def test_the_first_password_is_that_of_the_first_start(tmp_path: Path) -> None:
    with server(tmp_path, "--database.password", "first") as running:
        assert running.client(basic("root", "first")).get("/_api/version").status == 200
        assert running.client().get("/_api/version").status == 401
        running.end(signal.SIGTERM)
    with server(tmp_path, "--database.password", "second") as running:
        assert running.client(basic("root", "first")).get("/_api/version").status == 200


def test_without_authentication_everything_is_open(tmp_path: Path) -> None:
    with server(tmp_path, "--server.authentication", "false") as running:
        client = running.client({})
        assert client.get("/_api/version").status == 200
        assert client.post("/_api/collection", {"name": "c"}).status == 200
        assert client.get("/_db/none/_api/version").error == (404, 1228)
        assert client.post("/_open/auth", {"username": "root", "password": ""}).error == (404, 404)


def test_an_upgrade_run_sets_up_and_ends(tmp_path: Path) -> None:
    done = run(command(*_here(tmp_path, free_port()), "--database.auto-upgrade", "true", "--server.rest-server=false"))
    assert done.returncode == 0
    assert (tmp_path / "SERVER").exists()
    assert READY not in done.stdout


def test_a_damaged_journal_ends_the_start_with_23(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        running.end(signal.SIGTERM)
    journal = tmp_path / "engine-standin" / "journal"
    data = bytearray(journal.read_bytes())
    data[60] ^= 1
    journal.write_bytes(data)
    done = run(command(*_here(tmp_path, free_port())))
    assert done.returncode == 23
    assert f"{journal}: the record" in done.stdout


def test_a_store_that_cannot_be_opened_ends_the_start(tmp_path: Path) -> None:
    (tmp_path / "engine-standin").write_text("a file")
    done = run(command(*_here(tmp_path, free_port())))
    assert done.returncode == 1
    assert "cannot open the store" in done.stdout


def test_a_journal_that_grew_without_need_is_rewritten_at_the_start(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        client = running.client()
        client.post("/_api/collection", {"name": "c"})
        for _ in range(200):
            client.post("/_api/document/c?overwrite=true", {"_key": "k", "x": "y" * 10_000})
        running.end(signal.SIGTERM)
    with server(tmp_path) as running:
        running.line("[5a00b]")
        assert len(running.client().get("/_api/document/c/k").json["x"]) == 10_000
    assert (tmp_path / "engine-standin" / "journal").stat().st_size < 100_000


def test_a_server_listens_in_several_places(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with server(tmp_path / "data", "--server.endpoint", f"unix://{path}") as running:
        assert running.client().get("/_admin/server/availability").status == 200
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(str(path))
            other.sendall(b"GET /_admin/server/availability HTTP/1.1\r\n\r\n")
            assert other.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_a_signal_in_the_middle_of_the_start_ends_it_in_order(tmp_path: Path) -> None:
    for _ in range(5):
        running = Running(command(*_here(tmp_path, free_port())))
        try:
            running.line("[e52b0]")
            assert running.end(signal.SIGTERM) == 0
        finally:
            running.clean()


def test_an_early_server_answers_while_its_store_is_opened_and_after(tmp_path: Path) -> None:
    with server(tmp_path, "--server.early-connections", "true") as running:
        assert running.client().get("/_api/version").status == 200
        assert running.end(signal.SIGTERM) == 0
