"""An agent at its post, in this process: what the supervision decides is done, and what fails ends it."""

from __future__ import annotations

import resource
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from arangod.agency.agent import NotLeading, Undecided
from arangod.agency.consensus import Keeping
from arangod.agency.describe import Settings
from arangod.agency.post import Post
from arangod.agency.raft import Timing
from arangod.agency.store import Transaction
from arangod.agency.supervise import Timings
from arangod.process.log import Log

from tests.standin.agency.running import until

SETTINGS = Settings(
    1, "tcp://127.0.0.1:1", (), Timing(0.2, 0.6, 0.05), Keeping(100, 100), True, Timings(0.01, 1, 2, 9), True
)


class Decisions:
    """Decides what it is told, once, and remembers what it was asked."""

    def __init__(self, decided: list[Transaction]) -> None:
        self.decided = decided
        self.asked: list[tuple[Any, Any, datetime, Timings]] = []

    def __call__(
        self, tree: Mapping[str, Any], transient: Mapping[str, Any], now: datetime, timings: Timings
    ) -> list[Transaction]:
        self.asked.append((tree, transient, now, timings))
        decided, self.decided = self.decided, []
        return decided


@contextmanager
def posted(folder: Path, decide: Any) -> Iterator[tuple[Post, list[str]]]:
    failures: list[str] = []
    log = Log([f"file://{folder / 'log'}"])
    post = Post("AGNT-1", SETTINGS, folder / "agency", "", log, decide, failures.append)
    post.start()
    try:
        until(post.agent.leads, "it leads")
        yield post, failures
    finally:
        post.close()


def test_what_is_decided_is_done_and_the_decision_knows_what_the_leader_knows(tmp_path: Path) -> None:
    decisions = Decisions([[{"/x": 1}], [{"/y": 1}, {"/x": {"old": 7}}], [{"/z": 1}]])
    with posted(tmp_path, decisions) as (post, _):
        until(lambda: "z" in post.agent.state.tree.root, "the decisions are in the tree")
        assert post.agent.read([["/"]]) == [{"x": 1, "z": 1}]
        post.agent.pass_by([[{"/arango/Sync/ServerStates/PRMR-1": {"time": "1"}}]])
        known = len(decisions.asked)
        until(lambda: len(decisions.asked) > known + 1, "it was asked again")
        tree, transient, now, timings = decisions.asked[-1]
        assert tree == {"x": 1, "z": 1}
        assert transient["arango"]["Sync"]["ServerStates"] == {"PRMR-1": {"time": "1"}}
        assert abs((datetime.now(UTC) - now).total_seconds()) < 60
        assert 0 <= timings.seen["PRMR-1"] <= timings.leading_for
        assert (timings.frequency, timings.ok_threshold, timings.grace_period) == (0.01, 1, 2)


def test_a_mistake_in_a_decision_is_told_and_the_watch_goes_on(tmp_path: Path) -> None:
    calls = threading.Semaphore(0)

    def wrong(*_: Any) -> list[Transaction]:
        calls.release()
        raise ZeroDivisionError("a mistake")

    with posted(tmp_path, wrong):
        assert calls.acquire(timeout=20)
        assert calls.acquire(timeout=20)
    assert "a mistake" in (tmp_path / "log").read_text()


def test_a_log_that_cannot_be_written_ends_the_agent_before_it_says_yes(tmp_path: Path) -> None:
    with posted(tmp_path, Decisions([])) as (post, failures):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (post.agent.log_bytes + 4096, hard))
        try:
            with pytest.raises(Undecided, match="deposed"):
                post.agent.transact([[{"/a": "x" * 10_000}]])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert len(failures) == 1
        assert "the agency's log cannot be written" in failures[0]
        with pytest.raises(NotLeading):
            post.agent.read([["/"]])
