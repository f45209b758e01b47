"""What agents ask each other.

Knows nothing of consensus: messages are handed on, and answers back.
"""

from __future__ import annotations

from arangod.agency import wire
from arangod.agency.messages import Message
from arangod.api.call import Call, reply
from arangod.failure import ArangoError
from arangod.http.wire import Reply


def _heard(call: Call, sender: str, message: Message) -> Reply:
    post = call.node.post
    consensus = post.agent.consensus
    if consensus is None:
        raise ArangoError(503, "the agents have not all found each other yet")
    if call.target.parameters.get("to", post.agent.id) != post.agent.id:
        raise ArangoError(403, f"this is {post.agent.id}")
    answer = consensus.hear(sender, message)
    if answer is None:
        raise ArangoError(503 if sender in post.pool.endpoints else 403, f"no answer for '{sender}'")
    return reply(wire.reply(answer, post.agent.id, post.settings.endpoint))


def append_entries(call: Call) -> Reply:
    """Take entries, or a heartbeat, from a leader."""
    parameters = call.target.parameters
    body = call.request.body
    try:
        message = wire.append_of(parameters, [] if body == b"[]" else call.json())
    except wire.Garbled as exc:
        raise ArangoError(400, str(exc)) from None
    return _heard(call, parameters.get("leaderId", ""), message)


def request_vote(call: Call) -> Reply:
    """Answer a candidate."""
    parameters = call.target.parameters
    try:
        message = wire.asked_vote(parameters)
    except wire.Garbled as exc:
        raise ArangoError(400, str(exc)) from None
    return _heard(call, parameters.get("candidateId", ""), message)


def gossip(call: Call) -> Reply:
    """Learn who and where the agents are, and tell it."""
    post, said = call.node.post, call.json_object()
    try:
        post.gossip.listen(said)
    except ValueError as exc:
        raise ArangoError(400, str(exc)) from None
    if said.get("id") not in post.pool.endpoints:
        raise ArangoError(403, f"the pool of {post.settings.size} agents is full, and '{said.get('id')}' is not in it")
    return reply(post.gossip.told())


def active_agents(call: Call) -> Reply:
    """Name the agents."""
    return reply(sorted(call.node.post.pool.endpoints))
