from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest

from armadillo.engine import interpreter, onbase, rootfs, standin
from armadillo.engine.docker import Connection
from armadillo.engine.endpoint import Endpoint
from armadillo.engine.rootfs import Entry, Layer
from armadillo.engine.standin import BuiltImage, build_standin, find_standin
from armadillo.errors import EnvironmentUnusable

pytestmark = pytest.mark.docker

SERVER = """
import http.server, os, sys

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

def main():
    print(sys.argv[0], os.getuid(), *sys.argv[1:], flush=True)
    if "--version" in sys.argv:
        open("/var/lib/arangodb3/SERVER", "w").close()
        return 0
    http.server.HTTPServer(("", 8529), Answer).serve_forever()
"""


class Kitchen:
    """Builds images of a small server of its own, and knows which, so that they can be removed."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        self.connection = connection
        self.folder = folder / "standin"
        self.cache = folder / "cache"
        self.version = f"test-{secrets.token_hex(4)}"
        self.tags: list[str] = [standin.alias(self.version)]
        (self.folder / "arangod").mkdir(parents=True)
        for name in ("Dockerfile", "install.py", "launch.py"):
            shutil.copy(standin.server().folder / name, self.folder)
        self.change("__init__.py", f'ARANGO_VERSION = "3.12.5"\nMARK = "{self.version}"\n')
        self.change("__main__.py", SERVER)

    def change(self, name: str, text: str) -> None:
        (self.folder / "arangod" / name).write_text(text)

    def build(self, base: str | None = None) -> BuiltImage:
        made = build_standin(self.connection, version=self.version, base=base, cache=self.cache, folder=self.folder)
        self.tags.append(made.tag)
        return made

    def find(self) -> BuiltImage | None:
        return find_standin(self.connection, version=self.version, cache=self.cache, folder=self.folder)

    def load_base(self, *without: str) -> str:
        """Load an image that is this machine's Python and nothing else, less some paths."""
        source = interpreter.running()
        entries = [entry for entry in rootfs.python(source) if entry.path not in without]
        tag = f"armadillo-test/base:{secrets.token_hex(4)}"
        about = {"Env": ["PATH=/usr/bin", "LD_LIBRARY_PATH=/usr/lib"], "Labels": {"mark": tag}}
        mark = Entry("mark", 0o644, tag.encode())
        layer = rootfs.layer([*entries, mark], source, small=False)
        standin.load(self.connection, rootfs.archive([tag], [layer], about, source.machine))
        self.tags.append(tag)
        return tag

    def run(self, image: str, *argv: str, **how: Any) -> tuple[int, str]:
        api = self.connection.api
        container = api.create_container(image, list(argv), **how)["Id"]
        try:
            api.start(container)
            code = int(api.wait(container)["StatusCode"])
            return code, api.logs(container).decode()
        finally:
            api.remove_container(container, force=True, v=True)

    def clean(self) -> None:
        for tag in reversed(self.tags):
            with contextlib.suppress(docker.errors.ImageNotFound):
                self.connection.api.remove_image(tag)


@pytest.fixture
def kitchen(connection: Connection, tmp_path: Path) -> Iterator[Kitchen]:
    found = Kitchen(connection, tmp_path)
    yield found
    found.clean()


def nameless(connection: Connection) -> set[str]:
    return {row["Id"] for row in connection.api.images(all=True) if not set(row["RepoTags"] or ()) - {"<none>:<none>"}}


def test_it_is_built_once_found_from_then_on_and_built_anew_when_its_files_change(kitchen: Kitchen) -> None:
    assert kitchen.find() is None
    first = kitchen.build()
    assert first.built
    again = kitchen.build()
    assert (again.id, again.tag, again.built) == (first.id, first.tag, False)
    found = kitchen.find()
    assert found is not None
    assert found.tag == first.tag
    kitchen.change("more.py", "X = 1\n")
    assert kitchen.find() is None
    second = kitchen.build()
    assert second.built
    assert second.tag != first.tag
    assert standin.present(kitchen.connection, standin.alias(kitchen.version))["Id"] == second.id


def test_the_alias_follows_what_is_asked_for_even_when_nothing_is_built(kitchen: Kitchen) -> None:
    first = kitchen.build()
    kitchen.change("more.py", "X = 1\n")
    kitchen.build()
    (kitchen.folder / "arangod" / "more.py").unlink()
    assert not kitchen.build().built
    assert standin.present(kitchen.connection, standin.alias(kitchen.version))["Id"] == first.id


def test_it_is_the_same_whether_the_engine_had_a_layer_of_it_or_not(kitchen: Kitchen) -> None:
    kitchen.build()
    kitchen.change("more.py", "X = 1\n")
    on_top = kitchen.build()
    kitchen.clean()
    assert kitchen.find() is None
    assert kitchen.build().id == on_top.id


