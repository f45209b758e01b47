"""Which comes after which, and what may start now: the one graph that jobs, plans, topologies and tests share.

Knows nothing of what a node is or does; a key is all it sees.
"""

from __future__ import annotations

import difflib
import enum
import heapq
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar

from armadillo.errors import ConfigurationError, ConflictError

K = TypeVar("K", bound=Hashable)

_COMPARED_NAMES = 10_000


class DuplicateNode(ConfigurationError):
    """The same key twice."""

    def __init__(self, key: object) -> None:
        super().__init__(f"{key!s} is there already", hint="give each its own name")
        self.key = key


class MissingNode(ConfigurationError):
    """A key that is not there; `source` is what comes after it, if that is how it was named."""

    def __init__(self, source: object | None, target: object, suggestions: Iterable[str] = ()) -> None:
        self.source = source
        self.target = target
        self.suggestions = tuple(suggestions)
        what = f"{source!s} comes after {target!s}, which does not exist" if source is not None else f"no {target!s}"
        super().__init__(what, hint=f"did you mean {' or '.join(self.suggestions)}?" if self.suggestions else "")


class CycleError(ConfigurationError):
    """Each of `path` waits for the next; the last is the first again."""

    def __init__(self, path: Iterable[object]) -> None:
        self.path = tuple(path)
        shown = " -> ".join(map(str, self.path))
        super().__init__(f"each waits for the next: {shown}", hint="take one of these dependencies out")


def _missing(source: object | None, target: object, known: Iterable[object]) -> MissingNode:
    names = [str(key) for key in itertools.islice(known, _COMPARED_NAMES)]
    return MissingNode(source, target, difflib.get_close_matches(str(target), names))


class Graph(Generic[K]):
    """Keys and what each comes after; every answer is in the order in which keys were added."""

    def __init__(self) -> None:
        self._after: dict[K, tuple[K, ...]] = {}
        self._before: dict[K, list[K]] = {}
        self._rank: dict[K, int] = {}

    def __len__(self) -> int:
        return len(self._after)

    def __iter__(self) -> Iterator[K]:
        return iter(self._after)

    def __contains__(self, key: object) -> bool:
        return key in self._after

    def add(self, key: K, *, after: Iterable[K] = ()) -> None:
        """Add a key; what it comes after may be added later."""
        if key in self._after:
            raise DuplicateNode(key)
        self._rank[key] = len(self._after)
        self._after[key] = tuple(dict.fromkeys(after))
        for target in self._after[key]:
            self._before.setdefault(target, []).append(key)

    def validate(self) -> None:
        """Raise for the first dependency that does not exist, or for a cycle."""
        self._complete()
        if cycle := self.find_cycle():
            raise CycleError(cycle)

    def topological_order(self) -> list[K]:
        """Return every key behind all it comes after; of those free to go, the one added first goes first."""
        self._complete()
        waits = {key: len(targets) for key, targets in self._after.items()}
        keys = list(self._after)
        free = [rank for rank, key in enumerate(keys) if not waits[key]]
        order: list[K] = []
        while free:
            key = keys[heapq.heappop(free)]
            order.append(key)
            for source in self._before.get(key, ()):
                waits[source] -= 1
                if not waits[source]:
                    heapq.heappush(free, self._rank[source])
        if len(order) < len(keys):
            raise CycleError(self.find_cycle() or ())
        return order

    def find_cycle(self) -> list[K] | None:
        """Return a cycle from its first-added key back to it, each waiting for the next; None without one."""
        done: set[K] = set()
        for start in self._after:
            path = {start: None} if start not in done else {}
            stack = [iter(self._after[key]) for key in path]
            while stack:
                for target in stack[-1]:
                    if target in path:
                        return self._closed(list(path), target)
                    if target in self._after and target not in done:
                        path[target] = None
                        stack.append(iter(self._after[target]))
                        break
                else:
                    stack.pop()
                    done.add(path.popitem()[0])
        return None

    def dependents(self, key: K) -> list[K]:
        """Return what comes directly after a key."""
        return list(self._before.get(self._known(key), ()))

    def dependencies(self, key: K) -> list[K]:
        """Return what a key comes directly after, as it was given."""
        return list(self._after[self._known(key)])

    def descendants(self, key: K) -> list[K]:
        """Return all that comes after a key, at any distance."""
        return self._reached(key, self._before)

    def ancestors(self, key: K) -> list[K]:
        """Return all that a key comes after, at any distance."""
        return self._reached(key, self._after)

    def layers(self) -> list[list[K]]:
        """Return the keys in groups: each group needs only groups before it, and each key is as early as it can be."""
        level: dict[K, int] = {}
        for key in self.topological_order():
            level[key] = 1 + max((level[target] for target in self._after[key]), default=-1)
        layers: list[list[K]] = [[] for _ in range(1 + max(level.values(), default=-1))]
        for key in self._after:
            layers[level[key]].append(key)
        return layers

    def _known(self, key: K) -> K:
        if key not in self._after:
            raise _missing(None, key, self._after)
        return key

    def _complete(self) -> None:
        for key, targets in self._after.items():
            for target in targets:
                if target not in self._after:
                    raise _missing(key, target, self._after)

    def _closed(self, path: list[K], target: K) -> list[K]:
        cycle = path[path.index(target) :]
        first = min(range(len(cycle)), key=lambda place: self._rank[cycle[place]])
        return [*cycle[first:], *cycle[:first], cycle[first]]

    def _reached(self, key: K, edges: Mapping[K, Iterable[K]]) -> list[K]:
        reached: set[K] = set()
        stack = [self._known(key)]
        while stack:
            fresh = [near for near in edges.get(stack.pop(), ()) if near in self._after and near not in reached]
            reached.update(fresh)
            stack.extend(fresh)
        return sorted(reached, key=self._rank.__getitem__)


