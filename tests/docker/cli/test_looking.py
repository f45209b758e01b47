"""The commands that look at a running deployment and change nothing."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from armadillo.auth import AuthProvider
from armadillo.engine.docker import Connection
from armadillo.engine.endpoint import locate
from armadillo.errors import ArmadilloError

from .lab import Lab

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[tuple[Lab, str] | None]:
    """One deployment for all tests here, which do not change it."""
    import os

    try:
        found = Connection(locate(environ=os.environ))
        found.info()
    except ArmadilloError:
        yield None
        return
    with found:
        lab = Lab(tmp_path_factory.mktemp("home"), found, cache)
        try:
            yield lab, lab.up()
        finally:
            lab.sweep()


@pytest.fixture
def there(shared: tuple[Lab, str] | None, connection: Connection) -> tuple[Lab, str]:
    """The lab and the name of the deployment; `connection` tells what to do when there is no engine."""
    assert shared is not None
    return shared


def test_ls_shows_everybodys_and_says_which_are_mine(there: tuple[Lab, str]) -> None:
    lab, name = there
    [row] = [row for row in lab("ls", "--json").json["deployments"] if row["name"] == name]
    assert (row["servers"], row["state"], row["standin"], row["mine"]) == (1, "running", True, True)
    lines = lab("ls").out.splitlines()
    assert lines[0].split() == ["NAME", "SERVERS", "STATE", "MINE", "IMAGE", "CREATED"]
    assert any(line.split()[:4] == [name, "1", "running", "yes"] for line in lines)
    rows = [json.loads(line) for line in lab("ls", "-o", "yaml").out and lab("ls", "-o", "jsonl").out.splitlines()]
    assert all("schema" in row for row in rows)


def test_status_goes_down_the_checks(there: tuple[Lab, str]) -> None:
    lab, name = there
    said = lab("status", name, "--json").json
    assert (said["status"], said["percentage"]) == ("healthy", 100)
    [server] = said["servers"]
    assert [check["what"] for check in server["checks"]] == ["running", "answers", "role", "available", "probe"]
    ended = lab("status", name, "--check")
    assert (ended.code, ended.out.splitlines()[0]) == (0, f"{name}: healthy (100 %)")
    assert lab("status", lab.name()).code == 2
    assert lab("status", name, "--watch", "--check").code == 2


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_status_watches_until_it_is_interrupted(signum: signal.Signals, code: int, there: tuple[Lab, str]) -> None:
    lab, name = there
    with lab.running("status", name, "--watch", "--interval", "50ms", "--json") as command:
        looks = [json.loads(command.hear("armadillo.status/v1", stdout=True)) for _ in range(2)]
        command.send(signum)
        assert command.end().code == code
    assert [look["status"] for look in looks] == ["healthy", "healthy"]
    with lab.running("status", name, "--watch", "--interval", "50ms") as command:
        for _ in range(2):
            command.hear(f"{name}: healthy", stdout=True)
        command.send(signum)
        ended = command.end()
    assert "\x1b" not in ended.out


def test_endpoints_are_one_a_line(there: tuple[Lab, str]) -> None:
    lab, name = there
    [url] = lab("endpoints", name).out.splitlines()
    assert lab("endpoints", name, "--json").json["endpoints"][0]["endpoint"] == url
    assert url.startswith("http://127.0.0.1:")


def test_the_variables_work_in_a_shell_and_hold_no_password_unless_asked(there: tuple[Lab, str]) -> None:
    lab, name = there
    text = lab("env", name).out
    script = text + 'printf "%s|%s|%s" "$ARANGO_ENDPOINTS" "$ARANGO_USERNAME" "$(cat "$ARANGO_ROOT_PASSWORD_FILE")"'
    url, user, password = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.split(
        "|"
    )
    assert [url] == lab("endpoints", name).out.split()
    assert user == "root"
    assert password
    assert password not in text
    assert f"ARANGO_ROOT_PASSWORD={password}" in lab("env", name, "--show-secrets").out
    starts = {"fish": "set -gx ", "powershell": "$Env:", "dotenv": "ARANGO_", "github": "ARANGO_"}
    for shell, start in starts.items():
        assert all(line.startswith(start) for line in lab("env", name, "--shell", shell).out.splitlines())


def test_secrets_come_from_the_engine_when_this_user_has_no_copy(there: tuple[Lab, str], tmp_path: Path) -> None:
    lab, name = there
    other = Lab(tmp_path, lab.connection, tmp_path / "cache")
    token = other("token", name)
    assert token.code == 0, token
    secret = lab.home / ".local" / "state" / "armadillo" / name / "jwt"
    AuthProvider(secret.read_text().strip()).verify(token.out.strip())
    made = other("env", name, "--json").json["variables"]["ARANGO_JWT_FILE"]
    assert made.startswith(str(tmp_path))
    assert Path(made).read_bytes() == secret.read_bytes()
    assert Path(made).stat().st_mode & 0o777 == 0o600
    shutil.rmtree(tmp_path / ".local")
    assert other("token", name, "--user", "ann").code == 0
    missing = other("token", lab.name())
    assert (missing.code, "no JWT secret of a deployment" in missing.err) == (2, True)
    (tmp_path / "file").write_text("")
    refused = other("env", name, env={"XDG_STATE_HOME": str(tmp_path / "file")})
    assert (refused.code, "XDG_STATE_HOME" in refused.err) == (10, True)


def test_logs_are_merged_and_bounded(there: tuple[Lab, str]) -> None:
    lab, name = there
    lines = lab("logs", name, "single").out.splitlines()
    assert len(lines) > 3
    assert all(line.startswith("single | ") for line in lines)
    assert lab("logs", name, "--tail", "2").out.splitlines() == lines[-2:]
    rows = [json.loads(line) for line in lab("logs", name, "--json").out.splitlines()]
    assert [f"single | {row['text']}" for row in rows] == lines
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    assert "\x1b[36msingle |\x1b[0m " in lab("logs", name, "--tail", "1", "--color", "always").out
    assert lab("logs", name, "coordinator").code == 2


def test_logs_that_are_followed_end_with_ctrl_c(there: tuple[Lab, str]) -> None:
    lab, name = there
    with lab.running("logs", name, "-f") as command:
        command.hear("ready for business", stdout=True)
        command.send(signal.SIGINT)
        assert command.end().code == 130


def test_a_reader_that_has_had_enough_is_no_error(there: tuple[Lab, str]) -> None:
    lab, name = there
    for words in (["logs", name, "-f"], ["status", name, "--watch", "--interval", "10ms"]):
        with lab.running(*words) as command:
            assert command.process.stdout is not None
            command.process.stdout.readline()
            command.process.stdout.close()
            if words[0] == "logs":
                lab("exec", name, "single", "--", "python3", "-c", "open('/proc/1/fd/1', 'w').write('more\\n')")
            assert command.process.wait(timeout=60) == 1
            assert command.process.stderr is not None
            assert command.process.stderr.read() == ""


def test_exec_passes_on_both_outputs_and_the_exit_code(there: tuple[Lab, str]) -> None:
    lab, name = there
    code = "import sys; sys.stdout.write('x' * 3_000_000); sys.stderr.write('problem'); sys.exit(7)"
    ended = lab("exec", name, "single", "--", "python3", "-c", code)
    assert (ended.code, len(ended.out), ended.err) == (7, 3_000_000, "problem")
    said = lab("exec", name, "single", "--json", "--", "python3", "-c", "print(1)").json
    assert (said["exit_code"], said["stdout"], said["stderr"]) == (0, "1\n", "")


def test_exec_gives_what_comes_on_stdin_when_asked(there: tuple[Lab, str]) -> None:
    lab, name = there
    double = "import sys; sys.stdout.write(sys.stdin.read() * 2)"
    words = [name, "single", "--", "python3", "-c", double]
    assert lab("exec", "-i", *words, stdin=b"ab" * 100_000).out == "ab" * 200_000
    assert lab("exec", *words, stdin=b"ab").out == ""
    assert lab("exec", "-i", name, "single", "--", "arangod", "--version", stdin=b"x" * 1_000_000).code == 0


@pytest.mark.parametrize(("word", "code"), [("no-such-program", 127), ("/etc", 126)])
def test_exec_says_plainly_what_cannot_be_run(word: str, code: int, there: tuple[Lab, str]) -> None:
    lab, name = there
    ended = lab("exec", name, "single", "--", word)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith(f"single: {word}: ")
    assert lab("exec", name, "single", "--json", "--", word).json["exit_code"] == code


def test_exec_without_a_deployment_means_the_configured_one(there: tuple[Lab, str]) -> None:
    lab, name = there
    assert lab("exec", "single", "--", "arangod", "--version", env={"ARMADILLO_NAME": name}).code == 0


def test_exec_knows_the_servers_there_are(there: tuple[Lab, str]) -> None:
    lab, name = there
    ended = lab("exec", name, "dbserver1", "--", "true")
    assert (ended.code, "it has single" in ended.err) == (2, True)


def test_wait_proves_what_it_was_asked_for(there: tuple[Lab, str]) -> None:
    lab, name = there
    for what in ("ready", "healthy"):
        ended = lab("wait", name, "--for", what, "--json", "--timeout", "none")
        assert (ended.code, ended.json["for"]) == (0, what)
    late = lab("wait", name, "--for", "gone", "--timeout", "300ms")
    assert (late.code, "still there: single" in late.err) == (13, True)
    assert lab("wait", lab.name()).code == 2
    assert lab("wait", lab.name(), "--for", "gone").code == 0
    assert lab("wait", name, "--for", "in-sync").code == 0
    assert lab("wait", name, "--for", "leader").code == 2
    assert lab("wait", name, "--timeout", "0").code == 2
