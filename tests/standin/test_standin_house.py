"""The stand-in's own rooms: imports point inwards, and only the standard library is used."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.standin.driving import HOME

PACKAGE = HOME / "arangod"
# A room and the rooms it may use; `http`, `store` and `auth` know nothing of each other but names.
MAY_USE = {
    "failure": set[str](),
    "jsontext": set[str](),
    "options": {"failure"},
    "store": {"failure", "jsontext"},
    "auth": {"failure", "jsontext", "store.names"},
    "http": {"failure"},
    "process.log": {"failure", "jsontext"},
    "process.machine": {"options"},
    "agency": {"jsontext", "http.client", "process.log", "store.journal"},
    "cluster": {"agency", "auth", "failure", "http", "jsontext", "options", "process.log", "store"},
    "node": {"agency.post", "auth", "cluster", "options", "process.log", "process.machine", "store"},
    "api": {"agency", "cluster", "failure", "jsontext", "auth", "http", "node", "options", "process.log", "store"},
    "process": {"agency", "cluster", "failure", "jsontext", "auth", "api", "http", "node", "options", "store"},
    "entrypoint": {"failure", "options", "process"},
    "__main__": {"process", "entrypoint"},
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.read_text().strip())


def _imports(name: str) -> set[str]:
    tree = ast.parse((HOME / f"{name.replace('.', '/')}.py").read_text())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _inside(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_inwards_and_are_standard(path: object) -> None:
    name = str(path).removeprefix(f"{HOME}/").removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    own = name.removeprefix("arangod").removeprefix(".")
    room = next((room for room in sorted(MAY_USE, key=len, reverse=True) if _inside(own, room)), "")
    for imported in _imports(name if own else "arangod.__init__"):
        if not _inside(imported, "arangod"):
            assert imported.partition(".")[0] in sys.stdlib_module_names, imported
            continue
        part = imported.removeprefix("arangod").removeprefix(".")
        constant = "." not in part and part.isupper()
        assert constant or _inside(part, room) or any(_inside(part, other) for other in MAY_USE[room]), f"{own}: {part}"


def test_functions_and_files_are_small() -> None:
    lengths = []
    for path in MODULES:
        text = path.read_text()
        assert len(text.splitlines()) <= 400, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno is not None
                lengths.append(node.end_lineno - node.lineno + 1)
    lengths.sort()
    assert lengths[len(lengths) // 2] <= 10
    assert lengths[len(lengths) * 9 // 10] <= 40
