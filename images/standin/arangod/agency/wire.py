"""Messages between agents as HTTP requests and answers, both ways.

Knows nothing of connections, and nothing of what a message does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from arangod import jsontext
from arangod.agency.messages import Append, Appended, AskVote, Entry, Message, Snapshot, Vote

PRIVATE = "/_api/agency_priv/"
APPEND, VOTE = "appendEntries", "requestVote"


class Garbled(ValueError):
    """What came in is no message of ours."""


class Question(NamedTuple):
    """A message on its way out."""

    method: str
    target: str
    body: bytes


def question(message: Message, sender: str, to: str) -> Question:
    """Write a message that asks for an answer."""
    if isinstance(message, AskVote):
        trial = "&trial=true" if message.trial else ""
        query = (
            f"term={message.term}&candidateId={sender}&prevLogIndex={message.last_index}"
            f"&prevLogTerm={message.last_term}&timeoutMult=1&to={to}{trial}"
        )
        return Question("GET", f"{PRIVATE}{VOTE}?{query}", b"")
    assert isinstance(message, Append)
    query = (
        f"term={message.term}&leaderId={sender}&prevLogIndex={message.previous_index}"
        f"&prevLogTerm={message.previous_term}&leaderCommit={message.commit}&senderTimeStamp={message.sent!r}&to={to}"
    )
    return Question("POST", f"{PRIVATE}{APPEND}?{query}", _body(message))


def _body(message: Append) -> bytes:
    entries = [[entry.term, entry.data] for entry in message.entries]
    if message.snapshot is None:
        return jsontext.encode(entries).encode() if entries else b"[]"
    return jsontext.encode({"snapshot": message.snapshot, "entries": entries}).encode()


def asked_vote(parameters: Mapping[str, str]) -> AskVote:
    """Read a wish to lead."""
    try:
        term, index, last = (int(parameters[name]) for name in ("term", "prevLogIndex", "prevLogTerm"))
    except (KeyError, ValueError) as exc:
        raise Garbled(f"requestVote: {exc}") from None
    return AskVote(term, index, last, parameters.get("trial") == "true")


def append_of(parameters: Mapping[str, str], body: Any) -> Append:
    """Read entries from a leader."""
    try:
        previous = int(parameters["prevLogIndex"])
        entries, snapshot = (body["entries"], Snapshot(*body["snapshot"])) if isinstance(body, dict) else (body, None)
        return Append(
            int(parameters["term"]),
            previous,
            int(parameters["prevLogTerm"]),
            tuple(Entry(previous + place, term, data) for place, (term, data) in enumerate(entries, 1)),
            int(parameters["leaderCommit"]),
            float(parameters["senderTimeStamp"]),
            snapshot,
        )
    except (KeyError, ValueError, TypeError) as exc:
        raise Garbled(f"appendEntries: {exc}") from None


def reply(answer: Message, sender: str, endpoint: str) -> dict[str, Any]:
    """Write the answer to a question."""
    if isinstance(answer, Vote):
        return {"term": answer.term, "voteGranted": answer.granted, "id": sender, "trial": answer.trial}
    assert isinstance(answer, Appended)
    return {
        "success": answer.success,
        "term": answer.term,
        "senderTimeStamp": answer.sent,
        "id": sender,
        "endpoint": endpoint,
        "index": answer.upto,
    }


def answer_of(body: bytes, asked: str) -> Message:
    """Read the answer of an agent; another one than asked may live at its old address."""
    try:
        value = jsontext.decode(body)
        if value["id"] != asked:
            raise Garbled(f"{value['id']} answers instead of {asked}")
        if "voteGranted" in value:
            return Vote(int(value["term"]), bool(value["voteGranted"]), bool(value["trial"]))
        return Appended(
            int(value["term"]), bool(value["success"]), int(value["index"]), float(value["senderTimeStamp"])
        )
    except (KeyError, ValueError, TypeError) as exc:
        raise Garbled(f"the answer of {asked}: {exc}") from None
