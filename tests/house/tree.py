"""A source tree read once: its modules parsed, its other texts as they are.

Knows no rule.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

PACKAGE = "armadillo"
_DOTTED_BUT_OURS = {".ci", ".github", ".gitignore"}
_MADE_BY_TOOLS = {"__pycache__", "build", "dist", "htmlcov"}


class Complaint(NamedTuple):
    """Where a rule is broken and how."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


class Import(NamedTuple):
    """One imported name: `from a import b` is `a.b`."""

    name: str
    line: int


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def module(self) -> str:
        """The dotted name: `armadillo/cli/__init__.py` is `armadillo.cli`."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def is_package(self) -> bool:
        return self.path.endswith("/__init__.py")

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every import, wherever it stands: at the top, in a function, for types alone, by `import_module`."""
        return tuple(found for node in ast.walk(self.tree) for found in self._imported(node))

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Yield each call with the dotted text of what is called."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Yield each function and method."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def _imported(self, node: ast.AST) -> Iterator[Import]:
        match node:
            case ast.Import(names=names):
                yield from (Import(alias.name, node.lineno) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                origin = self._absolute(module or "", level)
                yield from (Import(f"{origin}.{alias.name}", node.lineno) for alias in names)
            case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]):
                if ast.unparse(func) in {"import_module", "importlib.import_module", "__import__"}:
                    level = len(name) - len(name.lstrip("."))
                    yield Import(self._absolute(name[level:], level), node.lineno)

    def _absolute(self, module: str, level: int) -> str:
        if not level:
            return module
        here = self.module.split(".")
        above = here[: len(here) - level + self.is_package]
        return ".".join([*above, module] if module else above)


class House:
    """A checkout: the package, the Python around it, and every committed text."""

    def __init__(self, root: Path) -> None:
        self.root = root
        sources = [Source(path, text) for path, text in self.texts.items() if path.endswith(".py")]
        self.package = tuple(source for source in sources if source.path.startswith(f"{PACKAGE}/"))
        self.around = tuple(source for source in sources if not source.path.startswith(f"{PACKAGE}/"))
        self.modules = {source.module for source in self.package}

    @cached_property
    def texts(self) -> dict[str, str]:
        """Every text file of the checkout that a tool has not made, by its path."""
        found = {}
        for path in sorted(_files(self.root)):
            raw = path.read_bytes()
            if b"\0" not in raw:
                found[path.relative_to(self.root).as_posix()] = raw.decode(errors="replace")
        return found

    def module_of(self, name: str) -> str | None:
        """Return the module of ours that an imported name belongs to, or None for a foreign one."""
        if name.partition(".")[0] != PACKAGE:
            return None
        while name not in self.modules and "." in name:
            name = name.rpartition(".")[0]
        return name


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in _MADE_BY_TOOLS or (path.name.startswith(".") and path.name not in _DOTTED_BUT_OURS):
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path
