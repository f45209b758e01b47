"""The house keeps its rules, and each rule is shown to fire on a small tree that breaks it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

import armadillo

from .house.habits import (
    environment_is_read_at_the_door,
    files_are_small,
    functions_are_small,
    modules_say_what_they_are_for,
    no_broad_except,
    no_exit_or_signal_handlers,
    no_pattern_words_in_names,
    no_print_outside_the_cli,
)
from .house.imports import (
    every_module_has_a_ring,
    foreign_libraries_have_a_place,
    images_need_the_standard_library_only,
    imports_point_inwards,
    no_mocks,
    pure_modules_have_no_effects,
    strangers_stay_strangers,
)
from .house.judge import RULES, Rule, judge
from .house.startup import start_is_light
from .house.tables import EXCEPTIONS
from .house.texts import ci_runs_the_readme, make_words_are_explained, no_machine_text, the_map_is_complete
from .house.tree import House

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def house() -> House:
    return House(ROOT)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(rule: Rule, house: House) -> None:
    complaints = judge(rule, house, EXCEPTIONS)
    assert not complaints, f"{rule.__doc__}\n" + "\n".join(map(str, complaints))


def test_every_exception_names_a_rule_and_its_reason() -> None:
    names = {rule.__name__ for rule in RULES}
    assert {rule for rule, _ in EXCEPTIONS} <= names
    assert all(reason.strip() for reason in EXCEPTIONS.values())


def test_an_exception_silences_its_file_and_is_told_when_it_is_idle(tmp_path: Path) -> None:
    house = plant(tmp_path, {"armadillo/graph.py": "print(1)\n"})
    rule = no_print_outside_the_cli
    assert judge(rule, house, {(rule.__name__, "armadillo/graph.py"): "because"}) == []
    idle = judge(rule, house, {(rule.__name__, path): "because" for path in ("armadillo/graph.py", "armadillo/x.py")})
    assert [str(complaint) for complaint in idle] == [
        f"armadillo/x.py:1: no longer needs its exception from {rule.__name__}"
    ]


def test_the_public_names_are_sorted_resolve_and_are_all_there_is() -> None:
    public: list[str] = getattr(armadillo, "__all__", [])
    assert public == sorted(set(public))
    assert [name for name in public if not hasattr(armadillo, name)] == []
    assert set(public) <= set(dir(armadillo))


class Broken(NamedTuple):
    """A small tree that breaks a rule: its files, and what is said about them."""

    rule: Rule
    files: Mapping[str, str]
    says: str


DOC = '"""What it is for.\n\nKnows nothing else."""\n'
PUBLIC_INDEX = "pypi" + ".org"
LONG = "def long() -> None:\n" + "    x = 1\n" * 41
README = "    python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/python -m pytest\n"

BROKEN = [
    Broken(every_module_has_a_ring, {"armadillo/stray.py": DOC}, "armadillo.stray has no ring"),
    Broken(every_module_has_a_ring, {"armadillo/errors.py": DOC}, "a ring for armadillo.graph, which does not exist"),
    Broken(
        imports_point_inwards,
        {"armadillo/errors.py": "from . import log\n", "armadillo/log.py": ""},
        "armadillo/errors.py:1: ring 0 imports armadillo.log of ring 2",
    ),
    Broken(
        imports_point_inwards,
        {"armadillo/topology/model.py": "def f():\n    from ..cli.app import main\n", "armadillo/cli/app.py": ""},
        "armadillo/topology/model.py:2: ring 1 imports armadillo.cli.app of ring 3",
    ),
    Broken(
        imports_point_inwards,
        {"armadillo/log.py": "if TYPE_CHECKING:\n    import armadillo.cli\n", "armadillo/cli/__init__.py": ""},
        "armadillo/log.py:2: ring 2 imports armadillo.cli of ring 3",
    ),
    Broken(
        imports_point_inwards,
        {"armadillo/log.py": "import importlib\nimportlib.import_module('armadillo.cli')\n", "armadillo/cli.py": ""},
        "armadillo/log.py:2: ring 2 imports armadillo.cli of ring 3",
    ),
    Broken(
        imports_point_inwards,
        {"armadillo/log.py": "from armadillo import Topology\n", "armadillo/__init__.py": ""},
        "armadillo/log.py:1: ring 2 imports armadillo of ring 3",
    ),
    Broken(
        strangers_stay_strangers,
        {"armadillo/jobs/model.py": "from ..workplan import model\n", "armadillo/workplan/model.py": ""},
        "armadillo/jobs/model.py:1: imports armadillo.workplan.model; they meet in the doors only",
    ),
    Broken(
        foreign_libraries_have_a_place,
        {"armadillo/log.py": "import yaml\n"},
        "armadillo/log.py:1: imports yaml: its place is armadillo.yamltext",
    ),
    Broken(
        foreign_libraries_have_a_place,
        {"armadillo/log.py": "def f():\n    from numpy import array\n"},
        "armadillo/log.py:2: imports numpy: it has no place",
    ),
    Broken(
        foreign_libraries_have_a_place,
        {"armadillo/yamltext.py": ""},
        "a place for yaml in armadillo.yamltext, which does not use it",
    ),
    *(
        Broken(images_need_the_standard_library_only, {"images/standin/arangod/main.py": text}, says)
        for text, says in [
            ("import yaml\n", "images/standin/arangod/main.py:1: imports yaml, which the image does not have"),
            ("from armadillo import units\n", "imports armadillo, which the image does not have"),
        ]
    ),
    *(
        Broken(pure_modules_have_no_effects, {"armadillo/topology/model.py": text}, says)
        for text, says in [
            ("import os.path\n", ":1: a pure module imports os.path"),
            ("from subprocess import run\n", ":1: a pure module imports subprocess.run"),
            ("import socket\n", ":1: a pure module imports socket"),
            ("def f():\n    import time\n", ":2: a pure module imports time"),
            ("import threading as t\n", ":1: a pure module imports threading"),
            ("from pathlib import Path\n", ":1: a pure module imports pathlib.Path"),
            ("import pathlib\np = pathlib.Path.cwd()\n", ":2: a pure module calls pathlib.Path.cwd()"),
            ("from urllib import request\n", ":1: a pure module imports urllib.request"),
            ("with open('x') as file: pass\n", ":1: a pure module calls open()"),
            ("from datetime import datetime\nx = datetime.now()\n", ":2: a pure module calls datetime.now()"),
        ]
    ),
    Broken(no_mocks, {"tests/test_x.py": "from unittest.mock import Mock\n"}, "imports unittest.mock.Mock"),
    Broken(no_mocks, {"armadillo/log.py": "import unittest.mock\n"}, "imports unittest.mock"),
    Broken(no_mocks, {"tests/test_x.py": "def test_x(mocker): pass\n"}, "test_x asks for mocker"),
    Broken(
        start_is_light,
        {"armadillo/__init__.py": "import structlog\n", "armadillo/__main__.py": "import yaml, typer\n"},
        "python -c import armadillo imports structlog",
    ),
    Broken(
        start_is_light,
        {"armadillo/__init__.py": "", "armadillo/__main__.py": "import yaml, typer\n"},
        "python -m armadillo --help imports yaml",
    ),
    *(
        Broken(environment_is_read_at_the_door, {"armadillo/process.py": text}, says)
        for text, says in [
            ("import os\nhome = os.environ['HOME']\n", "armadillo/process.py:2: uses os.environ"),
            ("import os\nhome = os.getenv('HOME')\n", "armadillo/process.py:2: uses os.getenv"),
            ("from os import environ\n", "armadillo/process.py:1: uses os.environ"),
        ]
    ),
    Broken(no_print_outside_the_cli, {"armadillo/log.py": "print('x')\n"}, "armadillo/log.py:1: calls print()"),
    Broken(
        no_print_outside_the_cli,
        {"armadillo/log.py": "import sys\nsys.stdout.write('x')\n"},
        "armadillo/log.py:2: calls sys.stdout.write()",
    ),
    Broken(no_exit_or_signal_handlers, {"armadillo/cli/app.py": "import atexit\n"}, "imports atexit"),
    Broken(
        no_exit_or_signal_handlers,
        {"armadillo/process.py": "import signal\nsignal.signal(2, signal.SIG_IGN)\n"},
        "armadillo/process.py:2: calls signal.signal()",
    ),
    Broken(
        no_exit_or_signal_handlers, {"armadillo/process.py": "from signal import signal\n"}, "imports signal.signal"
    ),
    Broken(
        no_exit_or_signal_handlers,
        {"armadillo/process.py": "loop.add_signal_handler(2, stop)\n"},
        "calls loop.add_signal_handler()",
    ),
    *(
        Broken(no_broad_except, {"armadillo/log.py": text}, says)
        for text, says in [
            ("try: f()\nexcept: raise\n", "armadillo/log.py:2: catches everything"),
            ("try: f()\nexcept Exception: pass\n", "armadillo/log.py:2: catches everything"),
            ("try: f()\nexcept (OSError, BaseException) as e: g(e)\n", "armadillo/log.py:2: catches everything"),
            ("from contextlib import suppress\nwith suppress(Exception): f()\n", "armadillo/log.py:2: suppresses"),
        ]
    ),
    Broken(no_pattern_words_in_names, {"armadillo/log.py": "class LogManager: ...\n"}, "LogManager says manager"),
    Broken(no_pattern_words_in_names, {"armadillo/log.py": "def make_factory(): ...\n"}, "make_factory says factory"),
    Broken(no_pattern_words_in_names, {"armadillo/log.py": "class URLHelpers: ...\n"}, "URLHelpers says helper"),
    Broken(no_pattern_words_in_names, {"armadillo/core/base.py": ""}, "armadillo.core.base says base, core"),
    Broken(no_pattern_words_in_names, {"armadillo/log.py": ""}, "a founding name TimeoutManager, which does not exist"),
    Broken(modules_say_what_they_are_for, {"armadillo/log.py": ""}, "its docstring has 0 of 2 sentences"),
    Broken(modules_say_what_they_are_for, {"armadillo/log.py": '"""Log."""'}, "its docstring has 1 of 2 sentences"),
    Broken(modules_say_what_they_are_for, {"armadillo/cli/__init__.py": ""}, "its docstring has 0 of 1 sentences"),
    Broken(functions_are_small, {"armadillo/log.py": LONG}, "the median function has 42 lines, more than 10"),
    Broken(functions_are_small, {"armadillo/log.py": LONG}, "as long as long: 42 lines, more than 40"),
    Broken(files_are_small, {"tests/test_x.py": "x = 1\n" * 401}, "tests/test_x.py:401: 401 lines, more than 400"),
    Broken(no_machine_text, {"docs/a.md": "see /" + "work/x\n"}, "docs/a.md:1: says /" + "work/"),
    Broken(no_machine_text, {".ci/run": "cd ../" + "shared/data\n"}, ".ci/run:1: says ../" + "shared"),
    Broken(
        no_machine_text, {"pyproject.toml": f"\nurl = '{PUBLIC_INDEX}'\n"}, f"pyproject.toml:2: says {PUBLIC_INDEX}"
    ),
    Broken(the_map_is_complete, {"armadillo/log.py": "", "docs/house.md": ""}, "no paragraph for armadillo/log"),
    Broken(
        the_map_is_complete,
        {"armadillo/log.py": "", "docs/house.md": "# Map\n\n**`jobs`** do work.\n"},
        "docs/house.md:3: has a paragraph for jobs, which does not exist",
    ),
    Broken(make_words_are_explained, {"Makefile": "test: deps\n\tpytest\n"}, "Makefile:1: test is not explained"),
    Broken(
        make_words_are_explained,
        {"Makefile": "test: ## Run.\n", ".github/workflows/x.yml": "run: make check\n"},
        ".github/workflows/x.yml:1: make check: there is no such word",
    ),
    Broken(ci_runs_the_readme, {"README.md": "# Armadillo\n"}, "has 0 test commands"),
    Broken(ci_runs_the_readme, {"README.md": README * 2}, "has 2 test commands"),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.rule.__name__}: {broken.says[:50]}")
def test_a_broken_rule_is_told(broken: Broken, tmp_path: Path) -> None:
    complaints = [str(complaint) for complaint in broken.rule(plant(tmp_path, broken.files))]
    assert any(broken.says in complaint for complaint in complaints), complaints


def test_every_rule_is_shown_to_fire() -> None:
    assert {broken.rule for broken in BROKEN} == set(RULES)


FINE: list[tuple[Rule, Mapping[str, str]]] = [
    (imports_point_inwards, {"armadillo/log.py": "from . import errors\n", "armadillo/errors.py": ""}),
    (imports_point_inwards, {"armadillo/cli/app.py": "from .. import log\n", "armadillo/log.py": ""}),
    (imports_point_inwards, {"armadillo/log.py": "from armadillo import __version__\n", "armadillo/__init__.py": ""}),
    (strangers_stay_strangers, {"armadillo/jobs/a.py": "from . import b\n", "armadillo/jobs/b.py": ""}),
    (pure_modules_have_no_effects, {"armadillo/topology/x.py": "from pathlib import PurePosixPath\nimport re\n"}),
    (pure_modules_have_no_effects, {"armadillo/topology/x.py": "def f(clock):\n    return clock.now()\n"}),
    (pure_modules_have_no_effects, {"armadillo/files.py": "import os, time\nwith open('x') as file: pass\n"}),
    (
        images_need_the_standard_library_only,
        {"images/x/go.py": "import json\nfrom a import b\n", "images/x/a/b.py": ""},
    ),
    (environment_is_read_at_the_door, {"armadillo/config.py": "import os\nhome = os.environ\n"}),
    (no_print_outside_the_cli, {"armadillo/cli/app.py": "print(1)\n", "tests/test_x.py": "print(1)\n"}),
    (no_exit_or_signal_handlers, {"armadillo/cli/app.py": "import signal\nsignal.signal(2, f)\n"}),
    (no_exit_or_signal_handlers, {"armadillo/process.py": "import os, signal\nos.killpg(1, signal.SIGTERM)\n"}),
    (no_broad_except, {"armadillo/log.py": "try: f()\nexcept BaseException:\n    undo()\n    raise\n"}),
    (no_broad_except, {"armadillo/log.py": "try: f()\nexcept ValueError: pass\n"}),
    (functions_are_small, {"armadillo/log.py": LONG + "def f(): ...\n" * 20}),
    (functions_are_small, {"armadillo/log.py": ""}),
    (no_machine_text, {"docs/a.md": "a frame/work/shop and ./work/x\n"}),
    (ci_runs_the_readme, {"README.md": f"# Tests\n\n{README}"}),
]


@pytest.mark.parametrize(("rule", "files"), FINE, ids=lambda value: getattr(value, "__name__", ""))
def test_what_is_allowed_is_not_complained_about(rule: Rule, files: Mapping[str, str], tmp_path: Path) -> None:
    assert list(rule(plant(tmp_path, files))) == []


def test_what_tools_have_made_is_not_read(tmp_path: Path) -> None:
    files = {
        ".venv/x.py": "",
        "armadillo/__pycache__/x.py": "",
        "build/x.py": "",
        "docs/logo.png": "\0",
        ".ci/run": "#",
    }
    assert set(plant(tmp_path, files).texts) == {".ci/run"}


def test_the_ratchets_of_pyproject_are_set() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert re.search(r"^fail_under = \d\d", text, re.MULTILINE)
    assert re.search(r"^strict = true$", text, re.MULTILINE)
    assert re.search(r"^branch = true$", text, re.MULTILINE)


def plant(root: Path, files: Mapping[str, str]) -> House:
    """Write the files of a small tree."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return House(root)
