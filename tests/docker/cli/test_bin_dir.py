"""A tree's arangod runs in the image's place with a server's options; one that cannot is refused with the reason."""

from __future__ import annotations

import json
import shutil
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from armadillo import labels
from armadillo.engine import tree
from armadillo.engine.docker import Connection
from armadillo.engine.images import ResolvedImage
from armadillo.errors import ConfigurationError
from armadillo.topology.composefile import Mount, MountKind
from tests.docker.engines import Engine

from .lab import Lab

pytestmark = pytest.mark.docker

VERSION = "9.8.7"
PROGRAM = '''#!/usr/bin/python3
"""Answers as much as a proof of readiness asks, and tells how it was started."""
import http.server, json, os, signal, sys

if "--version" in sys.argv:
    print("9.8.7\\n\\nserver-version: 9.8.7\\nlicense: community")
    sys.exit()
directory = [word.partition("=")[2] for word in sys.argv if word.startswith("--database.directory=")][0]
if "--database.init-database=true" in sys.argv:
    with open(directory + "/FIRST", "w") as file:
        file.write(os.environ["ARANGODB_DEFAULT_ROOT_PASSWORD"])
    open(directory + "/SERVER", "w").close()
    sys.exit()
ANSWERS = {"/_admin/server/role": {"role": "SINGLE"}, "/_admin/server/availability": {"mode": "default"}}
ANSWERS["/told"] = {"argv": sys.argv, "first": open(directory + "/FIRST").read()}
kept = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        given = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        if self.command == "POST":
            kept.update(given)
        body = json.dumps(ANSWERS.get(self.path, kept)).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = answer

    def log_message(self, *words):
        pass


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
http.server.ThreadingHTTPServer(("0.0.0.0", 8529), Handler).serve_forever()
'''


def planted(folder: Path, program: str | Path = PROGRAM, place: str = "usr/sbin") -> Path:
    """Make an install tree with a program in arangod's place."""
    path = folder / "a tree" / place / "arangod"
    path.parent.mkdir(parents=True)
    if isinstance(program, Path):
        shutil.copy(program, path)
    else:
        path.write_text(program)
    path.chmod(0o755)
    return folder / "a tree"


def told(endpoint: str) -> Any:
    with urllib.request.urlopen(f"{endpoint}/told", timeout=10) as answer:
        return json.loads(answer.read())


def test_the_arangod_of_a_tree_is_initialised_and_run_and_its_version_recorded(lab: Lab, tmp_path: Path) -> None:
    folder, name = planted(tmp_path), lab.name()
    ended = lab("up", "--name", name, "--bin-dir", str(folder), "--json")
    assert ended.code == 0, ended
    said = ended.json
    assert (said["version"], said["arangod"], said["standin"]) == (VERSION, str(folder / "usr/sbin/arangod"), False)
    assert "stand-in, a small server" not in ended.err
    ran = told(said["endpoints"][0])
    assert ran["first"] == Path(said["password_file"]).read_text()
    assert "--server.jwt-secret-keyfile=/run/secrets/jwt" in ran["argv"]
    assert "--database.directory=/var/lib/arangodb3" in ran["argv"]
    assert "--server.authentication=true" in ran["argv"]
    [server] = lab.servers(name)
    assert (server.labels[labels.VERSION], server.labels[labels.STANDIN]) == (VERSION, "false")
    assert [row["name"] for row in lab("status", name, "--json").json["servers"]] == ["single"]
    assert lab("restart", name).code == 0
    assert told(lab("endpoints", name).out.strip())["first"] == ran["first"]
    assert lab("down", name).code == 0
    assert lab.left(name) == []


def test_up_runs_what_render_printed(lab: Lab, tmp_path: Path) -> None:
    folder, name = planted(tmp_path, place="build/bin"), lab.name()
    text = lab("render", "--name", name, "--bin-dir", str(folder)).out
    assert f"source: {json.dumps(str(folder / 'build/bin/arangod'))}" in text
    (tmp_path / "compose.yml").write_text(text)
    ended = lab("up", "./compose.yml", "--json")
    assert ended.code == 0, ended
    assert ended.json["version"] == VERSION
    assert lab("up", "--name", name, "--bin-dir", str(folder), "--json").json["adopted"]


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("neither a script nor a program", "it is no program for the engine's architecture"),
        ("#!/no/such/interpreter\n", "the image lacks the program that interprets or loads it"),
        ("#!/usr/bin/python3\nimport sys; sys.exit('no cores')\n", "`--version` ended with 1: no cores"),
        ("#!/usr/bin/python3\nprint('hello')\n", "`--version` tells no version: hello"),
        ("#!/usr/bin/python3\n", "`--version` tells no version: it said nothing"),
    ],
)
def test_what_cannot_run_is_refused_with_the_reason_before_anything_is_made(
    program: str, why: str, lab: Lab, tmp_path: Path
) -> None:
    folder, name = planted(tmp_path, program), lab.name()
    ended = lab("up", "--name", name, "--bin-dir", str(folder), "--json")
    assert (ended.code, ended.json["error"]["code"]) == (2, "configuration")
    assert why in ended.json["error"]["message"]
    assert lab.left(name) == []
    assert trials(lab, folder) == []


def test_a_library_that_the_image_lacks_is_named(lab: Lab, tmp_path: Path) -> None:
    needy = next((path for path in map(Path, ("/usr/bin/apt-get", "/usr/bin/gpg")) if path.exists()), None)
    if needy is None:
        pytest.skip("no program with libraries of its own is here")
    ended = lab("up", "--name", lab.name(), "--bin-dir", str(planted(tmp_path, needy)))
    assert ended.code == 2
    assert "error while loading shared libraries: lib" in ended.err


def trials(lab: Lab, folder: Path) -> list[str]:
    """Return the containers that have something of a tree."""
    rows = lab.connection.api.containers(all=True)
    return [row["Id"] for row in rows if any(str(folder) in mount.get("Source", "") for mount in row["Mounts"])]


def test_one_that_does_not_tell_its_version_in_time_is_refused(
    connection: Connection, standin_image: ResolvedImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "SECONDS", 1.0)
    found = tree.located(planted(tmp_path, "#!/usr/bin/python3\nimport time; time.sleep(600)\n"))
    mount = Mount(MountKind.BIND, "/usr/sbin/arangod", found.arangod, True)
    with pytest.raises(ConfigurationError, match="did not end in 1 s"):
        tree.version_of(connection, standin_image.reference, [mount])


def test_an_engine_elsewhere_has_no_trees_of_this_host(lab: Lab, tmp_path: Path, elsewhere: Engine) -> None:
    where = {"DOCKER_HOST": elsewhere.url}
    ended = lab("up", "--name", lab.name(), "--bin-dir", str(planted(tmp_path)), "--json", env=where)
    assert ended.code == 2
    assert f"the engine at {elsewhere.url} has files of its own" in ended.json["error"]["message"]
