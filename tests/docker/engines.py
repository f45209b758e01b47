"""A second Docker engine for a test that may not disturb the machine's own: started, killed, ended, nothing left of it.

Elsewhere it has a network of its own, so that 127.0.0.1 is not its; here it shares the host's and keeps off its
firewall and off the machine's own bridge, so that servers are reached at 127.0.0.1, but not by each other.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from armadillo.engine.docker import Connection
from armadillo.engine.endpoint import Endpoint
from armadillo.errors import ArmadilloError
from armadillo.wait import NotYet, until

PROGRAMS = ("dockerd", "containerd", "ip", "nsenter", "umount")
PORT = 2375
SECONDS = 30.0
CGROUPS = Path("/sys/fs/cgroup")


def missing() -> str:
    """Say why this machine cannot run a second engine; empty when it can."""
    if os.geteuid() != 0:
        return "a second engine needs root"
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    return f"a second engine needs {', '.join(absent)}" if absent else ""


def ran(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


@dataclasses.dataclass(slots=True)
class Engine:
    """One engine below one folder; `namespace` is its own network's name, or empty."""

    home: Path
    name: str
    address: str
    namespace: str = ""
    group: str = "root"
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"tcp://{self.address}:{PORT}" if self.namespace else f"unix://{self.path}"

    @property
    def path(self) -> Path:
        """Where its socket is."""
        return self.home / "docker.sock"

    def connection(self) -> Connection:
        return Connection(Endpoint(self.url, "a test"))

    def start(self) -> None:
        """Start it and wait until it answers."""
        (self.home / "daemon.json").write_text("{}")  # the machine's own would be read otherwise
        inside = ["nsenter", f"--net=/var/run/netns/{self.namespace}"] if self.namespace else []
        # In the host's network it must not flush the other engine's rules; and with no bridge it would remove docker0.
        own = ["--iptables=false", "--ip6tables=false", f"--bridge={self.name}"]
        listens = ["-H", self.url, "--bridge=none"] if self.namespace else own
        words = ["dockerd", "--config-file", str(self.home / "daemon.json"), "--tls=false"]
        words += ["--data-root", str(self.home / "data"), "--exec-root", str(self.home / "run")]
        words += ["--pidfile", str(self.home / "pid"), "--cgroup-parent", f"/{self.name}", "--group", self.group]
        words += ["-H", f"unix://{self.path}", *listens]
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*inside, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        until(self._answers, what="the second engine", timeout=SECONDS, first=0.02, cap=0.2)

    def _answers(self) -> None:
        if self.process is None or self.process.poll() is not None:
            raise AssertionError((self.home / "log").read_text()[-2000:])
        family, place = (socket.AF_INET, (self.address, PORT)) if self.namespace else (socket.AF_UNIX, str(self.path))
        with socket.socket(family) as knock:  # the client would leave its socket open when nobody is there yet
            try:
                knock.connect(place)
            except OSError as exc:
                raise NotYet(str(exc)) from exc
        with self.connection() as connection:
            connection.info()

    def stop(self) -> None:
        """End it as a machine's shutdown would; its containers end too."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Let it crash: containers go on until it is started again."""
        self._end(signal.SIGKILL)
        # Its containerd died with it; while nobody has reaped it, the next start would take it for alive.
        (self.home / "run" / "containerd" / "containerd.pid").unlink(missing_ok=True)

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(SECONDS)

    def empty(self) -> None:
        """Remove all containers and networks, whose bridges would stay otherwise."""
        with self.connection() as connection:
            for row in connection.api.containers(all=True):
                connection.api.remove_container(row["Id"], force=True, v=True)
            for row in connection.api.networks(filters={"type": "custom"}):
                connection.api.remove_network(row["Id"])

    def close(self) -> None:
        """End it and remove all that it leaves: processes, mounts, groups of processes, files."""
        with contextlib.suppress(ArmadilloError, AssertionError, OSError):
            if self.process is None or self.process.poll() is not None:
                self.start()
            self.empty()
        self.stop()
        for pid in self.left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for mount in self.mounts():
            subprocess.run(["umount", "--lazy", mount], check=False, capture_output=True)
        shutil.rmtree(self.home)
        for group in sorted(CGROUPS.glob(f"*/{self.name}")) + sorted(CGROUPS.glob(self.name)):
            with contextlib.suppress(OSError):
                group.rmdir()

    def left(self) -> list[int]:
        """Return the processes that serve this engine: those that have its folder among their words."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if str(self.home).encode() in (place / "cmdline").read_bytes():
                    found.append(int(place.name))
        return found

    def mounts(self) -> list[str]:
        """Return what is mounted below its folder, the last first."""
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
        places = [line.split()[4] for line in lines]
        return [place for place in reversed(places) if place.startswith(f"{self.home}/")]


def free_subnet() -> tuple[str, str]:
    """Return two addresses of a small subnet that nobody else is likely to have."""
    third, fourth = secrets.randbelow(256), secrets.randbelow(64) * 4
    return f"10.214.{third}.{fourth + 1}", f"10.214.{third}.{fourth + 2}"


@contextlib.contextmanager
def network(name: str) -> Iterator[str]:
    """Make a network namespace that the host reaches, and yield the address that is inside of it."""
    outside, inside = free_subnet()
    ran("ip", "netns", "add", name)
    try:
        ran("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        ran("ip", "addr", "add", f"{outside}/30", "dev", name)
        ran("ip", "link", "set", name, "up")
        ran("ip", "-n", name, "addr", "add", f"{inside}/30", "dev", "eth0")
        for link in ("lo", "eth0"):
            ran("ip", "-n", name, "link", "set", link, "up")
        yield inside
    finally:
        ran("ip", "netns", "del", name)


@contextlib.contextmanager
def bridge(name: str) -> Iterator[str]:
    """Make a bridge in the host's network for an engine to have as its own, and yield where servers are reached."""
    ran("ip", "link", "add", name, "type", "bridge")
    try:
        ran("ip", "addr", "add", f"{free_subnet()[0]}/30", "dev", name)
        ran("ip", "link", "set", name, "up")
        yield "127.0.0.1"
    finally:
        ran("ip", "link", "del", name)


@contextlib.contextmanager
def engine(*, elsewhere: bool = False, group: str = "root") -> Iterator[Engine]:
    """Run a second engine while the block lasts: on a socket of this host, or over TCP on an address of its own."""
    name = f"engine{secrets.token_hex(4)}"  # a link's name has at most 15 letters
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(network(name) if elsewhere else bridge(name))
        home = Path(tempfile.mkdtemp(prefix=f"{name}-", dir="/tmp"))
        home.chmod(0o755)
        made = Engine(home, name, address, namespace=name if elsewhere else "", group=group)
        stack.callback(made.close)
        made.start()
        yield made
