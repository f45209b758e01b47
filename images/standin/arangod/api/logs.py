"""`/_admin/log/level`: what is logged.

Knows nothing of where the log goes.
"""

from __future__ import annotations

from arangod.api.call import Call, reply
from arangod.failure import ArangoError
from arangod.http.wire import Reply
from arangod.process.log import TOPICS


def _check_allowed(call: Call) -> None:
    policy = call.node.options.text("log.api-enabled")
    superuser = call.identity is not None and call.identity.superuser
    if policy == "false" or (policy == "jwt" and not superuser):
        raise ArangoError(11)


def levels(call: Call) -> Reply:
    """Return the level of every topic."""
    _check_allowed(call)
    return reply(call.node.log.levels())


def set_levels(call: Call) -> Reply:
    """Set levels by topic; a bare text sets all."""
    _check_allowed(call)
    wanted = call.json()
    settings = {"all": wanted} if isinstance(wanted, str) else wanted
    if not isinstance(settings, dict):
        raise ArangoError(400, "expecting an object of topics and levels")
    for topic, level in settings.items():
        try:
            call.node.log.set_level(f"{topic}={level}")
        except ValueError as exc:
            raise ArangoError(400, str(exc)) from None
    return reply({topic: level for topic, level in call.node.log.levels().items() if topic in TOPICS})
