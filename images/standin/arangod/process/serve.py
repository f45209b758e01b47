"""The life of a server process: set up, serve, and end in order.

Knows nothing of what is asked of the server.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from arangod import ARANGO_VERSION, STANDIN
from arangod.api.application import Application, complaint
from arangod.auth.secrets import secrets_from
from arangod.failure import Exit, ExitCode
from arangod.http.server import Server
from arangod.node import Identity, Node, Phase
from arangod.options.parse import Options
from arangod.options.table import OPTIONS
from arangod.process import endpoint, role
from arangod.process.datadir import DataDirectory
from arangod.process.log import Log
from arangod.process.machine import Machine, told
from arangod.process.parts import Part, part_for

DRAIN_SECONDS = 5.0


class Life:
    """One server from its start to its end; `stop` may be called at any time, from any thread."""

    def __init__(self, options: Options, log: Log, machine: Machine) -> None:
        self._options = options
        self._log = log
        self._machine = machine
        self._stopping = threading.Event()
        self._node: Node | None = None

    def stop(self) -> None:
        """Begin the orderly end."""
        if self._node is not None:
            self._node.phase = Phase.STOPPING
        self._stopping.set()

    def live(self) -> int:
        """Run to the end and return the exit code."""
        options = self._options
        _greet(self._log, options, self._machine)
        wanted = role.checked(options)
        endpoints = [endpoint.parse(text) for text in options.texts("server.endpoint")]
        if not options.text("database.directory"):
            text = "no database path has been supplied, giving up, please use the '--database.directory' option"
            raise Exit(ExitCode.FAILED, text, id="9f6e5")
        directory = DataDirectory(Path(options.text("database.directory")))
        try:
            self._live_in(wanted, directory, endpoints)
        finally:
            directory.release()
        self._log.write("INFO", "4bcb9", "general", "ArangoDB has been shut down")
        return ExitCode.OK

    def _live_in(self, wanted: str, directory: DataDirectory, endpoints: Sequence[endpoint.Endpoint]) -> None:
        options = self._options
        server_id = directory.identity(wanted, required=options.flag("cluster.require-persisted-id"))
        node = Node(Identity(wanted, server_id), options, self._log, self._machine, _secrets(options, self._log))
        node.stop, node.stopping = self.stop, self._stopping
        part = part_for(node, directory)
        if options.flag("database.auto-upgrade") or options.flag("database.init-database"):
            part.prepare()
            part.close()
            self._log.write("INFO", "5a005", "startup", "the data directory is up to date, ending as asked")
            return
        self._node = node
        if self._stopping.is_set():
            return
        server = _server(node, endpoints)
        try:
            self._serve(node, server, part)
        finally:
            server.close()
            part.close()

    def _serve(self, node: Node, server: Server, part: Part) -> None:
        early = self._options.flag("server.early-connections") or node.identity.role != role.SINGLE
        if early:
            listen(server)
        part.open()
        if not early:
            listen(server)
        if node.phase == Phase.SERVING:
            ready = f"ArangoDB (version {ARANGO_VERSION} [linux]) is ready for business. Have fun!"
            self._log.write("INFO", "cf3f4", "general", ready)
        self._stopping.wait()
        node.phase = Phase.STOPPING
        if not server.drain(DRAIN_SECONDS):
            self._log.write("WARNING", "5a006", "general", f"requests under way did not end in {DRAIN_SECONDS:.0f} s")


def _greet(log: Log, options: Options, machine: Machine) -> None:
    log.write("INFO", "e52b0", "general", f"ArangoDB {ARANGO_VERSION} [linux] 64bit, {STANDIN}")
    log.write("WARNING", "5a007", "general", f"this is the {STANDIN}")
    log.write("INFO", "25362", "memory", told(machine))
    without = [f"--{name}" for name in options.given if not OPTIONS[name].has_effect]
    if without:
        log.write("INFO", "5a003", "config", f"accepted, but without effect in the stand-in: {', '.join(without)}")


def _secrets(options: Options, log: Log) -> list[bytes]:
    given = [options.text(f"server.jwt-secret{kind}") for kind in ("-keyfile", "-folder", "")]
    if not any(given):
        log.write("INFO", "43396", "authentication", "Jwt secret not specified, generating...")
    return secrets_from(*given)


def _server(node: Node, endpoints: Sequence[endpoint.Endpoint]) -> Server:
    listeners = [endpoint.bound(one) for one in endpoints]
    for one in endpoints:
        node.log.write("INFO", "6ea38", "general", f"using endpoint '{one}' for non-encrypted requests")
    idle = node.options.number("http.keep-alive-timeout")
    return Server(listeners, Application(node).answer, complaint, idle_seconds=idle)


def listen(server: Server) -> None:
    """Begin to listen; another server may have been quicker."""
    try:
        server.start()
    except OSError as exc:
        raise Exit(ExitCode.CANNOT_BIND, f"cannot listen: {exc}", id="5a00e") from None
