"""What it costs to render 100 and 1 000 servers, and how the cost of one server grows between the two.

Run it: python bench/render.py [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time

from armadillo import preset, render

SIZES = (100, 1000)
AGENTS, COORDINATORS = 3, 17
BOUND_SECONDS = 1.0
BOUND_RATIO = 3.0


def seconds(servers: int, rounds: int) -> float:
    """Return the least processor time of several renderings; the machine can only make it slower."""
    cluster = preset("cluster").with_counts(
        agents=AGENTS, dbservers=servers - AGENTS - COORDINATORS, coordinators=COORDINATORS
    )
    taken = []
    for number in range(rounds):
        started = time.process_time()
        render(cluster, f"bench{number}")
        taken.append(time.process_time() - started)
    return min(taken)


def main() -> int:
    parser = argparse.ArgumentParser(description="What rendering 100 and 1 000 servers costs.")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--rounds", type=int, default=5)
    wish = parser.parse_args()
    seconds(SIZES[0], 1)  # imports the template library
    found = {size: seconds(size, wish.rounds) for size in SIZES}
    small, large = (found[size] / size for size in SIZES)
    ratio = large / small
    if wish.json:
        data = {
            "schema": "armadillo.bench-render/v1",
            "cases": [{"servers": size, "cpu_seconds": round(cost, 4)} for size, cost in found.items()],
            "bound_seconds": BOUND_SECONDS,
            "ratio_per_server": round(ratio, 2),
            "bound_ratio": BOUND_RATIO,
        }
        print(json.dumps(data, indent=2))
    else:
        for size, cost in found.items():
            print(f"{size:>5} servers{cost:>9.3f} s{cost / size * 1e6:>9.0f} µs a server")
        print(f"bound of {SIZES[-1]}{BOUND_SECONDS:>8.3f} s, of the ratio per server {BOUND_RATIO}: {ratio:.2f}")
    return int(found[SIZES[-1]] > BOUND_SECONDS or ratio > BOUND_RATIO)


if __name__ == "__main__":
    sys.exit(main())
