"""What each named topology renders to, byte for byte; `python -m tests.topology.golden` writes the files anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from armadillo.topology import render, schema
from tests.topology.wishes import NAMED

HERE = Path(__file__).parent
SCHEMA = HERE.parents[2] / "docs" / "topology.schema.json"


def wanted() -> Iterator[tuple[Path, str]]:
    """Yield every file with the text it should have."""
    for name, topology in NAMED.items():
        yield HERE / f"{name}.yml", render(topology, "golden")
    yield SCHEMA, json.dumps(schema(), indent=2) + "\n"