def test_an_engine_that_wants_the_whole_archive_gets_it(kitchen: Kitchen) -> None:
    class Choosy(docker.APIClient):
        def post(self, url: Any, data: Any = None, *rest: Any, **more: Any) -> Any:
            half = url.endswith("/images/load") and len(data) < 5_000_000
            return super().post(url, b"half an archive" if half else data, *rest, **more)

    class Engine(Connection):
        def fresh(self) -> docker.APIClient:
            return Choosy(base_url=self.endpoint.url, version="auto")

    kitchen.build()
    kitchen.change("more.py", "X = 1\n")
    kitchen.connection = Engine(kitchen.connection.endpoint)
    assert kitchen.build().built
    assert kitchen.find()
    kitchen.connection.api.close()


def test_two_builds_at_once_make_one_image(kitchen: Kitchen) -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: kitchen.build(), range(2))
    assert (one.tag, one.id) == (other.tag, other.id)


@pytest.mark.parametrize(
    ("how", "argv", "called", "user"),
    [
        ({}, ("arangod", "--version"), "/entrypoint.sh", 0),
        ({}, ("--version",), "/entrypoint.sh", 0),
        ({"entrypoint": ["arangod"]}, ("--version",), "/usr/sbin/arangod", 0),
        ({"entrypoint": ["arangod"], "user": "4711"}, ("--version",), "/usr/sbin/arangod", 4711),
    ],
    ids=["entrypoint", "options alone", "direct", "any user"],
)
def test_it_starts_as_the_official_image_does(
    kitchen: Kitchen, how: dict[str, Any], argv: tuple[str, ...], called: str, user: int
) -> None:
    made = kitchen.build()
    hard = kitchen.connection.api.create_host_config(
        read_only=True, cap_drop=["ALL"], security_opt=["no-new-privileges:true"], tmpfs={"/tmp": ""}
    )
    code, said = kitchen.run(made.tag, *argv, host_config=hard, **how)
    assert (code, said.split()) == (0, [called, str(user), *argv])


def test_it_answers_soon_after_its_start(kitchen: Kitchen) -> None:
    api = kitchen.connection.api
    container = api.create_container(kitchen.build().tag)["Id"]
    try:
        api.start(container)
        address = api.inspect_container(container)["NetworkSettings"]["IPAddress"]
        deadline = time.monotonic() + 20
        while not answers(address):
            assert time.monotonic() < deadline, api.logs(container).decode()
            time.sleep(0.01)
    finally:
        api.remove_container(container, force=True, v=True)


def answers(address: str) -> bool:
    with (
        contextlib.suppress(OSError),
        contextlib.closing(http.client.HTTPConnection(address, 8529, timeout=5)) as asking,
    ):
        asking.request("GET", "/")
        return asking.getresponse().status == 200
    return False


def test_python_inside_has_what_a_server_may_want(kitchen: Kitchen) -> None:
    wanted = "import asyncio, ctypes, lzma, sqlite3, ssl, socket; print(socket.gethostbyname('localhost'))"
    code, said = kitchen.run(kitchen.build().tag, "-c", wanted, entrypoint=["python3"])
    assert (code, said) == (0, "127.0.0.1\n")


def test_an_image_on_a_base_starts_alike_and_is_the_one_found(kitchen: Kitchen) -> None:
    ours = kitchen.build()
    base = kitchen.load_base()
    made = kitchen.build(base)
    assert made.built
    assert made.tag.startswith("armadillo/standin:base-")
    assert not kitchen.build(base).built
    found = kitchen.find()
    assert found is not None
    assert found.id == made.id
    assert kitchen.run(made.tag, "--version") == (0, "/entrypoint.sh 0 --version\n")
    assert kitchen.run(made.tag, "--version", entrypoint=["arangod"], user="4711")[0] == 0
    theirs = standin.present(kitchen.connection, made.tag)["Config"]
    mine = standin.present(kitchen.connection, ours.tag)["Config"]
    for key in ("Cmd", "Entrypoint", "ExposedPorts", "StopSignal", "Volumes", "WorkingDir"):
        assert theirs[key] == mine[key]
    assert theirs["Labels"]["armadillo.standin"] == "true"
    assert kitchen.build().id == ours.id
    assert (kitchen.find() or made).id == ours.id


def without_python(kitchen: Kitchen) -> tuple[str, str]:
    return kitchen.load_base("usr/bin/python3"), "it has no python3"


def with_a_python_that_is_too_old(kitchen: Kitchen) -> tuple[str, str]:
    path = kitchen.folder / "install.py"
    path.write_text(path.read_text().replace("(3, 11)", "(9, 0)"))
    return kitchen.load_base(), f"it has Python {sys.version.split()[0]}"


def that_is_not_here(kitchen: Kitchen) -> tuple[str, str]:
    return "armadillo-test/nothing:1", "is not here"


