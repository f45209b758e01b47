"""What a log line costs, as a ratio to the same line through plain stdlib logging, measured side by side in one run.

Run it: python bench/log.py [--json]
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from armadillo import log

FACTS = {"argv": ["arangod", "--version"], "pid": 4711, "seconds": 0.25, "exit_code": 0}
PLAIN = "proc.exec.ok argv=%r pid=%r seconds=%r exit_code=%r"
ARGUMENTS = tuple(FACTS.values())

Say = Callable[[], None]


def plain_logger(sink: TextIO) -> logging.Logger:
    """Return a logger as stdlib alone would be set up, apart from ours."""
    handler = logging.StreamHandler(sink)
    handler.setFormatter(logging.Formatter("%(asctime)s [%(levelname)s] %(name)s %(message)s"))
    logger = logging.getLogger("plain")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    return logger


def nanoseconds(say: Say, lines: int) -> float:
    """Return the processor time of one line."""
    started = time.process_time_ns()
    for _ in range(lines):
        say()
    return (time.process_time_ns() - started) / lines


def measure(rounds: int, lines: int) -> dict[str, dict[str, float]]:
    """Return for each case the medians of both costs and of their ratio; every round times all cases in turn."""
    with Path(os.devnull).open("w", encoding="utf-8") as sink:
        plain, ours = plain_logger(sink), log.get_logger("armadillo.bench")

        def told() -> None:
            ours.info("proc.exec.ok", **FACTS)

        def kept() -> None:
            ours.debug("proc.exec.ok", **FACTS)

        cases: dict[str, tuple[str, Say, Say]] = {
            "text": ("text", told, lambda: plain.info(PLAIN, *ARGUMENTS)),
            "json": ("json", told, lambda: plain.info(PLAIN, *ARGUMENTS)),
            "filtered out": ("text", kept, lambda: plain.debug(PLAIN, *ARGUMENTS)),
        }
        costs: dict[str, list[tuple[float, float]]] = {case: [] for case in cases}
        for number in range(rounds + 1):
            for case, (form, say, say_plain) in cases.items():
                log.configure(level="info", form=form, stream=sink)
                cost = nanoseconds(say, lines), nanoseconds(say_plain, lines)
                if number:  # the first round warms up
                    costs[case].append(cost)
        log.reset()
    return {case: summary(pairs) for case, pairs in costs.items()}


def summary(pairs: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Return the medians of one case, in microseconds."""
    return {
        "armadillo_us": round(statistics.median(ours for ours, _ in pairs) / 1000, 3),
        "stdlib_us": round(statistics.median(plain for _, plain in pairs) / 1000, 3),
        "ratio": round(statistics.median(ours / max(plain, 1) for ours, plain in pairs), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="What a log line costs, as a ratio to stdlib logging.")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--lines", type=int, default=1000, help="lines a round")
    wish = parser.parse_args()
    found = measure(wish.rounds, wish.lines)
    if wish.json:
        print(json.dumps({"schema": "armadillo.bench-log/v1", "cases": found}, indent=2))
        return
    print(f"{'case':<14}{'armadillo':>12}{'stdlib':>12}{'ratio':>8}")
    for case, cost in found.items():
        print(f"{case:<14}{cost['armadillo_us']:>9.2f} µs{cost['stdlib_us']:>9.2f} µs{cost['ratio']:>8.2f}")


if __name__ == "__main__":
    main()
