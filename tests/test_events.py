"""The list of events is the truth: what the code logs, what is documented, and the list are one."""

from __future__ import annotations

import ast
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from armadillo import log
from armadillo.redact import Redactor

ROOT = Path(__file__).resolve().parents[1]


def logged_events(source: str, path: str) -> Iterator[str]:
    """Yield the first argument of every call on what get_logger gave; what is no plain text is yielded as its place."""
    tree = ast.parse(source)
    loggers = {
        name(target)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call)
        if name(node.value.func) == "get_logger"
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in log.LEVELS:
            whose = node.func.value.func if isinstance(node.func.value, ast.Call) else node.func.value
            if name(whose) in loggers | {"get_logger"}:
                yield from literals(node.args[0] if node.args else node, path)


def name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def literals(node: ast.expr, path: str) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from (*literals(node.body, path), *literals(node.orelse, path))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        yield f"{path}:{node.lineno}: no plain text"


def test_the_scan_sees_every_way_to_log() -> None:
    source = """
log = get_logger(__name__)
class A:
    def __init__(self): self._log: Any = log_module.get_logger("x")
    def f(self): self._log.info("b", x=1); get_logger("y").debug("c"); other.info("not ours"); log.configure("no")
log.warning("a" if x else "d"); log.error(f"{x}")
"""
    assert sorted(logged_events(source, "m.py")) == ["a", "b", "c", "d", "m.py:6: no plain text"]


def test_the_list_of_events_is_what_the_code_logs() -> None:
    paths = sorted((ROOT / "armadillo").rglob("*.py"))
    logged = {event for path in paths for event in logged_events(path.read_text(), str(path.relative_to(ROOT)))}
    assert logged == set(log.EVENTS)


def test_the_documented_events_are_the_list() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", (ROOT / "docs" / "events.md").read_text(), re.MULTILINE)
    assert rows == list(log.EVENTS.items())


def test_the_list_is_sorted_and_its_names_are_dotted_words() -> None:
    assert list(log.EVENTS) == sorted(log.EVENTS)
    assert [event for event in log.EVENTS if not re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", event)] == []


def test_a_name_of_the_list_is_never_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "redactor", Redactor(["crash"]))
    stream = io.StringIO()
    log.configure(form="json", stream=stream)
    log.get_logger("armadillo.tests").error("server.crash", reason="crash")
    log.reset()
    line = json.loads(stream.getvalue())
    assert (line["event"], line["reason"]) == ("server.crash", "***")
