"""Variables are written so that every shell reads back what was meant."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armadillo.cli.env import Shell, written

VALUES = ["plain", "with space", "it's", 'say "no"', "$HOME `x` \\", "http://127.0.0.1:1,http://127.0.0.1:2", ""]


@settings(max_examples=15, deadline=None)
@given(st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), max_size=20))
def test_a_shell_reads_back_any_text(value: str) -> None:
    script = written(Shell.SH, "X", value) + '\nprintf %s "$X"'
    ended = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    assert ended.stdout == value.encode()


@pytest.mark.skipif(shutil.which("fish") is None, reason="no fish here")
@pytest.mark.parametrize("value", VALUES)
def test_fish_reads_back_what_was_meant(value: str) -> None:
    script = written(Shell.FISH, "X", value) + "\nprintf %s $X"
    assert subprocess.run(["fish", "-c", script], capture_output=True, text=True, check=True).stdout == value


@pytest.mark.parametrize(
    ("shell", "value", "line"),
    [
        (Shell.FISH, "it's \\", r"set -gx X 'it\'s \\'"),
        (Shell.POWERSHELL, "it's", "$Env:X = 'it''s'"),
        (Shell.DOTENV, "http://127.0.0.1:1", "X=http://127.0.0.1:1"),
        (Shell.DOTENV, 'a "b" $c', r'X="a \"b\" \$c"'),
        (Shell.GITHUB, "a b", "X=a b"),
        (Shell.GITHUB, "a\nb", "X<<END_OF_X\na\nb\nEND_OF_X"),
    ],
)
def test_each_shell_has_its_words(shell: Shell, value: str, line: str) -> None:
    assert written(shell, "X", value) == line
