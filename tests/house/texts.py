"""The rules about texts that are not code: what is committed, the map, and the words of the Makefile.

Reads texts only; knows nothing of Python source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .tree import PACKAGE, Complaint, House

# Written so that this file does not break its own rule.
_MACHINE_TEXT = (
    re.compile(r"(?<![\w.-])/[w]ork/"),
    re.compile(r"\.\./[s]hared\b"),
    re.compile(
        r"\b(?:pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|proxy\.golang\.org|registry-1\.docker\.io)"
    ),
)
_PARAGRAPH = re.compile(r"^\*\*`([\w./-]+)`\*\* ", re.MULTILINE)
_TARGET = re.compile(r"^([a-z][\w-]*):(?!=)(.*)$", re.MULTILINE)
_MAKE = re.compile(r"\bmake((?: [a-z][a-z-]*(?![\w=/.-]))+)")


def no_machine_text(house: House) -> Iterator[Complaint]:
    """Nothing committed names one machine's folders or a package index."""
    for path, text in house.texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            for found in (pattern.search(line) for pattern in _MACHINE_TEXT):
                if found:
                    yield Complaint(path, number, f"says {found[0]}")


def the_map_is_complete(house: House) -> Iterator[Complaint]:
    """docs/house.md has a paragraph for each module and room of the package, and for nothing else of it."""
    text = house.texts.get("docs/house.md", "")
    told = {match[1]: text.count("\n", 0, match.start()) + 1 for match in _PARAGRAPH.finditer(text)}
    rooms = {module.split(".")[1] for module in house.modules if "." in module}
    for room in sorted(rooms - told.keys() - {"__main__"}):
        yield Complaint("docs/house.md", 1, f"has no paragraph for {PACKAGE}/{room}")
    for name, line in told.items():
        outside = any(path.startswith(f"{name}/") for path in house.texts)
        if name not in rooms and not outside:
            yield Complaint("docs/house.md", line, f"has a paragraph for {name}, which does not exist")


def make_words_are_explained(house: House) -> Iterator[Complaint]:
    """`make help` tells each word, and every word that a text or a workflow uses exists."""
    makefile = house.texts.get("Makefile", "")
    words = {match[1]: match for match in _TARGET.finditer(makefile)}
    for word, match in words.items():
        if "## " not in match[2]:
            yield Complaint("Makefile", makefile.count("\n", 0, match.start()) + 1, f"{word} is not explained")
    for path, text in house.texts.items():
        if path.startswith((".github/", ".ci/", "docs/", "README")):
            for number, line in enumerate(text.splitlines(), 1):
                for word in _used(path, line):
                    if word not in words:
                        yield Complaint(path, number, f"make {word}: there is no such word")


def _used(path: str, line: str) -> list[str]:
    """In prose a word of make stands in code; in scripts every line is code."""
    code = "; ".join(re.findall(r"`([^`]+)`", line)) if path.endswith(".md") else line.partition("#")[0]
    if path.endswith(".md") and line.startswith(("    ", "make ")):
        code = line
    return " ".join(_MAKE.findall(code)).split()


def ci_runs_the_readme(house: House) -> Iterator[Complaint]:
    """The README has exactly one test command, which `.ci/run` can find and run word for word."""
    found = commands_that_test(house.texts.get("README.md", ""))
    if len(found) != 1:
        yield Complaint("README.md", 1, f"has {len(found)} test commands where .ci/run needs one: {found}")


def commands_that_test(readme: str) -> list[str]:
    """Return the lines that make an environment and run pytest in it."""
    return [line.strip() for line in readme.splitlines() if re.match(r"\s*python3 -m venv .* -m pytest\b", line)]
