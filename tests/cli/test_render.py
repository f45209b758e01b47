"""`armadillo render`: the text on stdout, what a person must know on stderr, or everything in a folder."""

from __future__ import annotations

import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from armadillo import preset
from armadillo.topology import load_compose
from armadillo.topology import render as rendered

from .running import Call, armadillo, in_shell

TOPOLOGY = """\
apiVersion: armadillo/v1
kind: Topology
metadata: {name: mine}
spec:
  mode: cluster
  dbservers: {count: 2}
"""


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_text_alone_is_on_stdout(call: Call) -> None:
    ended = call("render", "--cluster")
    assert (ended.code, ended.out) == (0, rendered(preset("cluster")))
    assert ended.err.startswith("it reads secrets/jwt beside it; make them: ")
    assert "start it: docker compose -p armadillo-default -f compose.yml up -d --wait\n" in ended.err
    assert call("render", "--cluster") == ended


def test_programs_get_the_text_with_what_is_in_it(call: Call) -> None:
    data = call("render", "--dbservers", "2", "--agents", "1", "--name", "x", "--json").json
    assert data["compose"] == rendered(preset("small"), "x")
    assert {key: data[key] for key in ("schema", "name", "services", "secrets")} == {
        "schema": "armadillo.render/v1",
        "name": "x",
        "services": ["agent1", "dbserver1", "dbserver2", "coordinator1"],
        "secrets": ["secrets/jwt"],
    }
    assert data["topology_hash"] == load_compose(data["compose"], "x").hash
    assert data["notes"][0].startswith("it reads secrets/jwt")


@pytest.mark.parametrize("words", [["render", "--cluster"], ["render"]])
def test_the_command_that_is_told_makes_the_secrets(words: list[str], call: Call, place: Path) -> None:
    told = call(*words).err.splitlines()[0].partition("make them: ")[2]
    subprocess.run(["sh", "-c", told], cwd=place, check=True, timeout=60)
    made = sorted((place / "secrets").iterdir())
    assert [path.name for path in made] == (["jwt"] if "--cluster" in words else ["jwt", "root-password"])
    assert {mode(path) for path in made} == {0o600}
    assert {len(path.read_text()) for path in made} == {64}
    token = call("token", "--jwt-secret-file", "secrets/jwt")
    assert (token.code, token.err) == (0, "")


def test_a_folder_gets_all_that_compose_needs(call: Call, place: Path) -> None:
    ended = call("render", "--name", "x", "--out", "my lab")
    names = ["my lab/compose.yml", "my lab/.env", "my lab/secrets/jwt", "my lab/secrets/root-password"]
    assert (ended.code, ended.out.splitlines()) == (0, names)
    assert ended.err == "start it: docker compose -f 'my lab/compose.yml' up -d --wait\n"
    lab = place / "my lab"
    assert (lab / "compose.yml").read_text() == rendered(preset("single"), "x")
    assert (lab / ".env").read_text() == "COMPOSE_PROJECT_NAME=armadillo-x\n"
    secrets = [lab / "secrets" / name for name in ("jwt", "root-password")]
    assert {mode(path) for path in secrets} == {0o600}
    assert mode(lab / "secrets") == 0o700
    assert len({path.read_text() for path in secrets}) == 2
    assert {len(path.read_text()) for path in secrets} == {48}


def test_what_holds_wherever_the_text_is_is_told_with_a_folder_too(call: Call) -> None:
    told = "started so, root has an empty password; `armadillo up` sets one before the cluster is ready"
    ended = call("render", "--cluster", "--out", "lab", "--json")
    assert ended.json["notes"] == ["start it: docker compose -f lab/compose.yml up -d --wait", told]
    assert ended.err.splitlines() == ended.json["notes"]
    assert ended.json["files"] == ["lab/compose.yml", "lab/.env", "lab/secrets/jwt"]
    assert "authentication is off" in call("render", "--no-auth", "--out", "open").err


def test_the_second_time_secrets_stay_and_are_never_shown(call: Call, place: Path) -> None:
    first = call("render", "--out", "lab", "-vv")
    kept = {path: path.read_text() for path in (place / "lab" / "secrets").iterdir()}
    second = call("render", "--out", "lab", "-o", "json", "-vv")
    assert second.code == 0
    assert kept == {path: path.read_text() for path in (place / "lab" / "secrets").iterdir()}
    assert not [secret for secret in kept.values() if secret in "".join((*first[1:], *second[1:]))]


