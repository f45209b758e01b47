"""Machine, endpoints, roles and the data directory, each on its own."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from arangod.failure import Exit, ExitCode
from arangod.http.server import Server
from arangod.http.wire import Reply
from arangod.options.parse import Options, parse
from arangod.process import endpoint, role
from arangod.process.datadir import DataDirectory
from arangod.process.machine import detect, told
from arangod.process.serve import listen

from tests.standin.driving import free_port


def _options(*argv: str) -> Options:
    return parse(argv, default_configs=()).options


def test_the_environment_may_say_how_big_the_machine_is() -> None:
    small = detect(
        {"ARANGODB_OVERRIDE_DETECTED_TOTAL_MEMORY": "4GiB", "ARANGODB_OVERRIDE_DETECTED_NUMBER_OF_CORES": "3"}
    )
    assert small == (4 << 30, True, 3, True)
    text = told(small)
    assert f"{4 << 30} bytes (overridden by environment variable)" in text
    assert "available cores: 3 (overridden by environment variable)" in text


@pytest.mark.parametrize("text", ["", "much", "-4G", "0"])
def test_what_is_no_size_is_not_believed(text: str) -> None:
    machine = detect({"ARANGODB_OVERRIDE_DETECTED_TOTAL_MEMORY": text})
    assert machine.memory > 0
    assert not machine.memory_overridden
    assert "overridden" not in told(machine)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tcp://127.0.0.1:1234", "http+tcp://127.0.0.1:1234"),
        ("http://host", "http+tcp://host:8529"),
        ("http+tcp://[::]:8529", "http+tcp://[::]:8529"),
        ("tcp://[::1]", "http+tcp://[::1]:8529"),
        ("unix:///tmp/x", "http+unix:///tmp/x"),
    ],
)
def test_endpoints_are_shown_in_one_form(text: str, shown: str) -> None:
    assert str(endpoint.parse(text)) == shown


@pytest.mark.parametrize(
    "text",
    ["", "host:1", "ftp://host:1", "tcp://", "tcp://h:0", "tcp://h:99999", "tcp://h:x", "tcp://[::1", "tcp://[::]x"],
)
def test_what_is_no_endpoint_ends_the_start(text: str) -> None:
    with pytest.raises(Exit, match="invalid endpoint") as refused:
        endpoint.parse(text)
    assert refused.value.code == ExitCode.FAILED


def test_encrypted_endpoints_are_refused_by_name() -> None:
    with pytest.raises(Exit, match="encrypted"):
        endpoint.parse("ssl://0.0.0.0:8529")


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Exit, match=f"127.0.0.1:{port}") as refused:
            endpoint.bound(endpoint.parse(f"tcp://127.0.0.1:{port}"))
        assert refused.value.code == ExitCode.CANNOT_BIND


def test_of_two_that_are_bound_to_a_port_the_second_to_listen_is_told() -> None:
    place = endpoint.parse(f"tcp://127.0.0.1:{free_port()}")
    with endpoint.bound(place) as first, endpoint.bound(place) as second:
        first.listen()
        server = Server([second], lambda request, connection: Reply(200), lambda status, text: Reply(status))
        with pytest.raises(Exit, match="cannot listen") as refused:
            listen(server)
        server.close()
    assert refused.value.code == ExitCode.CANNOT_BIND


def test_a_host_that_is_not_here_is_told() -> None:
    with pytest.raises(Exit) as refused:
        endpoint.bound(endpoint.parse("tcp://192.0.2.1:8529"))
    assert refused.value.code == ExitCode.CANNOT_BIND


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [
        ((), ("SINGLE", "")),
        (("--cluster.my-role", "single"), ("SINGLE", "cluster.my-role")),
        (("--agency.activate", "true"), ("AGENT", "agency.activate")),
        (("--cluster.my-role", "DBSERVER"), ("PRIMARY", "cluster.my-role")),
        (("--cluster.my-role", "COORDINATOR"), ("COORDINATOR", "cluster.my-role")),
        (("--cluster.agency-endpoint", "tcp://a:1"), ("UNDEFINED", "cluster.agency-endpoint")),
    ],
)
def test_the_options_say_the_role(argv: tuple[str, ...], wanted: tuple[str, str]) -> None:
    assert role.wanted(_options(*argv)) == wanted


@pytest.mark.parametrize(
    "argv",
    [
        ("--cluster.agency-endpoint", "tcp://a:1"),
        ("--cluster.my-role", "KING"),
        ("--rocksdb.encryption-keyfile", "/k"),
        ("--server.rest-server", "false"),
    ],
)
def test_what_would_change_the_server_is_refused_rather_than_ignored(argv: tuple[str, ...]) -> None:
    with pytest.raises(Exit) as refused:
        role.checked(_options(*argv))
    assert refused.value.code == ExitCode.FAILED
    assert argv[0].removeprefix("--") in refused.value.text or argv[1] in refused.value.text


@pytest.mark.parametrize("missing", ["--cluster.my-address", "--cluster.agency-endpoint"])
def test_a_server_of_a_cluster_has_to_know_its_address_and_the_agency(missing: str) -> None:
    given = {
        "--cluster.my-role": "PRIMARY",
        "--cluster.my-address": "tcp://a:1",
        "--cluster.agency-endpoint": "tcp://b:1",
    }
    del given[missing]
    with pytest.raises(Exit, match=missing):
        role.checked(_options(*(word for pair in given.items() for word in pair)))


def test_a_server_without_http_may_set_up_a_directory() -> None:
    role.checked(_options("--server.rest-server", "false", "--database.auto-upgrade", "true"))


def test_a_directory_is_held_by_one_until_given_back(tmp_path: Path) -> None:
    held = DataDirectory(tmp_path / "new")
    with pytest.raises(Exit, match="locked by another process") as refused:
        DataDirectory(tmp_path / "new")
    assert refused.value.code == ExitCode.CANNOT_LOCK
    held.release()
    assert not (tmp_path / "new" / "LOCK").exists()
    DataDirectory(tmp_path / "new").release()


def test_an_identity_is_made_once(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    first = directory.identity("SINGLE")
    assert first.startswith("SNGL-")
    assert len(first) == len("SNGL-") + 36
    assert directory.identity("SINGLE", required=True) == first
    directory.release()


def test_an_identity_that_has_to_be_there_is_asked_for(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    with pytest.raises(Exit, match="UUID"):
        directory.identity("SINGLE", required=True)
    directory.release()


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Exit, match="unable to use database directory"):
        DataDirectory(tmp_path / "file" / "below")
