"""Topologies that have a name.

Knows no file and no command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from armadillo.errors import NotFoundError
from armadillo.problems import nearest
from armadillo.topology.model import Mode, Topology

PRESETS: Final[Mapping[str, Topology]] = {
    "single": Topology(),
    "cluster": Topology(mode=Mode.CLUSTER),
    "small": Topology(mode=Mode.CLUSTER).with_counts(agents=1, dbservers=2, coordinators=1),
    "ha": Topology(mode=Mode.CLUSTER).with_counts(agents=3, dbservers=3, coordinators=2),
}


def preset(name: str) -> Topology:
    """Return the topology of that name."""
    if name in PRESETS:
        return PRESETS[name]
    meant = nearest(name, PRESETS)
    known = f"presets are {', '.join(PRESETS)}; a file's name has a / or a . in it"
    hint = f"did you mean {meant}? {known}" if meant else known
    raise NotFoundError(f"there is no topology {name!r}", hint=hint)
