"""`/_open/auth`: a password for a token.

Knows nothing of how either is checked.
"""

from __future__ import annotations

from arangod.api.call import Call, reply
from arangod.failure import ArangoError
from arangod.http.wire import Reply


def log_in(call: Call) -> Reply:
    """Issue a token to a user with the right password."""
    guard = call.node.guard
    if not guard.active:
        raise ArangoError(404, "auth not supported: authentication is off")
    body = call.json_object()
    user, secret = body.get("username"), body.get("password")
    if not isinstance(user, str) or not isinstance(secret, str):
        raise ArangoError(400, "expecting the strings 'username' and 'password' in the body")
    if not guard.accepts(user, secret):
        raise ArangoError(401, "Wrong credentials")
    return reply({"jwt": guard.session(user)})
