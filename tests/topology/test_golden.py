"""The text of each named topology, byte for byte, and the published schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.topology.golden import HERE, wanted


@pytest.mark.parametrize(("path", "text"), [pytest.param(*file, id=file[0].name) for file in wanted()])
def test_the_text_is_the_golden_one(path: Path, text: str) -> None:
    assert path.read_text() == text, "if this is meant: python -m tests.topology.golden"


def test_no_golden_file_is_left_over() -> None:
    assert set(HERE.glob("*.yml")) == {path for path, _ in wanted() if path.parent == HERE}
