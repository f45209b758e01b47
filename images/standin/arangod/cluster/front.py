"""What clients see of a cluster through a coordinator: its data, and its users.

Knows nothing of requests.
"""

from __future__ import annotations

from typing import NamedTuple

from arangod.cluster.accounts import Accounts
from arangod.cluster.coordination import Coordination


class Front(NamedTuple):
    """The data and the users of a cluster."""

    coordination: Coordination
    accounts: Accounts
