"""What `armadillo --help` costs, as CPU time and as a ratio to importing typer alone, measured in turn in one run.

Run it: python bench/cli.py [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

BOUND_MS = 150.0
ROOT = Path(__file__).resolve().parents[1]
CASES = {
    "armadillo --help": ("-m", "armadillo", "--help"),
    "import typer": ("-c", "import typer"),
    "import armadillo": ("-c", "import armadillo"),
    "python alone": ("-c", ""),
}


def milliseconds(words: Sequence[str]) -> float:
    """Run python with these words, and return the processor time it took, its own and the system's for it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ARMADILLO_", "COV"))}
    with subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"python {' '.join(words)} ended with {child.returncode}")
    return (used.ru_utime + used.ru_stime) * 1000


def measure(rounds: int) -> dict[str, float]:
    """Return the median of each case; every round runs all of them in turn, the first one warms up."""
    taken: dict[str, list[float]] = {case: [] for case in CASES}
    for number in range(rounds + 1):
        for case, words in CASES.items():
            cost = milliseconds(words)
            if number:
                taken[case].append(cost)
    return {case: round(statistics.median(costs), 1) for case, costs in taken.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description="What `armadillo --help` costs.")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--rounds", type=int, default=11)
    wish = parser.parse_args()
    found = measure(wish.rounds)
    cost = found["armadillo --help"]
    ratio = round(cost / found["import typer"], 2)
    if wish.json:
        data = {"schema": "armadillo.bench-cli/v1", "cpu_ms": found, "bound_ms": BOUND_MS, "ratio_to_typer": ratio}
        print(json.dumps(data, indent=2))
    else:
        for case, one in found.items():
            print(f"{case:<20}{one:>8.1f} ms")
        print(f"bound of --help{BOUND_MS:>13.1f} ms, ratio to typer alone {ratio:.2f}")
    return int(cost > BOUND_MS)


if __name__ == "__main__":
    sys.exit(main())
