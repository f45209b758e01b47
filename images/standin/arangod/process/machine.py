"""How much memory and how many cores there are, or are said to be.

Knows nothing of what they are used for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from arangod.options.table import integer

_MEMORY = "ARANGODB_OVERRIDE_DETECTED_TOTAL_MEMORY"
_CORES = "ARANGODB_OVERRIDE_DETECTED_NUMBER_OF_CORES"


class Machine(NamedTuple):
    """Memory in bytes and cores, each with whether the environment said so."""

    memory: int
    memory_overridden: bool
    cores: int
    cores_overridden: bool


def _said(environ: Mapping[str, str], name: str) -> int:
    try:
        return max(integer(environ.get(name, "0")), 0)
    except ValueError:
        return 0


def detect(environ: Mapping[str, str]) -> Machine:
    """Look at the machine; a value of the environment that is a number above zero wins."""
    memory, cores = _said(environ, _MEMORY), _said(environ, _CORES)
    detected = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(memory or detected, bool(memory), cores or os.cpu_count() or 1, bool(cores))


def told(machine: Machine) -> str:
    """Describe the machine as arangod's log does."""
    by = " (overridden by environment variable)"
    return (
        f"Available physical memory: {machine.memory} bytes{by if machine.memory_overridden else ''}, "
        f"available cores: {machine.cores}{by if machine.cores_overridden else ''}"
    )
