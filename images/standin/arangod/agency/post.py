"""An agent at its post: the replicated store with everything around it, from the first gossip to the end.

Knows nothing of HTTP; what is asked of it over HTTP is asked of its parts.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arangod.agency import describe
from arangod.agency.agent import Agent, NotLeading, Undecided
from arangod.agency.describe import Settings
from arangod.agency.disk import Disk
from arangod.agency.gossip import Gossip
from arangod.agency.links import Link
from arangod.agency.pool import Pool
from arangod.agency.supervise import Clockwork, Decide
from arangod.process.log import Log

FOLDER = "agency-standin"


class Post:
    """Opens the disk, finds the others, joins the consensus, watches over the servers while it leads."""

    def __init__(
        self,
        own: str,
        settings: Settings,
        folder: Path,
        token: str,
        log: Log,
        decide: Decide,
        failed: Callable[[str], None],
    ) -> None:
        disk = Disk(folder, wait_for_sync=settings.wait_for_sync)
        if disk.torn:
            log.write("WARNING", "5a024", "agency", f"cut {disk.torn} bytes of a write that was never finished")
        self.settings = settings
        self.pool = Pool(folder / "pool.json", own, settings.endpoint, settings.size, time.time())
        self.agent = Agent(own, disk, log, failed)
        self.gossip = Gossip(own, settings.endpoint, settings.others, self.pool, token, self._learned, log)
        self._disk = disk
        self._token = token
        self._log = log
        self._decide = decide
        self._joining = threading.Lock()
        self._supervision = Clockwork("supervision", settings.timings.frequency, self._supervise)

    def start(self) -> None:
        """Begin to look for the others; the consensus begins when all are known."""
        self._learned()
        if self.settings.size > 1:
            self.gossip.start()
        if self.settings.supervision:
            self._supervision.start()

    def leave(self) -> None:
        """Take part no more; who waits for the log is told so."""
        self.gossip.stop()
        if self.agent.consensus is not None:
            self.agent.consensus.close()

    def close(self) -> None:
        """End everything, the disk last."""
        self.leave()
        if self.settings.supervision:
            self._supervision.stop()
        self._disk.close()

    def _learned(self) -> None:
        with self._joining:
            if not self.pool.is_full or self.agent.consensus is not None:
                return
            own, settings = self.agent.id, self.settings
            peers = [peer for peer in self.pool.endpoints if peer != own]
            consensus = self.agent.join(peers, settings.timing, settings.keeping)
            patience = max(settings.timing.longest, 1.0)

            def endpoint_of(peer: str) -> Callable[[], str]:
                return lambda: self.pool.endpoints[peer]

            links = {
                peer: Link(own, peer, endpoint_of(peer), self._token, consensus.heard, self._log, patience)
                for peer in peers
            }
            consensus.start(links)

    def _supervise(self) -> None:
        """Let the decisions be made and put into the log, if this agent leads."""
        try:
            if not self.agent.leads():
                return
            view = self.agent.view()
            if view.since is None:
                return
            timings = self.settings.timings._replace(leading_for=time.monotonic() - view.since, seen=view.seen)
            now = datetime.now(UTC)
            tree, transient = view.spearhead.at(time.time()), view.transient
            decided = list(self._decide(tree.root, transient.root, now, timings))
            if decided:
                self.agent.transact(decided)
        except (NotLeading, Undecided):
            return
        except Exception as exc:  # noqa: BLE001  a mistake in one decision must not end the watch
            self._log.fault(exc, "the supervision")

    def configuration(self) -> dict[str, Any]:
        """Return what `config` says."""
        return describe.configuration(self.agent, self.pool, self.settings)
