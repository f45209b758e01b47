"""The pages about the command line: one section for each command, and a quickstart that works word for word."""

from __future__ import annotations

import re
from pathlib import Path

from armadillo import __version__

from .running import in_shell
from .test_app import LEAVES

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_each_command_has_its_section_in_the_order_of_the_help() -> None:
    sections = re.findall(r"^## armadillo (.*)$", (DOCS / "commands.md").read_text(), re.MULTILINE)
    assert sections == [" ".join(path) for path in LEAVES]


def test_every_command_of_the_quickstart_says_what_the_page_says(place: Path) -> None:
    page = (DOCS / "quickstart.md").read_text().replace("{version}", __version__)
    steps = [step for block in re.findall(r"^```console\n(.*?)^```$", page, re.M | re.S) for step in parted(block)]
    assert len(steps) > 8
    for command, said in steps:
        ended = in_shell(command, cwd=place)
        assert re.fullmatch(pattern(said), ended.out + ended.err), f"$ {command}\n{ended.out}{ended.err}"


def parted(block: str) -> list[tuple[str, str]]:
    """Return the commands of a block, each with what the page says it says; a command may have a here-document."""
    found = re.findall(r"^\$ ([^\n]*<<'END'\n.*?^END\n|[^\n]*\n)(.*?)(?=^\$ |\Z)", block, re.M | re.S)
    assert sum(map(len, map("".join, found))) == len(block) - 2 * len(found)
    return found


def pattern(said: str) -> str:
    lines = said.splitlines()
    return "".join("(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + "\n" for line in lines)
