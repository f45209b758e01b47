"""`armadillo exec`: which words are the deployment, the server and the command."""

from __future__ import annotations

import pytest

from .running import Call


@pytest.mark.parametrize("words", [["coordinator1"], ["lab"], ["lab", "coordinator1"]])
def test_words_without_a_command_are_told_how_to_go_on(words: list[str], call: Call) -> None:
    ended = call("exec", *words)
    assert ended.code == 2
    assert f"exec needs a server and a command, not only {' '.join(words)}\n" in ended.err
    assert "→ armadillo exec NAME coordinator1 -- arangod --version" in ended.err
