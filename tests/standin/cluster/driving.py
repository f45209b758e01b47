"""Starts a whole cluster of stand-ins as real processes on loopback; knows nothing of their insides."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.standin.driving import PATIENCE, SECRET, Client, Running, basic, command, free_port

AGENT, DBSERVER, COORDINATOR = "agent", "dbserver", "coordinator"
Health = dict[str, dict[str, Any]]


def superuser() -> dict[str, str]:
    """Return the header of a server of the cluster."""
    from arangod.auth import jwt

    return {"authorization": f"bearer {jwt.issue(SECRET.encode(), {'iss': 'arangodb', 'server_id': 'test'})}"}


class Cluster:
    """Servers by name; each keeps its port and its directory over restarts."""

    def __init__(self, folder: Path, counts: Sequence[int], options: Sequence[str] = ()) -> None:
        self.folder = folder
        self.options = tuple(options)
        (folder / "secret").write_text(SECRET)
        self.names = [
            f"{role}{number}"
            for role, count in zip((AGENT, DBSERVER, COORDINATOR), counts, strict=True)
            for number in range(1, count + 1)
        ]
        self.ports = {name: free_port() for name in self.names}
        self.running: dict[str, Running] = {}

    def of(self, role: str) -> list[str]:
        """Return the names of all servers of a role."""
        return [name for name in self.names if name.startswith(role)]

    def address(self, name: str) -> str:
        """Return where a server is."""
        return f"tcp://127.0.0.1:{self.ports[name]}"

    def _role(self, name: str) -> list[str]:
        agents = [self.address(agent) for agent in self.of(AGENT)]
        if name.startswith(AGENT):
            others = [f"--agency.endpoint={agent}" for agent in agents if agent != self.address(name)]
            size = f"--agency.size={len(agents)}"
            own = f"--agency.my-address={self.address(name)}"
            return ["--agency.activate=true", own, size, "--agency.supervision=true", *others]
        role = "PRIMARY" if name.startswith(DBSERVER) else "COORDINATOR"
        known = [f"--cluster.agency-endpoint={agent}" for agent in agents]
        return [f"--cluster.my-role={role}", f"--cluster.my-address={self.address(name)}", *known]

    def start(self, *names: str, more: Sequence[str] = ()) -> None:
        """Start servers, without waiting for anything."""
        for name in names or self.names:
            place = f"--database.directory={self.folder / name}"
            secret = f"--server.jwt-secret-keyfile={self.folder / 'secret'}"
            options = ["--server.endpoint", self.address(name), place, secret, *self._role(name), *self.options, *more]
            self.running[name] = Running(command("-c", "none", *options), port=self.ports[name])

    def end(self, *names: str, number: signal.Signals = signal.SIGTERM) -> dict[str, int]:
        """Send a signal to servers and return their exit codes."""
        for name in names or list(self.running):
            self.running[name].send(number)
        codes = {name: self.running[name].end() for name in names or list(self.running)}
        for name in codes:
            self.running.pop(name).clean()
        return codes

    def clean(self) -> None:
        """Leave nothing behind."""
        for running in self.running.values():
            running.clean()

    def client(self, name: str = "coordinator1", password: str = "") -> Client:
        """Return a connection: of root to a coordinator, of a server to any other."""
        headers = basic(password=password) if name.startswith(COORDINATOR) else superuser()
        return self.running[name].client(headers)

    def id(self, name: str) -> str:
        """Return the id a server keeps."""
        return (self.folder / name / "UUID").read_text()

    def read(self, path: str) -> Any:
        """Read from the agency, whoever leads."""
        for agent in self.of(AGENT):
            if agent in self.running:
                client = self.client(agent)
                answer = client.ask("POST", "/_api/agency/read", [[path]])
                if answer.status == 200:
                    tree = answer.json[0]
                    for part in path.strip("/").split("/"):
                        tree = tree.get(part, {})
                    return tree
        raise AssertionError("no agent leads")

    def until_available(self, *names: str) -> None:
        """Wait until servers are available."""
        for name in names or [one for one in self.running if not one.startswith(AGENT)]:
            self.running[name].line("[cf3f4]")

    def health(self, coordinator: str = "coordinator1", password: str = "") -> Health:
        """Return what a coordinator says of every server; nothing while it cannot."""
        client = self.client(coordinator, password)
        answer = client.get("/_admin/cluster/health")
        client.close()
        return dict(answer.json["Health"]) if answer.status == 200 else {}

    def until_health(self, wanted: Callable[[Health], bool], password: str = "") -> Health:
        """Wait until the health is as wanted."""
        seen: Health = until(lambda: self.health(password=password), wanted)
        return seen

    def until_good(self, password: str = "") -> Health:
        """Wait until every server started is good."""
        count = len(self.running)
        return self.until_health(
            lambda health: sum(one["Status"] == "GOOD" for one in health.values()) == count, password
        )

    def until_in_sync(self, coordinator: str = "coordinator1", password: str = "") -> None:
        """Wait until every shard is where it should be."""
        client = self.client(coordinator, password)
        target = "/_api/replication/clusterInventory?includeSystem=true"
        until(lambda: client.get(target).json["collections"], lambda held: all(one["allInSync"] for one in held))
        client.close()


def until(look: Callable[[], Any], wanted: Callable[[Any], bool], seconds: float = PATIENCE) -> Any:
    """Look again and again until what is seen is wanted."""
    deadline = time.monotonic() + seconds
    while not wanted(seen := look()):
        assert time.monotonic() < deadline, f"still not as wanted: {str(seen)[:3000]}"
        time.sleep(0.02)
    return seen


@contextmanager
def cluster(folder: Path, counts: Sequence[int] = (3, 3, 1), options: Sequence[str] = ()) -> Iterator[Cluster]:
    """Run a cluster whose servers are all available when the block begins, and end well when it does."""
    folder.mkdir(parents=True, exist_ok=True)
    held = Cluster(folder, counts, options)
    try:
        held.start()
        held.until_available()
        yield held
        lines = [line for running in held.running.values() for line in running.lines]
        assert set(held.end().values()) == {0}
        assert not [line for line in lines if " ERROR " in line or " FATAL " in line]
    finally:
        held.clean()
