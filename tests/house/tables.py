"""What is allowed where: the rings, the places of foreign libraries, and every exception with its reason.

Holds no code; a row that nothing needs any more makes its rule complain.
"""

from __future__ import annotations

from collections.abc import Mapping

# A row covers a module, or a room with all that is in it.
RINGS: Mapping[str, int] = {
    "armadillo.assets": 0,
    "armadillo.clock": 0,
    "armadillo.crypto": 0,
    "armadillo.errors": 0,
    "armadillo.graph": 0,
    "armadillo.labels": 0,
    "armadillo.problems": 0,
    "armadillo.redact": 0,
    "armadillo.refs": 0,
    "armadillo.retry": 0,
    "armadillo.units": 0,
    "armadillo.codec": 1,
    "armadillo.topology": 1,
    "armadillo.yamltext": 1,
    "armadillo.arango": 2,
    "armadillo.auth": 2,
    "armadillo.capture": 2,
    "armadillo.child": 2,
    "armadillo.cluster": 2,
    "armadillo.config": 2,
    "armadillo.deadline": 2,
    "armadillo.engine": 2,
    "armadillo.files": 2,
    "armadillo.log": 2,
    "armadillo.process": 2,
    "armadillo.utils": 2,
    "armadillo.wait": 2,
    "armadillo": 3,
    "armadillo.__main__": 3,
    "armadillo.cli": 3,
}

# A foreign library is imported in these modules or rooms and nowhere else.
PLACES: Mapping[str, tuple[str, ...]] = {
    "docker": ("armadillo.engine",),
    "jinja2": ("armadillo.topology",),
    "jwt": ("armadillo.auth",),
    "requests": ("armadillo.arango", "armadillo.engine"),  # docker-py lets its errors through
    "structlog": ("armadillo.log",),
    "tenacity": ("armadillo.wait",),
    "typer": ("armadillo.cli",),
    "yaml": ("armadillo.yamltext",),
}

# Pure modules are given their texts, times and random numbers.
EFFECTS = frozenset(
    {
        *("asyncio", "concurrent", "ctypes", "fcntl", "glob", "http.client", "http.server", "importlib.resources"),
        *("io.open", "mmap", "multiprocessing", "os", "pathlib.Path", "secrets", "select", "selectors", "shutil"),
        *("signal", "socket", "socketserver", "ssl", "subprocess", "sys.stdin", "tempfile", "threading", "time"),
        "urllib.request",
    }
)

# Three ways to decide what runs next; they meet in the doors only.
STRANGERS = ("armadillo.jobs", "armadillo.workplan", "armadillo.toolcheck")

# Imported by none of `import armadillo` and `armadillo --help`, beside what has a place above.
HEAVY = frozenset({"docker", "grpc", "pydantic", "pytest", "requests", "rich", "sqlalchemy", "testcontainers"})

DOORS = ("armadillo.cli", "armadillo.pytest_plugin")
READ_ENVIRONMENT = (*DOORS, "armadillo.config")

PATTERN_WORDS = frozenset({"manager", "factory", "builder", "helper", "util"})
MODULE_WORDS = PATTERN_WORDS | frozenset({"core", "common", "base", "misc"})
FOUNDING_NAMES = frozenset({"TimeoutManager", "armadillo.utils", "armadillo.utils.auth"})

FUNCTION_MEDIAN = 10
FUNCTION_P90 = 40
FILE_LINES = 400

# (rule, path) -> why; an exception that is no longer needed fails.
EXCEPTIONS: Mapping[tuple[str, str], str] = {
    ("no_broad_except", "armadillo/cli/app.py"): "the last stop of every error: a bug is told there too",
    ("no_broad_except", "armadillo/wait.py"): "in a thread: it is raised where the calls were asked for",
    ("no_machine_text", ".ci/run"): "looks beside the checkout for the Compose specification, which we do not ship",
    ("no_print_outside_the_cli", "armadillo/engine/watchdog.py"): "a program of its own, which answers on its stdout",
}
