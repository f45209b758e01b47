"""How long a cluster of seven takes: until all answer as their role, and from there until it is proved ready.

    python bench/up_cluster.py [--rounds N] [--json]

Three agents, three dbservers, a coordinator. As in up.py all ways make the same and are asked by the same poll, and
take turns in every round; medians are compared.

ours      the library's `up` without its own wait, and on until all answer as their role
floor     the same create bodies sent, and started, by a few threads
compose   `docker-compose up -d` of the same text
proved    ours with its own proof of readiness; what it takes longer than ours is what the proof takes
arangod   proved, with the timings arangod has where none are given; those say how long it takes, so it has no bound
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from operator import sub
from pathlib import Path

from up import ROUNDS, Way, compose, floor, in_turns, measure, ours, possible, prepared

from armadillo.engine.docker import Connection
from armadillo.engine.endpoint import locate
from armadillo.topology import ComposeFile, Mode, Servers, Topology, load_compose, render

FLOOR_BOUND = 1.5
COMPOSE_BOUND = 1.0
PROOF_BOUND = 1.0
PREFIX = "e5-up"
SCHEMA = "armadillo.bench-up-cluster/v1"
CLUSTER = Topology(mode=Mode.CLUSTER, image="standin")
TIMINGS = {
    "agency.election-timeout-min": "1",
    "agency.election-timeout-max": "5",
    "agency.supervision-frequency": "1",
    "agency.supervision-ok-threshold": "5",
    "agency.supervision-grace-period": "10",
}
SLOW = dataclasses.replace(CLUSTER, agents=Servers(3, arguments=tuple(TIMINGS.items())))
PROVED: Way = partial(ours, wait=True)
WAYS: dict[str, Way] = {"ours": ours, "floor": floor, "compose": compose, "proved": PROVED, "arangod": PROVED}


@dataclasses.dataclass(frozen=True, slots=True)
class Bounded:
    """A number that has a bound."""

    of: str
    value: float
    bound: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        return self.value <= self.bound


def written(topology: Topology, name: str) -> tuple[ComposeFile, str]:
    text = render(topology, name)
    return load_compose(text), text


def measured(connection: Connection, rounds: int, folder: Path) -> dict[str, list[float]]:
    """Return what each way took in each round."""
    cases = {
        name: partial(
            measure, connection, partial(written, SLOW if name == "arangod" else CLUSTER), way, folder, PREFIX
        )
        for name, way in possible(WAYS).items()
    }
    return in_turns(cases, rounds)


def bounded(taken: Mapping[str, Sequence[float]]) -> list[Bounded]:
    """Return what is bounded."""
    medians = {way: statistics.median(each) for way, each in taken.items()}
    proof = statistics.median(map(sub, taken["proved"], taken["ours"]))
    found = [
        Bounded("ours / floor", medians["ours"] / medians["floor"], FLOOR_BOUND),
        Bounded("proved - ours", proof, PROOF_BOUND, " s"),
    ]
    if "compose" in medians:
        found.append(Bounded("ours / compose", medians["ours"] / medians["compose"], COMPOSE_BOUND))
    return found


def told(taken: Mapping[str, Sequence[float]], *, as_json: bool) -> int:
    """Print what was measured beside its bounds; the exit code says whether they hold."""
    rows = bounded(taken)
    if as_json:
        seconds = {way: round(statistics.median(each), 4) for way, each in taken.items()}
        bounds = [{"of": one.of, "value": round(one.value, 3), "bound": one.bound} for one in rows]
        print(json.dumps({"schema": SCHEMA, "seconds": seconds, "bounds": bounds}, indent=2))
    else:
        for way, each in taken.items():
            print(f"{way:<16}{statistics.median(each) * 1000:8.0f} ms  ({min(each):.2f} to {max(each):.2f} s)")
        for one in rows:
            limit = f"bound {one.bound:g}{one.unit}{'' if one.holds else '  BROKEN'}"
            print(f"{one.of:<16}{one.value:8.2f}{one.unit:<4} {limit}")
    return int(not all(one.holds for one in rows))


def main() -> int:
    parser = argparse.ArgumentParser(description="How long a cluster takes until it answers, and until it is ready.")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    wish = parser.parse_args()
    with Connection(locate(environ=os.environ)) as connection, prepared(connection) as folder:
        taken = measured(connection, wish.rounds, folder)
    return told(taken, as_json=wish.json)


if __name__ == "__main__":
    sys.exit(main())
