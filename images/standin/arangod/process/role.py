"""Which role the options ask for, and what this server refuses to be.

Knows nothing of how a role is played.
"""

from __future__ import annotations

from arangod.failure import Exit, ExitCode
from arangod.options.parse import Options

SINGLE, AGENT, DBSERVER, COORDINATOR = "SINGLE", "AGENT", "PRIMARY", "COORDINATOR"
_ROLES = {"SINGLE": SINGLE, "PRIMARY": DBSERVER, "DBSERVER": DBSERVER, "COORDINATOR": COORDINATOR}
_CLUSTER = ("agency.endpoint", "agency.my-address", "cluster.agency-endpoint", "cluster.my-address")


def wanted(options: Options) -> tuple[str, str]:
    """Return the role asked for, and the option that asks for it."""
    if options.flag("agency.activate"):
        return AGENT, "agency.activate"
    word = options.text("cluster.my-role")
    if word:
        role = _ROLES.get(word.upper())
        if role is None:
            raise Exit(ExitCode.FAILED, f"Invalid role '{word}' provided. Possible values: {', '.join(_ROLES)}")
        return role, "cluster.my-role"
    given = next((name for name in _CLUSTER if name in options.given), "")
    return ("UNDEFINED", given) if given else (SINGLE, "")


def _refusal(what: str) -> Exit:
    return Exit(ExitCode.FAILED, f"the stand-in does not support {what}", id="5a004", topic="cluster")


def _check_cluster(options: Options) -> None:
    """Refuse a server of a cluster that cannot find its cluster, or be found in it."""
    if not options.texts("cluster.agency-endpoint"):
        text = "must at least specify one endpoint in --cluster.agency-endpoint"
        raise Exit(ExitCode.FAILED, text, id="d283a", topic="cluster")
    if not options.text("cluster.my-address"):
        text = "unable to determine internal address for server, specify it with --cluster.my-address"
        raise Exit(ExitCode.FAILED, text, id="c5c4e", topic="cluster")


def checked(options: Options) -> str:
    """Return the role; end the process rather than ignore an option that would change what the server is."""
    role, option = wanted(options)
    if role == "UNDEFINED":
        raise _refusal(f"--{option} without --cluster.my-role or --agency.activate")
    if role in (DBSERVER, COORDINATOR):
        _check_cluster(options)
    for name in ("rocksdb.encryption-keyfile", "rocksdb.encryption-key-generator"):
        if options.text(name):
            raise _refusal(f"encryption at rest, asked for by --{name}")
    only_once = options.flag("database.auto-upgrade") or options.flag("database.init-database")
    if not options.flag("server.rest-server") and not only_once:
        raise _refusal("a server without HTTP, asked for by --server.rest-server false")
    return role
