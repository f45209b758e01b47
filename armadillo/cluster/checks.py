"""The lines of the health list: what was looked at, whether it holds, and what was seen.

Knows neither how one looks nor when.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable

from armadillo.arango.agency import Agency
from armadillo.errors import ArmadilloError
from armadillo.wait import NotYet

CLUSTER = "cluster"


class Needed(enum.IntEnum):
    """The least that a check is needed for."""

    SERVICE = 0
    HEALTHY = 1
    IN_SYNC = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """One line of the list."""

    server: str
    what: str
    holds: bool
    evidence: str
    needed: Needed = Needed.HEALTHY


@dataclasses.dataclass(frozen=True, slots=True)
class Health:
    """How a deployment is."""

    name: str
    checks: tuple[Check, ...]
    agency: Agency | None = None

    @property
    def percentage(self) -> int:
        """The share of checks that hold."""
        return round(100 * sum(check.holds for check in self.checks) / len(self.checks)) if self.checks else 0

    @property
    def word(self) -> str:
        """healthy; degraded: a cluster does its work, something else does not hold; else unhealthy."""
        if not self.checks:
            return "unhealthy"
        if all(check.holds for check in self.checks if check.needed <= Needed.HEALTHY):
            return "healthy"
        return "degraded" if self.serves else "unhealthy"

    @property
    def serves(self) -> bool:
        """Say whether a cluster does its work: its agency has a quorum, and a coordinator passes the probe."""
        whole = [check for check in self.checks if check.server == CLUSTER and check.needed is Needed.SERVICE]
        probes = [check.holds for check in self.checks if check.what == "probe"]
        return bool(whole) and all(check.holds for check in whole) and any(probes)

    @property
    def in_sync(self) -> bool:
        """Say whether everything holds, with every shard where it should be."""
        return bool(self.checks) and all(check.holds for check in self.checks)

    def of(self, server: str) -> tuple[Check, ...]:
        """Return the checks of one server, or of the cluster as a whole."""
        return tuple(check for check in self.checks if check.server == server)

    def causes(self) -> tuple[Check, ...]:
        """Return the checks that do not hold and were looked at: why it is not healthy."""
        return tuple(check for check in self.checks if not check.holds and check.evidence != NOT_LOOKED)


NOT_LOOKED = "not looked at"


def looked(server: str, what: str, look: Callable[[], str], needed: Needed = Needed.HEALTHY) -> Check:
    """Make one check of one look."""
    try:
        return Check(server, what, True, look(), needed)
    except (ArmadilloError, NotYet) as exc:
        return Check(server, what, False, str(exc), needed)
