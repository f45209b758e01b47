"""`armadillo up`: what it says, what it leaves, and how it ends when something is wrong."""

from __future__ import annotations

import json
import signal
import socket
import urllib.request
from pathlib import Path

import pytest

from armadillo.engine import containers
from tests.processes import soon

from .lab import Lab

pytestmark = pytest.mark.docker

NOTHING = {"DOCKER_HOST": "tcp://127.0.0.1:1"}


def asked(url: str) -> int:
    with urllib.request.urlopen(f"{url}/_admin/server/availability", timeout=10) as answer:
        return int(answer.status)


def test_a_server_is_ready_and_the_person_knows_how_to_go_on(lab: Lab) -> None:
    name = lab.name()
    ended = lab("up", "--name", name)
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0] == f"{name} is ready"
    assert [line.split()[0] for line in lines[1:]] == ["image", "endpoint", "user", "shell", "remove"]
    assert "stand-in, not ArangoDB" in lines[1]
    assert asked(lines[2].split()[1]) == 200
    password = Path(lines[3].split()[-1])
    assert password.stat().st_mode & 0o777 == 0o600
    assert password.read_text() not in ended.out + ended.err
    assert f"armadillo down {name}" in lines[-1]
    assert "data goes too" in lines[-1]


def test_json_is_one_document_whatever_is_told_meanwhile(lab: Lab) -> None:
    name = lab.name()
    ended = lab("up", "--name", name, "--json", "--progress", "plain")
    said = ended.json
    assert said["schema"] == "armadillo.up/v1"
    assert (said["name"], said["adopted"], said["ready"], said["standin"]) == (name, False, True, True)
    assert [server["name"] for server in said["servers"]] == ["single"]
    assert asked(said["endpoints"][0]) == 200
    assert "starting single" in ended.err


def test_the_same_again_is_taken_over_and_another_one_refused(lab: Lab) -> None:
    name = lab.name()
    first = lab("up", "--name", name, "--json").json
    again = lab("up", "--name", name, "--json").json
    assert (again["adopted"], again["endpoints"]) == (True, first["endpoints"])
    other = lab("up", "--name", name, "--no-auth")
    assert other.code == 17
    assert "--recreate" in other.err
    anew = lab("up", "--name", name, "--no-auth", "--recreate", "--json").json
    assert (anew["adopted"], anew["user"]) == (False, None)
    assert lab("up", "--name", name, "--no-auth").out.startswith(f"{name} is there already, and ready\n")


def test_what_was_given_is_used_and_another_password_is_no_take_over(lab: Lab) -> None:
    name = lab.name()
    for word in ("one", "two"):
        (lab.home / word).write_text(word * 8)
        (lab.home / word).chmod(0o600)
    said = lab("up", "--name", name, "--password-file", "one", "--jwt-secret-file", "two", "--json").json
    assert Path(said["password_file"]).read_text() == "one" * 8
    assert Path(said["jwt_secret_file"]).read_text() == "two" * 8
    assert lab("up", "--name", name, "--password-file", "one").code == 0
    other = lab("up", "--name", name, "--password-file", "two")
    assert (other.code, "another root-password" in other.err) == (17, True)
    unused = lab("up", "--name", name, "--no-auth", "--password-file", "one")
    assert (unused.code, "has no secret root-password" in unused.err) == (2, True)


def test_the_notice_is_one_calm_line_and_whole_in_the_json(lab: Lab) -> None:
    name = lab.name()
    ended = lab("up", "--name", name, "--json", "--pull", "never", env={"ARMADILLO_IMAGE": ""})
    if not ended.json["standin"]:
        pytest.skip("the official image is here")
    assert ended.err.count("stand-in") == 1 + ended.err.count("building the stand-in")
    assert "not ArangoDB" in ended.err
    assert "was not to be pulled" in ended.json["notice"]


