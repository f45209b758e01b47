"""Each benchmark runs and tells a ratio; how large it is depends on the machine and is not tested."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_benchmark_tells_a_ratio_for_each_case() -> None:
    argv = [sys.executable, "bench/log.py", "--json", "--rounds", "2", "--lines", "20"]
    ran = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    cases = json.loads(ran.stdout)["cases"]
    assert set(cases) == {"text", "json", "filtered out"}
    assert all(cost["ratio"] > 0 for cost in cases.values())
    assert ran.stderr == ""


def test_the_benchmark_of_a_cluster_says_how_it_is_asked() -> None:
    ran = subprocess.run([sys.executable, "bench/up_cluster.py", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "--rounds" in ran.stdout
    assert "--json" in ran.stdout
