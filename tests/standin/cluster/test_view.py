"""The copy of the agency's tree, fed by a source that is a list."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from arangod.agency.client import NoAgency
from arangod.cluster.view import View

PATIENCE = 20.0


class Told:
    """A source that answers what it was given, one after the other, and remembers what it was asked."""

    def __init__(self, *answers: Mapping[str, Any] | Exception) -> None:
        self.asked: list[int] = []
        self._answers = list(answers)
        self.empty = threading.Event()
        self._never = threading.Event()

    def poll(self, index: int, timeout: float) -> Mapping[str, Any]:
        """Return the next answer; wait for ever after the last."""
        self.asked.append(index)
        if not self._answers:
            self.empty.set()
            self._never.wait()
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _log(first: int, commit: int, **writes: Any) -> dict[str, Any]:
    entries = [{"index": first, "query": {f"/{key}": value}, "timestamp": 1.0} for key, value in writes.items()]
    return {"firstIndex": first, "commitIndex": commit, "log": entries}


def _followed(*answers: Mapping[str, Any] | Exception) -> tuple[View, Told]:
    source = Told(*answers)
    view = View(source)
    view.start()
    assert source.empty.wait(PATIENCE)
    return view, source


def test_it_begins_with_the_whole_tree_and_goes_on_with_the_log() -> None:
    view, source = _followed({"firstIndex": 5, "commitIndex": 5, "readDB": {"a": 1}}, _log(6, 8, a=2, b=3), _log(9, 9))
    assert view.tree == {"a": 2, "b": 3}
    assert source.asked == [0, 6, 9, 10]
    assert view.reach(9, 0)
    assert not view.reach(10, 0)


def test_it_asks_for_the_whole_again_when_something_is_missing() -> None:
    whole = {"firstIndex": 9, "commitIndex": 9, "readDB": {"c": 1}}
    view, source = _followed({"firstIndex": 5, "commitIndex": 5, "readDB": {"a": 1}}, _log(8, 8, b=1), whole)
    assert view.tree == {"c": 1}
    assert source.asked == [0, 6, 0, 10]


def test_it_goes_on_after_an_agency_that_did_not_answer() -> None:
    view, source = _followed(NoAgency("gone"), {"firstIndex": 5, "commitIndex": 5, "readDB": {"a": 1}})
    assert view.tree == {"a": 1}
    assert source.asked == [0, 0, 6]


def test_who_waits_is_woken_by_a_change_and_by_the_end() -> None:
    view, _ = _followed({"firstIndex": 5, "commitIndex": 5, "readDB": {"a": 1}})
    assert view.wait(lambda tree: tree.get("a"), PATIENCE) == 1
    assert view.wait(lambda tree: tree.get("b"), 0.01) is None
    assert view.changed_since({}, PATIENCE) == {"a": 1}
    waiting = threading.Thread(target=view.wait, args=(lambda tree: tree.get("b"),))
    waiting.start()
    view.close()
    waiting.join(PATIENCE)
    assert not waiting.is_alive()