@pytest.mark.parametrize("file", ["compose.yml", ".env"])
def test_a_file_that_differs_is_not_overwritten_unasked(file: str, call: Call, place: Path) -> None:
    (place / "lab").mkdir()
    (place / "lab" / file).write_text("mine\n")
    ended = call("render", "--out", "lab")
    assert (ended.code, ended.out) == (17, "")
    assert ended.err == f"error: lab/{file} exists and is another text\n  → give --force, or another folder\n"
    assert [path.name for path in (place / "lab").iterdir()] == [file]
    assert (place / "lab" / file).read_text() == "mine\n"
    assert call("render", "--out", "lab", "--force").code == 0
    assert (place / "lab" / file).read_text() != "mine\n"


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_a_folder_that_is_a_file_is_told(out: str, call: Call, place: Path) -> None:
    (place / "file").write_text("")
    ended = call("render", "--out", out)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: file")
    assert ended.err.endswith("  → name a directory: --out DIR\n")


@pytest.mark.parametrize("out", ["/proc/lab", "/sys"])
def test_a_folder_that_cannot_be_written_is_told(out: str, call: Call) -> None:
    ended = call("render", "--out", out)
    assert (ended.code, ended.out) == (10, "")
    assert ended.err.startswith(f"error: {out}")


def test_a_compose_file_that_is_a_folder_is_told(call: Call, place: Path) -> None:
    (place / "lab" / "compose.yml").mkdir(parents=True)
    ended = call("render", "--out", "lab")
    assert (ended.code, ended.err.splitlines()[0]) == (2, "error: lab/compose.yml: Is a directory")


def test_a_file_system_that_is_full_is_told_and_leaves_no_half_file(place: Path) -> None:
    script = f"trap '' {signal.SIGXFSZ.value}; ulimit -f 4; armadillo render --cluster --dbservers 9 --out lab"
    ended = in_shell(script, cwd=place)
    assert (ended.code, ended.out) == (10, "")
    assert ended.err.startswith("error: lab/compose.yml cannot be written: File too large\n  → ")
    assert sorted(path.name for path in (place / "lab").iterdir()) == ["secrets"]


def test_a_topology_comes_from_a_file_or_stdin(call: Call, place: Path) -> None:
    (place / "mine.yaml").write_text(TOPOLOGY)
    read = call("render", "./mine.yaml")
    assert "name: armadillo-mine-dbserver2" in read.out
    assert call("render", "-", stdin=TOPOLOGY.encode()) == read
    assert call("render", "mine.yaml", "--name", "x").out == read.out.replace("mine", "x")


def test_a_compose_file_is_given_back_as_it_is(call: Call, place: Path) -> None:
    call("render", "--cluster", "--name", "x", "--out", "lab")
    (place / "lab" / "compose.yml").write_text((place / "lab" / "compose.yml").read_text() + "# mine\n")
    ended = call("render", "lab/compose.yml")
    assert ended.out == (place / "lab" / "compose.yml").read_text()
    assert ended.err == "it reads secrets/jwt beside it\n"
    assert call("render", "-", stdin=ended.out.encode()) == ended
    data = call("render", "lab/compose.yml", "--json").json
    assert (data["name"], data["secrets"]) == ("x", ["secrets/jwt"])
    copied = call("render", "lab/compose.yml", "--out", "copy")
    assert (copied.code, copied.out) == (0, "copy/compose.yml\ncopy/.env\n")
    assert "it reads secrets/jwt beside it" in copied.err
    assert not (place / "copy" / "secrets").exists()


def test_nothing_beside_a_compose_file_can_change_it(call: Call, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "compose.yml").write_text(rendered(preset("single")))
    monkeypatch.setenv("ARMADILLO_PORT", "0")
    ended = call("render", "compose.yml", "--no-auth", "--agents", "0")
    assert (ended.code, ended.out) == (2, "")
    assert "taken as it is; --agents, --no-auth, --port cannot change it" in ended.err


