"""The part of an agent: its options become settings, and it serves from the start.

Knows nothing of how agents agree.
"""

from __future__ import annotations

import threading

from arangod.agency.consensus import Keeping
from arangod.agency.describe import Settings
from arangod.agency.post import FOLDER, Post
from arangod.agency.raft import Timing
from arangod.agency.supervise import Timings
from arangod.auth import jwt
from arangod.cluster.supervision import decide
from arangod.failure import Exit, ExitCode
from arangod.node import Node
from arangod.options.parse import Options
from arangod.process import endpoint
from arangod.process.datadir import DataDirectory
from arangod.store.journal import Damaged

# Where no option is given: about ten times quicker than arangod, for this is for tests.
QUICK = {
    "agency.election-timeout-min": 0.2,
    "agency.election-timeout-max": 0.6,
    "agency.supervision-frequency": 0.2,
    "agency.supervision-ok-threshold": 1.0,
    "agency.supervision-grace-period": 2.0,
    "agency.compaction-step-size": 500,
    "agency.compaction-keep-size": 500,
}
_HEARTBEATS = 0.25  # of the shortest time between elections


def _fatal(text: str) -> Exit:
    return Exit(ExitCode.FAILED, text, id="5a025", topic="agency")


def _number(options: Options, name: str) -> float:
    return options.number(name) if name in options.given else QUICK[name]


def _timing(options: Options) -> Timing:
    shortest = _number(options, "agency.election-timeout-min")
    longest = _number(options, "agency.election-timeout-max")
    if "agency.election-timeout-max" not in options.given and longest < 2 * shortest:
        longest = 3 * shortest
    elif "agency.election-timeout-min" not in options.given and longest < 2 * shortest:
        shortest = longest / 3
    if shortest <= 0 or longest <= shortest:
        raise _fatal("--agency.election-timeout-max has to be larger than --agency.election-timeout-min")
    return Timing(shortest, longest, shortest * _HEARTBEATS, max(int(options.number("agency.max-append-size")), 1))


def _size(options: Options) -> int:
    size = int(options.number("agency.size"))
    if size < 1 or size % 2 == 0:
        raise _fatal(f"--agency.size has to be odd and at least 1, not {size}")
    pool = options.number("agency.pool-size")
    if "agency.pool-size" in options.given and pool != size:
        raise _fatal("--agency.pool-size is deprecated, and may not differ from --agency.size")
    return size


def _timings(options: Options) -> Timings:
    ok, grace = (_number(options, f"agency.supervision-{name}") for name in ("ok-threshold", "grace-period"))
    if grace < ok:
        raise _fatal("--agency.supervision-grace-period may not be below --agency.supervision-ok-threshold")
    expires = options.number("agency.supervision-expired-servers-grace-period")
    return Timings(_number(options, "agency.supervision-frequency"), ok, grace, expires)


def settings_from(options: Options) -> Settings:
    """Return what the options ask for; what cannot be ends the process."""
    size, own = _size(options), options.text("agency.my-address")
    others = options.texts("agency.endpoint")
    if size > 1 and not own:
        raise _fatal("an agent among several needs --agency.my-address")
    own = own or options.texts("server.endpoint")[0]
    keeping = Keeping(*(max(int(_number(options, f"agency.compaction-{name}-size")), 1) for name in ("keep", "step")))
    return Settings(
        size, _spelled(own), tuple(map(_spelled, others)), _timing(options), keeping,
        options.flag("agency.supervision"), _timings(options), options.flag("agency.wait-for-sync"),
    )  # fmt: skip


def _spelled(text: str) -> str:
    """Return an endpoint in the form that agents tell each other."""
    parsed = endpoint.parse(text)
    if parsed.path:
        raise _fatal(f"agents do not talk through the socket of a path: '{text}'")
    return str(parsed).replace("http+tcp://", "tcp://")


class AgentPart:
    """An agent: it keeps no databases, only its log."""

    def __init__(self, node: Node, directory: DataDirectory) -> None:
        self._node = node
        self._directory = directory
        self._settings = settings_from(node.options)
        self._post: Post | None = None

    def prepare(self) -> None:
        """Open the log, and leave the marks."""
        node = self._node
        claims = {"iss": "arangodb", "server_id": node.identity.id}
        token = jwt.issue(node.secrets[0], claims) if node.options.flag("server.authentication") else ""
        folder = self._directory.path / FOLDER
        try:
            post = Post(node.identity.id, self._settings, folder, token, node.log, decide, self._failed)
        except Damaged as exc:
            raise Exit(ExitCode.RECOVERY_FAILED, f"recovery failed: {exc}", id="5a008", topic="agency") from None
        except OSError as exc:
            raise Exit(ExitCode.FAILED, f"cannot open the log: {exc}", id="5a009", topic="agency") from None
        self._post = post
        node.take_post(post)
        if not self._directory.is_initialised:
            self._directory.mark_initialised(node.identity.id)

    def open(self) -> None:
        """Serve at once: whether there is a leader is another question."""
        self.prepare()
        assert self._post is not None
        self._node.serve()
        self._post.start()
        threading.Thread(target=self._leave, name="leave", daemon=True).start()

    def _leave(self) -> None:
        """Let go of who waits for the log as soon as the end begins."""
        self._node.stopping.wait()
        if self._post is not None:
            self._post.leave()

    def close(self) -> None:
        """Leave the others."""
        if self._post is not None:
            self._post.close()

    def _failed(self, text: str) -> None:
        self._node.log.write("FATAL", "5a026", "agency", text)
        self._node.stop()