def test_a_dry_run_asks_no_engine(lab: Lab) -> None:
    ended = lab("up", "--dry-run", "--ttl", "2h", env={**NOTHING, "ARMADILLO_IMAGE": ""})
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("up would start default (nothing has been done)\n")
    assert "single on a free port" in ended.out
    plan = lab("up", "ha", "--dry-run", "--json", "--port", "9000", env=NOTHING).json
    assert plan["schema"] == "armadillo.up-plan/v1"
    assert [len(group) for group in plan["start"]] == [3, 3, 2]
    assert [port["host"] for port in plan["ports"]] == [9000, 9010]
    assert plan["compose"].startswith("x-server")
    assert (plan["lifetime"], plan["timeout"]) == ("manual", 300.0)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--timeout", "0"], 2, "leaves no time at all"),
        (["--timeout", "soon"], 2, "is not a duration"),
        (["--ttl", "0"], 2, "leaves no time at all"),
        (["--image", "armadillo.invalid/no/such:1"], 10, "armadillo.invalid/no/such:1"),
        (["--password-file", "missing"], 2, "no secret file missing"),
        (["./missing.yml"], 2, "no such file"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_and_nothing_is_made(words: list[str], code: int, says: str, lab: Lab) -> None:
    name = lab.name()
    given = ["--name", name] if "./missing.yml" not in words else []
    ended = lab("up", *words, *given)
    assert (ended.code, ended.out) == (code, "")
    assert says in ended.err
    assert "→" in ended.err
    assert lab.left(name) == []


def test_out_of_time_is_11_and_leaves_nothing(lab: Lab) -> None:
    name = lab.name()
    ended = lab("up", "--name", name, "--timeout", "200ms")
    assert ended.code == 11
    assert f"{name} not ready in" in ended.err
    assert lab.left(name) == []


def test_without_a_limit_it_waits_as_long_as_it_takes(lab: Lab) -> None:
    assert lab.up("--timeout", "none")


def test_a_server_that_ends_at_its_start_is_12_with_its_last_words(lab: Lab) -> None:
    name = lab.name()
    lab.home.joinpath("bad.yml").write_text(
        "apiVersion: armadillo/v1\nkind: Topology\nmetadata: {name: bad}\nspec:\n"
        "  single: {args: {log.output: file:///proc/nowhere/log}}\n"
    )
    ended = lab("up", "./bad.yml", "--name", name, "--json")
    assert ended.code == 12, ended
    assert ended.json["error"]["details"]["log_tail"]
    assert Path(ended.json["error"]["details"]["logs"]).is_dir()
    assert "its logs are in " in ended.err
    assert lab.left(name) == []
    for word in (["--keep", "on-failure"], ["--no-rollback"], ["--retain"]):
        kept = lab("up", "./bad.yml", "--name", name, "--recreate", *word)
        assert kept.code == 12
        assert f"armadillo logs {name}" in kept.err
        assert f"armadillo down {name}" in kept.err
        assert [one.state for one in lab.servers(name)] == ["exited"]


def test_a_port_that_is_taken_is_17(lab: Lab) -> None:
    name = lab.name()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = lab("up", "--name", name, "--port", str(taken.getsockname()[1]))
    assert ended.code == 17, ended
    assert "--port" in ended.err
    assert lab.left(name) == []


def test_memory_that_is_short_is_10_unless_forced(lab: Lab) -> None:
    name = lab.name()
    image = f"armadillo-test:{name}"
    lab.connection.api.import_image_from_data(bytes(10_240), repository="armadillo-test", tag=name)
    lab.home.joinpath("big.yml").write_text(
        f"apiVersion: armadillo/v1\nkind: Topology\nmetadata: {{name: {name}}}\n"
        f"spec: {{mode: single, image: '{image}', single: {{memory: 4000GiB}}}}\n"
    )
    try:
        short = lab("up", "./big.yml")
        forced = lab("up", "./big.yml", "--force")
    finally:
        lab.connection.api.remove_image(image, force=True)
    assert (short.code, "--force" in short.err) == (10, True), short
    assert "--force" not in forced.err
    assert lab.left(name) == []


def test_no_wait_returns_when_it_is_started(lab: Lab) -> None:
    name = lab.name()
    ended = lab("up", "--name", name, "--no-wait", "--json")
    assert (ended.code, ended.json["ready"]) == (0, False)
    assert lab("wait", name).code == 0


def test_files_are_topologies_or_compose_and_may_come_by_stdin(lab: Lab) -> None:
    one, two, three = lab.name(), lab.name(), lab.name()
    lab.home.joinpath("lab.yml").write_text(
        f"apiVersion: armadillo/v1\nkind: Topology\nmetadata: {{name: {one}}}\nspec: {{mode: single, auth: off}}\n"
    )
    assert lab("up", "./lab.yml", "--json").json["name"] == one
    rendered = lab("render", "--name", two).out
    lab.home.joinpath("compose.yml").write_text(rendered)
    assert lab("up", "./compose.yml", "--json").json["name"] == two
    piped = lab("up", "-", "--json", stdin=lab("render", "--name", three).out.encode())
    assert piped.json["name"] == three
    refused = lab("up", "./compose.yml", "--port", "1234")
    assert (refused.code, "--port cannot change it" in refused.err) == (2, True)


def test_what_expires_is_removed_by_the_next_up(lab: Lab) -> None:
    name = lab.name()
    said = lab("up", "--name", name, "--ttl", "100ms", "--json").json
    assert said["lifetime"].startswith("until:")
    assert lab("up", "--name", lab.name()).code == 0
    assert lab.left(name) == []  # whoever's `up` came first
    assert lab.left(name) == []
    assert "expires" in lab("up", "--name", lab.name(), "--ttl", "1h").out


def test_a_name_that_is_a_servers_is_no_deployments(lab: Lab) -> None:
    ended = lab("up", "--name", "dbserver2", "--dry-run")
    assert (ended.code, "call it my-dbserver2" in ended.err) == (2, True)


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_takes_back_what_it_made(signum: signal.Signals, code: int, lab: Lab) -> None:
    name = lab.name()
    with lab.running("up", "--name", name) as command:
        command.hear("starting single")
        command.send(signum)
        ended = command.end()
    assert (ended.code, ended.out) == (code, ""), ended
    assert soon(lambda: lab.left(name) == [])


def test_interrupted_it_keeps_what_was_to_be_kept_and_says_how_to_clean(lab: Lab) -> None:
    name = lab.name()
    with lab.running("up", "--name", name, "--keep", "always") as command:
        command.hear("starting single")
        command.send(signal.SIGINT)
        ended = command.end()
    assert ended.code == 130
    assert f"armadillo down {name}" in ended.err
    assert lab.servers(name)


def test_interrupted_twice_it_leaves_at_once_and_the_watchdog_cleans_up(lab: Lab) -> None:
    name = lab.name()
    with lab.running("up", "--name", name) as command:
        command.hear("starting single")
        command.send(signal.SIGINT)
        command.send(signal.SIGINT)
        assert command.end().code == 130
    assert soon(lambda: lab.left(name) == [])


def test_progress_is_plain_on_a_pipe_and_silent_when_asked(lab: Lab) -> None:
    name = lab.name()
    ended = lab("up", "--name", name)
    assert all(line.startswith("[ ") for line in ended.err.splitlines()), ended.err
    assert "\x1b" not in ended.err
    for word in (["--progress", "none"], ["-q"]):
        assert lab("up", "--name", name, *word).err == ""
    painted = lab("up", "--name", name, "--progress", "tty", "--json")
    assert "\r\x1b[K" in painted.err
    assert json.loads(painted.out)["adopted"]


def test_a_running_server_counts_once_for_memory(lab: Lab) -> None:
    name = lab.up()
    limit = containers.inspected(lab.connection, lab.servers(name)[0].id)["HostConfig"]["Memory"]
    assert limit
    assert lab("up", "--name", name).code == 0
