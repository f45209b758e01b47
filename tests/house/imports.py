"""The rules about who may import whom.

Reads source text only; what really is imported at start is measured in startup.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from .tables import EFFECTS, PLACES, RINGS, STRANGERS
from .tree import PACKAGE, Complaint, House, Source


def within(module: str, rooms: tuple[str, ...]) -> bool:
    """Say whether a module is one of these or lives in one of these."""
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def ring(module: str, rings: Mapping[str, int] = RINGS) -> int | None:
    """Look up the ring of a module: its own row, or that of the nearest room around it."""
    while module not in rings:
        module = module.rpartition(".")[0]
        if module in ("", PACKAGE):  # the package's own row is for its __init__ alone
            return None
    return rings[module]


def every_module_has_a_ring(house: House) -> Iterator[Complaint]:
    """Each module has a row in the table of rings, and each row a module."""
    for source in house.package:
        if ring(source.module) is None:
            yield Complaint(source.path, 1, f"{source.module} has no ring")
    for row in RINGS:
        if not any(within(module, (row,)) for module in house.modules):
            yield Complaint("tests/house/tables.py", 1, f"a ring for {row}, which does not exist")


def imports_point_inwards(house: House) -> Iterator[Complaint]:
    """A module imports from its own ring or from one further in."""
    for source, target, line in _inner_imports(house):
        here, there = ring(source.module), ring(target)
        if here is not None and there is not None and there > here:
            yield Complaint(source.path, line, f"ring {here} imports {target} of ring {there}")


def strangers_stay_strangers(house: House) -> Iterator[Complaint]:
    """Jobs, work plans and tool checks do not import each other."""
    for source, target, line in _inner_imports(house):
        own = [part for part in STRANGERS if within(source.module, (part,))]
        other = [part for part in STRANGERS if within(target, (part,))]
        if own and other and own != other:
            yield Complaint(source.path, line, f"imports {target}; they meet in the doors only")


def foreign_libraries_have_a_place(house: House) -> Iterator[Complaint]:
    """Each foreign library is imported in its place and nowhere else; each place is used."""
    used = set()
    for source in house.package:
        for name, line in source.imports:
            library = name.partition(".")[0]
            if library == PACKAGE or library in sys.stdlib_module_names:
                continue
            places = PLACES.get(library, ())
            used |= {(library, place) for place in places if within(source.module, (place,))}
            if not within(source.module, places):
                where = f"its place is {', '.join(places)}" if places else "it has no place"
                yield Complaint(source.path, line, f"imports {library}: {where}")
    for library, places in PLACES.items():
        for place in places:
            if (library, place) not in used:
                yield Complaint("tests/house/tables.py", 1, f"a place for {library} in {place}, which does not use it")


def images_need_the_standard_library_only(house: House) -> Iterator[Complaint]:
    """What runs inside an image has nothing installed beside it, not even us."""
    images = [source for source in house.around if source.path.startswith("images/")]
    for source in images:
        image = "/".join(source.path.split("/")[:2])
        for name, line in source.imports:
            library = name.partition(".")[0]
            inside = any(other.path.startswith(f"{image}/{library}/") for other in images)
            if library not in sys.stdlib_module_names and not inside:
                yield Complaint(source.path, line, f"imports {library}, which the image does not have")


def pure_modules_have_no_effects(house: House) -> Iterator[Complaint]:
    """Ring 1 has no disk, no network, no clock, no thread: what it needs is given to it."""
    for source in house.package:
        if ring(source.module) == 1:
            yield from _effects(source)


def _effects(source: Source) -> Iterator[Complaint]:
    for name, line in source.imports:
        if within(name, tuple(EFFECTS)):
            yield Complaint(source.path, line, f"a pure module imports {name}")
    for called, call in source.calls():
        owner, _, verb = called.rpartition(".")
        now = owner.rpartition(".")[2] in {"datetime", "date"} and verb in {"now", "utcnow", "today"}
        if now or called == "open" or within(called, ("pathlib.Path",)):
            yield Complaint(source.path, call.lineno, f"a pure module calls {called}()")


def no_mocks(house: House) -> Iterator[Complaint]:
    """Nothing replaces objects behind the reader's back, tests included."""
    for source in (*house.package, *house.around):
        for name, line in source.imports:
            if within(name, ("unittest.mock", "mock", "pytest_mock")):
                yield Complaint(source.path, line, f"imports {name}: use the real thing, or an argument")
        for function in source.functions():
            if any(argument.arg == "mocker" for argument in function.args.args):
                yield Complaint(source.path, function.lineno, f"{function.name} asks for mocker")


def _inner_imports(house: House) -> Iterator[tuple[Source, str, int]]:
    for source in house.package:
        for name, line in source.imports:
            target = house.module_of(name)
            if target is not None and target != source.module and name != f"{PACKAGE}.__version__":
                yield source, target, line
