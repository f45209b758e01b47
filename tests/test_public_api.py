"""What `import armadillo` offers: one list, lazily, seen by type checkers and never hiding a submodule."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import armadillo
from armadillo import errors

SOURCE = Path(armadillo.__file__)


def seen_by_type_checkers() -> set[str]:
    """Return the names imported under TYPE_CHECKING."""
    (block,) = (node for node in ast.parse(SOURCE.read_text()).body if isinstance(node, ast.If))
    return {
        alias.asname or alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }


def test_the_list_is_sorted_and_without_doubles() -> None:
    assert armadillo.__all__ == sorted(set(armadillo.__all__))


def test_type_checkers_see_what_the_list_names() -> None:
    assert seen_by_type_checkers() | {"__version__"} == set(armadillo.__all__)


@pytest.mark.parametrize("name", armadillo.__all__)
def test_every_name_resolves_and_stays(name: str) -> None:
    value = getattr(armadillo, name)
    assert getattr(armadillo, name) is value
    assert name in dir(armadillo)


def test_no_name_is_a_submodule_too() -> None:
    assert {module.name for module in pkgutil.iter_modules([str(SOURCE.parent)])}.isdisjoint(armadillo.__all__)


def test_the_names_are_those_of_their_homes() -> None:
    assert armadillo.ConfigurationError is errors.ConfigurationError
    assert armadillo.render(armadillo.preset("single"), "here").startswith("x-server:")


def test_a_name_that_nobody_offers_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'armadillo' has no attribute 'nothing'"):
        armadillo.nothing  # noqa: B018


def test_importing_the_package_imports_nothing_of_it() -> None:
    script = "import sys, armadillo; print(*[name for name in sys.modules if name.startswith('armadillo.')])"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout.split()) == (0, [])


def test_everything_can_be_imported_by_name_in_a_new_process() -> None:
    script = "from armadillo import *; from armadillo import Topology; print(Topology.__module__, __version__)"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert ended.stdout.split() == ["armadillo.topology.model", armadillo.__version__]