def test_mistakes_in_a_file_are_told_at_once_with_their_places(call: Call, place: Path) -> None:
    (place / "mine.yaml").write_text(TOPOLOGY.replace("dbservers: {count: 2}", "dbserver: {}\n  agents: {count: 2}"))
    ended = call("render", "mine.yaml", "--json")
    assert ended.code == 2
    assert [problem["place"] for problem in ended.json["error"]["details"]["problems"]] == [
        "mine.yaml:6:3",
        "mine.yaml:7:19",
    ]
    assert "mine.yaml:6:3: spec.dbserver: unknown key, did you mean dbservers?" in ended.err


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["nothere"], 2, "there is no topology 'nothere'"),
        (["clster"], 2, "did you mean cluster?"),
        ([""], 2, "there is no topology ''"),
        (["./none.yaml"], 2, "./none.yaml: no such file"),
        (["."], 2, ". is a directory"),
        (["raw.yaml"], 2, "raw.yaml: byte 0 is not UTF-8"),
        (["/proc/self/mem"], 10, "/proc/self/mem cannot be read: Input/output error"),
        (["--name", ""], 2, "name"),
        (["--agents", "2"], 2, "use an odd number: 1 or 3"),
        (["--cluster", "single"], 2, "--cluster, but single is a single server"),
        (["--dbservers", "3", "single"], 2, "--dbservers, but single is a single server"),
        (["--templates", "none"], 2, "the templates none are no directory"),
        (["--publish", "some"], 2, "'some' is not one of 'coordinators', 'all', 'none'"),
    ],
)
def test_what_cannot_be_rendered_is_told(words: list[str], code: int, says: str, call: Call, place: Path) -> None:
    (place / "raw.yaml").write_bytes(b"\xff")
    ended = call("render", *words)
    assert (ended.code, ended.out) == (code, "")
    assert says in ended.err
    assert "Traceback" not in ended.err


def test_every_option_changes_the_text(call: Call, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "own").mkdir()
    (place / "own" / "single.yml.j2").write_text(rendered(preset("single"), "default") + "# {{ name }}, own\n")
    for words in (
        ["--port", "8600"],
        ["--image", "mine:1"],
        ["--no-auth"],
        ["--no-egress"],
        ["--publish", "none"],
        ["--name", "x"],
        ["--templates", "own"],
    ):
        changed = call("render", *words).out
        assert changed != call("render").out
        name, value = f"ARMADILLO_{words[0][2:].upper().replace('-', '_')}", words[1] if len(words) > 1 else "1"
        with monkeypatch.context() as patched:
            patched.setenv(name, value)
            assert call("render").out == changed, name


@pytest.mark.parametrize("preset_name", ["single", "cluster", "small", "ha"])
def test_words_and_preset_give_the_same(preset_name: str, call: Call) -> None:
    assert call("render", preset_name).out == rendered(preset(preset_name))


def test_the_name_is_the_said_one_then_the_configured_then_the_files(
    call: Call, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "mine.yaml").write_text(TOPOLOGY)

    def name(*words: str) -> object:
        return call("render", "mine.yaml", "--json", *words).json["name"]

    assert name() == "mine"
    monkeypatch.setenv("ARMADILLO_NAME", "configured")
    assert (name(), name("-n", "said")) == ("configured", "said")


def test_a_configured_image_is_for_what_names_none(call: Call, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setenv("ARMADILLO_IMAGE", "configured:1")
    (place / "mine.yaml").write_text(TOPOLOGY + "  image: written:1\n")
    assert "image: configured:1" in call("render").out
    assert "image: written:1" in call("render", "mine.yaml").out
    assert "image: said:1" in call("render", "mine.yaml", "--image", "said:1").out


def test_the_same_words_give_the_same_bytes_in_any_process(place: Path) -> None:
    one, other = (armadillo("render", "ha", cwd=place, env={"PYTHONHASHSEED": seed}) for seed in ("1", "2"))
    assert one == other


def test_the_printed_start_command_is_one_that_a_shell_reads(call: Call, place: Path) -> None:
    ended = call("render", "--out", "it's; here")
    words = shlex.split(ended.err.removeprefix("start it: "))
    assert words[:3] == ["docker", "compose", "-f"]
    assert Path(words[3]).samefile(place / "it's; here" / "compose.yml")
