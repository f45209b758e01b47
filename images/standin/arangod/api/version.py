"""What this server says it is: version, engine, license.

Knows nothing of its state.
"""

from __future__ import annotations

import os
import sys

from arangod import ARANGO_VERSION, STANDIN
from arangod.api.call import Call, reply, result
from arangod.http.wire import Reply

LICENSE = "community"
_INDEXES = ["primary", "edge", "persistent", "ttl", "geo", "fulltext"]


def details() -> dict[str, str]:
    """Return the facts of the build, all as texts."""
    return {
        "architecture": "64bit" if sys.maxsize > 1 << 32 else "32bit",
        "arm": str(os.uname().machine in ("aarch64", "arm64")).lower(),
        "asan": "false",
        "assertions": "false",
        "build-date": "",
        "build-repository": "",
        "compiler": f"python [{sys.version.split()[0]}]",
        "debug": "false",
        "endianness": sys.byteorder,
        "failure-tests": "false",
        "full-version-string": f"ArangoDB {ARANGO_VERSION} [{sys.platform}], {STANDIN}",
        "jemalloc": "false",
        "license": LICENSE,
        "maintainer-mode": "false",
        "platform": sys.platform,
        "server-version": ARANGO_VERSION,
        "sizeof int": "4",
        "sizeof void*": "8",
        "standin": STANDIN,
        "v8-version": "none",
    }


def version(call: Call) -> Reply:
    """Return the version, with all facts when asked for."""
    body: dict[str, object] = {"server": "arango", "license": LICENSE, "version": ARANGO_VERSION}
    if call.flag("details"):
        body["details"] = dict(sorted({**details(), "mode": "server", "host": call.node.host}.items()))
    return reply(body)


def target_version(call: Call) -> Reply:
    """Return the version a data directory is for, as a number."""
    major, minor, patch = (int(part) for part in ARANGO_VERSION.split("."))
    return result({"version": str(major * 1000000 + minor * 10000 + patch * 100)})


def license_(call: Call) -> Reply:
    """Return the license of a community server."""
    return reply({"license": "none"})


def engine(call: Call) -> Reply:
    """Name the storage engine and its indexes, as arangod does."""
    aliases = {"indexes": {"hash": "persistent", "skiplist": "persistent"}}
    return reply({"name": "rocksdb", "supports": {"dfdb": False, "indexes": _INDEXES, "aliases": aliases}})
