"""The agency's own interface: config, read, write, transact, transient, inquire, poll, stores, state.

Knows nothing of how agents agree; says who leads when this one does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from arangod.agency import describe
from arangod.agency.agent import NotLeading, Outcome, Undecided
from arangod.agency.links import address
from arangod.agency.operators import Unsupported
from arangod.agency.store import Malformed, is_read, parts
from arangod.api import server
from arangod.api.call import Call, reply, result
from arangod.failure import ArangoError, not_built
from arangod.http.wire import Reply

POLL_SECONDS = 60.0
_WRITES = "Expecting array of arrays as body for writes"
_MODES = ("waitForCommitted", "waitForSequenced", "noWait")


def _message(status: int, text: str) -> Reply:
    return reply({"message": text}, status)


def _elsewhere(call: Call, leader: str) -> Reply:
    """Name the leader, with an empty body; or say that there is none."""
    endpoint = call.node.post.pool.endpoints.get(leader)
    if endpoint is None:
        return _message(503, "No leader")
    host, port = address(endpoint)
    name = f"[{host}]" if ":" in host else host
    mark = "?" if "?" in call.request.target else ""
    query = call.request.target.partition("?")[2]
    location = f"location: http://{name}:{port}{call.target.path}{mark}{query}"
    return Reply(307, b"", (location,))


def _answered(call: Call, answer: Callable[[], Reply]) -> Reply:
    try:
        return answer()
    except NotLeading as exc:
        return _elsewhere(call, exc.leader)
    except Undecided as exc:
        return _message(503, "Lost leadership") if exc.deposed else _message(408, "Timeout while waiting for commit")
    except Unsupported as exc:
        raise not_built(str(exc)) from None
    except Malformed as exc:
        return _message(400, str(exc))


def _items(call: Call) -> list[Any]:
    body = call.json()
    if not isinstance(body, list):
        raise Malformed(_WRITES)
    if not body:
        raise Malformed("Empty request")
    return body


def config(call: Call) -> Reply:
    """Say who leads, how far the log is, and with which settings."""
    return reply(call.node.post.configuration())


def read(call: Call) -> Reply:
    """Answer queries."""

    def answer() -> Reply:
        queries = _items(call)
        if not all(map(is_read, queries)):
            raise Malformed("Expecting array of arrays of paths as body for reads")
        return reply(call.node.post.agent.read(queries))

    return _answered(call, answer)


def _transacted(call: Call, items: Sequence[Any]) -> Outcome:
    mode = call.header("x-arangodb-agency-mode") or _MODES[0]
    if mode not in _MODES:
        raise Malformed(f"Unknown mode '{mode}'")
    return call.node.post.agent.transact(items, wait=mode == _MODES[0])


def write(call: Call) -> Reply:
    """Write; 412 when a precondition did not hold."""

    def answer() -> Reply:
        items = _items(call)
        for item in items:
            parts(item)
        outcome = _transacted(call, items)
        return reply({"results": outcome.results}, 412 if outcome.failed else 200)

    return _answered(call, answer)


def transact(call: Call) -> Reply:
    """Read and write in order."""

    def answer() -> Reply:
        outcome = _transacted(call, _items(call))
        return reply(outcome.seen, 412 if outcome.failed else 200)

    return _answered(call, answer)


def transient(call: Call) -> Reply:
    """Read and write what is not replicated."""

    def answer() -> Reply:
        results = call.node.post.agent.pass_by(_items(call))
        return reply(results, 412 if False in results else 200)

    return _answered(call, answer)


def inquire(call: Call) -> Reply:
    """Say where the writes of some clients stand in the log."""

    def answer() -> Reply:
        clients = _items(call)
        if not all(isinstance(client, str) for client in clients):
            raise Malformed("Expecting array of strings as body for inquiries")
        found = call.node.post.agent.inquire(clients)
        return reply({"results": found, "inquired": True}, 200 if all(found) else 404)

    return _answered(call, answer)


def poll(call: Call) -> Reply:
    """Wait for what is committed from an index on."""
    try:
        index = int(call.target.parameters.get("index", "0"))
        seconds = float(call.target.parameters.get("timeout", POLL_SECONDS))
    except ValueError:
        raise ArangoError(400, "index and timeout have to be numbers") from None
    if index < 0 or not 0 <= seconds < 1e6:
        raise ArangoError(400, "index and timeout must not be negative")

    def answer() -> Reply:
        return result({"result": call.node.post.agent.poll(index, seconds)})

    answered = _answered(call, answer)
    if answered.status == 503:
        raise ArangoError(503, "No leader")
    return answered


def stores(call: Call) -> Reply:
    """Return the trees of this agent, whether it leads or not."""

    def answer() -> Reply:
        view = call.node.post.agent.view()
        return reply(
            {
                "spearhead": [view.spearhead.root],
                "read_db": [view.committed.root],
                "transient": [view.transient.root],
            }
        )

    return _answered(call, answer)


def state(call: Call) -> Reply:
    """Return the log of this agent."""
    return _answered(call, lambda: reply(call.node.post.agent.log()))


def unknown(call: Call) -> Reply:
    """Refuse a verb there is not, or not with this method."""
    known = {"read", "write", "transact", "transient", "inquire", "config", "state", "stores", "poll"}
    if call.places[0] in known:
        raise ArangoError(405)
    if call.places[0] == "store":
        raise not_built("POST /_api/agency/store")
    raise ArangoError(405, f"unknown verb '{call.places[0]}'", status=404)


def id_(call: Call) -> Reply:
    """Return the id of the agent."""
    return result({"id": call.node.identity.id})


def status(call: Call) -> Reply:
    """Describe the state of the agent."""
    post = call.node.post
    return reply({**server.state(call.node), "agent": describe.status(post.agent, post.settings)})


def metrics(call: Call) -> Reply:
    """Return the measures."""
    return server.exposed({**server.measures(call.node), **describe.measures(call.node.post.agent)})
