"""A server as a part of its cluster: it registers, sends heartbeats, and knows the agency's tree.

Knows nothing of what dbservers and coordinators do with that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from arangod.agency.client import AgencyClient, NoAgency, Refused, Unauthorized
from arangod.cluster.agreed import at, path, reboot_id, stamp
from arangod.cluster.peers import Peers
from arangod.cluster.registration import Facts, registration, skeleton
from arangod.cluster.view import View
from arangod.failure import ArangoError, Exit, ExitCode
from arangod.process.log import Log
from arangod.store.names import SYSTEM

_PAUSE = 0.05
_BLOCK = 1000
_SECONDS = 10.0
_QUICK_SECONDS = 1.0

Connect = Callable[[float], AgencyClient]
Users = Callable[[], Sequence[Mapping[str, Any]]]


class Member:
    """One server of a cluster, from its registration to its last heartbeat."""

    def __init__(
        self, facts: Facts, connect: Connect, peers: Peers, log: Log, stopping: threading.Event,
        agents: Sequence[str],
    ) -> None:  # fmt: skip
        self.facts = facts
        self.agents = agents
        self.agency = connect(_SECONDS)
        self.quick = connect(_QUICK_SECONDS)
        self.peers = peers
        self.view = View(self.agency)
        self.state = "STARTUP"
        self.reboot_id = 0
        self.failed_heartbeats = 0
        self.log = log
        self.stopping = stopping
        self.tell_users: Users = tuple
        self.tell_measures: Callable[[], dict[str, tuple[str, float]]] = dict
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat_always, name="heartbeat", daemon=True)
        self._numbers = (0, 0)
        self._numbering = threading.Lock()

    @property
    def id(self) -> str:
        """The id that outlives the process."""
        return self.facts.id

    @property
    def tree(self) -> dict[str, Any]:
        """The agency's tree as it is known here."""
        return self.view.tree

    @property
    def databases(self) -> Collection[str]:
        """The names of the databases of the cluster."""
        planned: Collection[str] = at(self.tree, "Plan", "Databases")
        return planned or (SYSTEM,)

    @property
    def users(self) -> Sequence[Mapping[str, Any]]:
        """The entries of the users, as far as this server serves users."""
        return self.tell_users()

    def register(self, cluster: str, system_factor: int) -> bool:
        """Make the first tree if there is none, and become known in it; False when a stop came first."""
        told = False
        while not self.stopping.is_set():
            try:
                self.agency.write(skeleton(cluster, system_factor))
                self.agency.write(registration(self.facts, stamp(datetime.now(UTC))))
                return self._begin()
            except Unauthorized:
                text = "Unauthorized. Wrong credentials."
                raise Exit(ExitCode.FAILED, text, id="32781", topic="cluster") from None
            except (NoAgency, Refused) as exc:
                if not told:
                    self.log.write("WARNING", "5a010", "cluster", f"waiting for the agency: {exc}")
                    told = True
                self.stopping.wait(_PAUSE)
        return False

    def _begin(self) -> bool:
        """Follow the agency and send heartbeats, now that this server is known."""
        self.reboot_id = int(self.agency.get(path("Current", "ServersKnown", self.id, "rebootId")) or 0)
        self._heart.start()
        self.view.start()
        threading.Thread(target=self._give_up, name="give up", daemon=True).start()
        return self.view.wait(self._is_known) is not None and not self.stopping.is_set()

    def _give_up(self) -> None:
        """Let nobody wait for the cluster any more when a stop comes before this server serves."""
        self.stopping.wait()
        if self.state == "STARTUP":
            self.view.close()

    def _is_known(self, tree: dict[str, Any]) -> bool | None:
        return True if reboot_id(tree, self.id) >= self.reboot_id else None

    def serving(self) -> None:
        """Say with the heartbeats that this server serves."""
        self.state = "SERVING"
        self._beat()

    def _interval(self) -> float:
        interval = at(self.tree, "Sync").get("HeartbeatIntervalMs")
        return interval / 1000 if isinstance(interval, int | float) and interval > 0 else 1.0

    def _beat_always(self) -> None:
        self._beat()
        while not self._ended.wait(self._interval()):
            self._beat()

    def _beat(self) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        try:
            self.quick.transient([{path("Sync", "ServerStates", self.id): {"status": self.state, "time": now}}])
        except (NoAgency, Refused, Unauthorized):
            self.failed_heartbeats += 1

    def next_number(self) -> str:
        """Return a number nobody in the cluster gets a second time."""
        with self._numbering:
            first, last = self._numbers
            if first >= last:
                first, last = self._new_numbers()
            self._numbers = first + 1, last
            return str(first)

    def _new_numbers(self) -> tuple[int, int]:
        place = path("Sync", "LatestID")
        while True:
            with agency_errors():
                latest = int(self.agency.get(place) or 1)
                if self.agency.change({place: latest + _BLOCK}, {place: {"old": latest}}):
                    return latest + 1, latest + _BLOCK + 1

    def write(self, *transactions: list[Any]) -> bool:
        """Write to the agency and wait until this server sees it; False when a precondition failed."""
        with agency_errors():
            indices = self.agency.write(*transactions)
        self.view.reach(max(indices, default=0), _SECONDS)
        return all(indices)

    def status(self) -> dict[str, Any]:
        """Return what `/_admin/status` says more of a server of a cluster."""
        server = {
            "persistedId": self.id,
            "rebootId": max(self.reboot_id, reboot_id(self.tree, self.id)),
            "state": self.state,
            "address": self.facts.endpoint,
            "serverId": self.id,
        }
        told: dict[str, Any] = {"serverInfo": server, "agency": {"agencyComm": {"endpoints": list(self.agents)}}}
        if self.facts.kind == "Coordinators":
            master = at(self.tree, "Current").get("Foxxmaster", "")
            told["coordinator"] = {"foxxmaster": master, "isFoxxmaster": master == self.id}
        return told

    def measures(self) -> dict[str, tuple[str, float]]:
        """Return the measures of a server of a cluster, with their kinds."""
        return {"arangodb_heartbeat_failures_total": ("counter", self.failed_heartbeats), **self.tell_measures()}

    def close(self) -> None:
        """Send a last heartbeat that says goodbye, and end."""
        self._ended.set()
        self.view.close()
        if self._heart.ident is not None:
            self.state = "SHUTDOWN"
            self._heart.join()
            self._beat()
        self.peers.close()
        self.quick.close()
        self.agency.close()


@contextmanager
def agency_errors() -> Iterator[None]:
    """Within it, an agency that does not answer is an error of the request."""
    try:
        yield
    except NoAgency as exc:
        raise ArangoError(503, f"the agency does not answer: {exc}") from exc
    except (Unauthorized, Refused) as exc:
        raise ArangoError(1492, f"agency communication failed: {exc}") from exc
