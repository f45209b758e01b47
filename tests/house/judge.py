"""All rules, and how exceptions are applied to them.

Knows no rule in particular.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from . import habits, imports, startup, texts
from .tree import Complaint, House

Rule = Callable[[House], Iterator[Complaint]]

RULES: tuple[Rule, ...] = (
    imports.every_module_has_a_ring,
    imports.imports_point_inwards,
    imports.strangers_stay_strangers,
    imports.foreign_libraries_have_a_place,
    imports.images_need_the_standard_library_only,
    imports.pure_modules_have_no_effects,
    imports.no_mocks,
    startup.start_is_light,
    habits.environment_is_read_at_the_door,
    habits.no_print_outside_the_cli,
    habits.no_exit_or_signal_handlers,
    habits.no_broad_except,
    habits.no_pattern_words_in_names,
    habits.modules_say_what_they_are_for,
    habits.functions_are_small,
    habits.files_are_small,
    texts.no_machine_text,
    texts.the_map_is_complete,
    texts.make_words_are_explained,
    texts.ci_runs_the_readme,
)


def judge(rule: Rule, house: House, exceptions: Mapping[tuple[str, str], str]) -> list[Complaint]:
    """Return what the rule complains about beyond its exceptions, and the exceptions it no longer needs."""
    excepted = {path for name, path in exceptions if name == rule.__name__}
    found = list(rule(house))
    idle = excepted - {complaint.path for complaint in found}
    kept = [complaint for complaint in found if complaint.path not in excepted]
    return kept + [Complaint(path, 1, f"no longer needs its exception from {rule.__name__}") for path in sorted(idle)]