class Outcome(enum.Enum):
    """How a node ended. What did not run because of a failure counts as FAILURE, else as SKIPPED."""

    SUCCESS = "success"
    FAILURE = "failure"
    SKIPPED = "skipped"


class Require(enum.Enum):
    """How the node at the other end has to end."""

    SUCCESS = "success"
    FAILURE = "failure"
    FINAL = "final"
    NOT_FAILURE = "not_failure"

    def met_by(self, outcome: Outcome) -> bool:
        """Tell whether that is how it ended."""
        return outcome in _MET[self]


_MET: Mapping[Require, frozenset[Outcome]] = {
    Require.SUCCESS: frozenset({Outcome.SUCCESS}),
    Require.FAILURE: frozenset({Outcome.FAILURE}),
    Require.FINAL: frozenset(Outcome),
    Require.NOT_FAILURE: frozenset({Outcome.SUCCESS, Outcome.SKIPPED}),
}


class Predicate(enum.Enum):
    """How many edges of a group have to be met."""

    ALL = "all"
    ANY = "any"


class Decision(enum.Enum):
    """What a node may do: start, never start, or not known yet."""

    READY = "ready"
    BLOCKED = "blocked"
    PENDING = "pending"


class Edge(NamedTuple, Generic[K]):
    """One node to wait for, and how it has to end."""

    target: K
    require: Require = Require.SUCCESS


class Group(NamedTuple, Generic[K]):
    """Edges of which all or any have to be met; a group without edges is met."""

    predicate: Predicate
    edges: tuple[Edge[K], ...]


def all_of(targets: Iterable[K], require: Require = Require.SUCCESS) -> Group[K]:
    """Return the group that is met when each target ended so."""
    return Group(Predicate.ALL, tuple(Edge(target, require) for target in targets))


def any_of(targets: Iterable[K], require: Require = Require.SUCCESS) -> Group[K]:
    """Return the group that is met when one target ended so."""
    return Group(Predicate.ANY, tuple(Edge(target, require) for target in targets))


class _Tally:
    """How many edges of a group were met and missed so far."""

    __slots__ = ("met", "missed", "predicate", "total")

    def __init__(self, group: Group[K]) -> None:
        self.predicate = group.predicate
        self.total = len(group.edges)
        self.met = self.missed = 0

    def count(self, require: Require, outcome: Outcome) -> None:
        if require.met_by(outcome):
            self.met += 1
        else:
            self.missed += 1

    def decision(self) -> Decision:
        if self.predicate is Predicate.ALL:
            hopeless, met = self.missed > 0, self.met == self.total
        else:
            hopeless, met = self.missed == self.total > 0, self.met > 0 or not self.total
        return Decision.BLOCKED if hopeless else Decision.READY if met else Decision.PENDING


