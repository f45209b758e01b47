"""The rules about how a module behaves, is named and is built.

Reads source text only.
"""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator

from .imports import within
from .tables import (
    FILE_LINES,
    FOUNDING_NAMES,
    FUNCTION_MEDIAN,
    FUNCTION_P90,
    MODULE_WORDS,
    PATTERN_WORDS,
    READ_ENVIRONMENT,
)
from .tree import Complaint, House, Source

_ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv", "os.unsetenv"}
_BROAD = {"Exception", "BaseException", "builtins.Exception", "builtins.BaseException"}


def environment_is_read_at_the_door(house: House) -> Iterator[Complaint]:
    """Only doors and the configuration look at the environment; everybody else is told."""
    for source in _outside(house, READ_ENVIRONMENT):
        named = [(name, line) for name, line in source.imports if name in _ENVIRONMENT]
        for name, line in [*named, *_attributes(source)]:
            if name in _ENVIRONMENT:
                yield Complaint(source.path, line, f"uses {name}")


def no_print_outside_the_cli(house: House) -> Iterator[Complaint]:
    """Standard output belongs to the command line."""
    for source in _outside(house, ("armadillo.cli",)):
        for called, call in source.calls():
            if called in {"print", "sys.stdout.write"}:
                yield Complaint(source.path, call.lineno, f"calls {called}()")


def no_exit_or_signal_handlers(house: House) -> Iterator[Complaint]:
    """Whoever opens closes; a signal becomes an exception at the command line's door and nowhere else."""
    for source in house.package:
        for name, line in source.imports:
            if within(name, ("atexit",)):
                yield Complaint(source.path, line, "imports atexit: use with or finally")
    for source in _outside(house, ("armadillo.cli",)):
        for called, call in source.calls():
            if called == "signal.signal" or called.endswith(".add_signal_handler"):
                yield Complaint(source.path, call.lineno, f"calls {called}()")
        for name, line in source.imports:
            if name == "signal.signal":
                yield Complaint(source.path, line, "imports signal.signal")


def no_broad_except(house: House) -> Iterator[Complaint]:
    """What is caught is named; everything is caught only to be raised again."""
    for source in house.package:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node):
                yield Complaint(source.path, node.lineno, "catches everything and does not raise it again")
        for called, call in source.calls():
            if called in {"suppress", "contextlib.suppress"} and _BROAD & {ast.unparse(kind) for kind in call.args}:
                yield Complaint(source.path, call.lineno, "suppresses everything")


def _is_broad(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        caught = set(_BROAD)
    else:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        caught = {ast.unparse(kind) for kind in kinds}
    raises = any(isinstance(node, ast.Raise) for statement in handler.body for node in ast.walk(statement))
    return bool(caught & _BROAD) and (handler.type is None or not raises)


def no_pattern_words_in_names(house: House) -> Iterator[Complaint]:
    """A thing is called what it is; names of the founding documents are kept."""
    needed = set()
    for source in house.package:
        for name, line, banned in _names(source):
            if word := _words(name) & banned:
                needed |= {name} & FOUNDING_NAMES
                if name not in FOUNDING_NAMES:
                    yield Complaint(source.path, line, f"{name} says {', '.join(sorted(word))}")
    for name in sorted(FOUNDING_NAMES - needed):
        yield Complaint("tests/house/tables.py", 1, f"a founding name {name}, which does not exist")


def _names(source: Source) -> Iterator[tuple[str, int, frozenset[str]]]:
    yield source.module, 1, MODULE_WORDS
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno, PATTERN_WORDS


def _words(name: str) -> set[str]:
    words = {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}
    return words | {word.removesuffix("s") for word in words}


def modules_say_what_they_are_for(house: House) -> Iterator[Complaint]:
    """A module opens with what it is for and what it must not know; `__init__` with the first at least."""
    for source in house.package:
        docstring = ast.get_docstring(source.tree) or ""
        sentences = len(re.findall(r"[.!?;](?=\s|$)", docstring))
        wanted = 1 if source.path.endswith(("/__init__.py", "/__main__.py")) else 2
        if sentences < wanted:
            yield Complaint(source.path, 1, f"its docstring has {sentences} of {wanted} sentences")


def functions_are_small(house: House) -> Iterator[Complaint]:
    """Half of the functions have ten lines or fewer, nine of ten forty or fewer."""
    lengths = [
        ((function.end_lineno or function.lineno) - function.lineno + 1, source.path, function)
        for source in house.package
        for function in source.functions()
    ]
    lengths.sort(key=lambda row: row[0])
    if not lengths:
        return
    median = statistics.median(length for length, _, _ in lengths)
    at_p90, path, function = lengths[int(0.9 * len(lengths))]
    if median > FUNCTION_MEDIAN:
        yield Complaint("armadillo", 1, f"the median function has {median} lines, more than {FUNCTION_MEDIAN}")
    if at_p90 > FUNCTION_P90:
        what = f"one function in ten is as long as {function.name}: {at_p90} lines, more than {FUNCTION_P90}"
        yield Complaint(path, function.lineno, what)


def files_are_small(house: House) -> Iterator[Complaint]:
    """A file fits into a head."""
    for source in (*house.package, *house.around):
        lines = len(source.text.splitlines())
        if lines > FILE_LINES:
            yield Complaint(source.path, lines, f"{lines} lines, more than {FILE_LINES}")


def _outside(house: House, rooms: tuple[str, ...]) -> Iterator[Source]:
    return (source for source in house.package if not within(source.module, rooms))


def _attributes(source: Source) -> Iterator[tuple[str, int]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node), node.lineno
