"""What is imported by the time the command line has answered.

Starts real interpreters; knows the names of heavy libraries from the tables only.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .tables import HEAVY, PLACES
from .tree import Complaint, House

_IMPORTED = re.compile(r"^import time:.*\| +([\w.]+)$", re.MULTILINE)


def start_is_light(house: House) -> Iterator[Complaint]:
    """`import armadillo` imports no foreign library of ours, `armadillo --help` typer alone."""
    for words, allowed in ((("-c", "import armadillo"), set()), (("-m", "armadillo", "--help"), {"typer"})):
        started = imported(house.root, *words)
        for library in sorted((HEAVY | PLACES.keys()) & started - allowed):
            yield Complaint("armadillo/__init__.py", 1, f"python {' '.join(words)} imports {library}")


def imported(root: Path, *words: str) -> set[str]:
    """Run python with these words in a folder and return the top-level names of all it imported."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", *words],
        cwd=root,
        env={**environment, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    if ended.returncode:
        raise AssertionError(f"python {' '.join(words)} ended with {ended.returncode}:\n{ended.stderr[-2000:]}")
    return {name.partition(".")[0] for name in _IMPORTED.findall(ended.stderr)}