def decide(group: Group[K], outcome_of: Callable[[K], Outcome | None]) -> Decision:
    """Decide one group as early as its known outcomes allow; None is a node that has not ended."""
    tally = _Tally(group)
    for edge in group.edges:
        outcome = outcome_of(edge.target)
        if outcome is not None:
            tally.count(edge.require, outcome)
    return tally.decision()


def decide_all(groups: Iterable[Group[K]], outcome_of: Callable[[K], Outcome | None]) -> Decision:
    """Decide groups that all have to be met, one then the next: the first that is not READY is the answer.

    So `[all_of(x, FINAL), all_of(x)]` is decided only when all of x have ended, `[all_of(x)]` at the first failure.
    """
    for group in groups:
        decision = decide(group, outcome_of)
        if decision is not Decision.READY:
            return decision
    return Decision.READY


class _Waiting:
    """One node's groups, and the first of them that is not met yet."""

    __slots__ = ("current", "decision", "tallies")

    def __init__(self, tallies: list[_Tally]) -> None:
        self.tallies = tallies
        self.current = 0
        self.decision = Decision.PENDING

    def decide(self) -> Decision:
        while self.current < len(self.tallies):
            self.decision = self.tallies[self.current].decision()
            if self.decision is not Decision.READY:
                return self.decision
            self.current += 1
        self.decision = Decision.READY
        return self.decision


class ReadyTracker(Generic[K]):
    """Says what became decided each time a node ends, at the cost of that node's dependents alone.

    A BLOCKED node never ran and does not end by itself: the caller says how it counts, by `finish`, as it does for a
    node that ran; so a job can tell skipped from failed upstream, and a work plan can make it a failure.
    """

    def __init__(self) -> None:
        self._nodes: dict[K, _Waiting] = {}
        self._outcomes: dict[K, Outcome] = {}
        self._waiting: dict[K, list[tuple[K, _Tally, Require]]] = {}

    def add(self, key: K, groups: Iterable[Group[K]] = ()) -> Decision:
        """Add a node and decide it by what has ended so far; what it waits for may be added later."""
        if key in self._nodes:
            raise DuplicateNode(key)
        node = self._nodes[key] = _Waiting([])
        for group in groups:
            tally = _Tally(group)
            node.tallies.append(tally)
            for edge in group.edges:
                if edge.target in self._outcomes:
                    tally.count(edge.require, self._outcomes[edge.target])
                else:
                    self._waiting.setdefault(edge.target, []).append((key, tally, edge.require))
        return node.decide()

    def finish(self, key: K, outcome: Outcome) -> list[tuple[K, Decision]]:
        """Record how a node ended; return what is READY or BLOCKED from now on, in the order added. Same again: []."""
        if key not in self._nodes:
            raise _missing(None, key, self._nodes)
        known = self._outcomes.setdefault(key, outcome)
        if known is not outcome:
            raise ConflictError(f"{key!s} ended already, with {known.value}, not {outcome.value}")
        waiting = self._waiting.pop(key, [])
        for _, tally, require in waiting:
            tally.count(require, outcome)
        open_keys = [source for source in dict.fromkeys(source for source, _, _ in waiting) if self._is_open(source)]
        return [
            (source, decision)
            for source in open_keys
            if (decision := self._nodes[source].decide()) is not Decision.PENDING
        ]

    def decision(self, key: K) -> Decision:
        """Return what was last decided of a node."""
        if key not in self._nodes:
            raise _missing(None, key, self._nodes)
        return self._nodes[key].decision

    def outcome(self, key: K) -> Outcome | None:
        """Return how a node ended, None while it has not; fits `decide`."""
        return self._outcomes.get(key)

    def _is_open(self, key: K) -> bool:
        return key not in self._outcomes and self._nodes[key].decision is Decision.PENDING