@pytest.mark.parametrize("base", [without_python, with_a_python_that_is_too_old, that_is_not_here])
def test_a_base_that_will_not_do_is_told_and_leaves_nothing(
    kitchen: Kitchen, base: Callable[[Kitchen], tuple[str, str]]
) -> None:
    before = nameless(kitchen.connection)
    name, words = base(kitchen)
    with pytest.raises(EnvironmentUnusable, match=words) as told:
        kitchen.build(name)
    assert told.value.hint
    assert nameless(kitchen.connection) <= before


CHILD = """
import sys
from pathlib import Path
from armadillo.engine.docker import Connection
from armadillo.engine.endpoint import Endpoint
from armadillo.engine.standin import build_standin
url, version, folder, base = sys.argv[1:]
build_standin(Connection(Endpoint(url, "test")), version=version, base=base or None, folder=Path(folder),
              told=lambda line: print(line, flush=True))
"""


def child(kitchen: Kitchen, temporary: Path, base: str = "") -> subprocess.Popen[str]:
    url = kitchen.connection.endpoint.url
    command = [sys.executable, "-c", CHILD, url, kitchen.version, str(kitchen.folder), base]
    root = Path(standin.__file__).parents[2]
    return subprocess.Popen(
        command,
        cwd=root,
        env={"TMPDIR": str(temporary), "PATH": "/usr/bin:/bin"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("delay", [0.0, 0.3, 0.6, 0.9])
def test_a_build_that_is_interrupted_leaves_nothing(kitchen: Kitchen, tmp_path: Path, delay: float) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    before = nameless(kitchen.connection)
    with child(kitchen, temporary) as running:
        assert running.stdout is not None
        kitchen.tags.append(running.stdout.readline().split()[4])
        time.sleep(delay)
        running.send_signal(signal.SIGINT)
    assert list(temporary.iterdir()) == []
    assert nameless(kitchen.connection) <= before


def test_a_build_on_a_base_that_is_interrupted_leaves_nothing(kitchen: Kitchen, tmp_path: Path) -> None:
    install = kitchen.folder / "install.py"
    install.write_text(f"import time\nprint('{kitchen.version}')\ntime.sleep(60)\n" + install.read_text())
    base = kitchen.load_base()
    before = nameless(kitchen.connection)
    containers = {row["Id"] for row in kitchen.connection.api.containers(all=True)}
    with child(kitchen, tmp_path, base) as running:
        step = running_step(kitchen.connection)
        running.send_signal(signal.SIGINT)
    assert step not in {row["Id"] for row in kitchen.connection.api.containers(all=True)} - containers
    assert nameless(kitchen.connection) <= before


def test_what_a_build_left_is_removed_once_nothing_holds_it(kitchen: Kitchen) -> None:
    image = standin.present(kitchen.connection, kitchen.load_base())["Id"]
    container = kitchen.connection.api.create_container(image, "x")["Id"]
    removal = threading.Timer(0.3, kitchen.connection.api.remove_container, [container])
    removal.start()
    onbase.undo(kitchen.connection, [image.removeprefix("sha256:")[:12], "000000000000"])
    removal.join()
    assert standin.inspected(kitchen.connection, image) is None


def running_step(connection: Connection) -> str:
    """Wait for the container in which the builder runs our program."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for row in connection.api.containers():
            if "install.py" in row["Command"]:
                return str(row["Id"])
        time.sleep(0.02)
    raise AssertionError("the build never came to its program")


def test_an_engine_of_another_kind_is_refused_with_the_way_out(connection: Connection) -> None:
    with pytest.raises(EnvironmentUnusable, match="linux/s390x") as told:
        standin.check_engine(connection, "s390x")
    assert "--base" in told.value.hint


def test_an_archive_the_engine_refuses_is_told(connection: Connection) -> None:
    with pytest.raises(EnvironmentUnusable, match="the engine said"):
        standin.load(
            connection, rootfs.archive(["armadillo-test/x:1"], [Layer(f"sha256:{'0' * 64}", None)], {}, "x86_64")
        )


def test_without_an_engine_nothing_is_built_and_that_is_told() -> None:
    with pytest.raises(EnvironmentUnusable, match="engine"):
        build_standin(Connection(Endpoint("tcp://127.0.0.1:1", "test")), version="x")


def test_on_a_machine_whose_python_will_not_do_only_a_base_helps(
    kitchen: Kitchen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = kitchen.build(kitchen.load_base())
    kitchen.cache = tmp_path / "another"
    monkeypatch.setenv("PATH", str(tmp_path))
    found = kitchen.find()
    assert found is not None
    assert found.id == made.id
    kitchen.change("more.py", "X = 1\n")
    assert kitchen.find() is None
    with pytest.raises(EnvironmentUnusable, match="ldd"):
        kitchen.build()
