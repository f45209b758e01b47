"""Whether a precondition holds for the value at its path.

Knows nothing of the tree around it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from arangod.agency.operators import Unsupported
from arangod.agency.value import MISSING, same


def _contains(values: Any, wanted: Any) -> bool:
    return isinstance(values, list) and any(same(value, wanted) for value in values)


def _is_array(here: Any, wanted: Any) -> bool:
    return isinstance(here, list) is wanted


def _is_empty(here: Any, wanted: Any) -> bool:
    return (here is MISSING) is wanted


def _intersection_empty(here: Any, wanted: Any) -> bool:
    return isinstance(wanted, list) and not any(_contains(here, value) for value in wanted)


def _old(here: Any, wanted: Any) -> bool:
    return same({} if here is MISSING else here, wanted)


PRECONDITIONS: dict[str, Callable[[Any, Any], bool]] = {
    "old": _old,
    "oldNot": lambda here, unwanted: not _old(here, unwanted),
    "oldEmpty": _is_empty,
    "isArray": _is_array,
    "in": _contains,
    "notin": lambda here, unwanted: not _contains(here, unwanted),
    "intersectionEmpty": _intersection_empty,
}


def holds(here: Any, condition: Any) -> bool:
    """Tell whether a condition holds; an object with a word that is none does not."""
    if not isinstance(condition, dict):
        return _old(here, condition)
    if "instanceOf" in condition:
        raise Unsupported("the precondition 'instanceOf'")
    return all(word in PRECONDITIONS and PRECONDITIONS[word](here, wanted) for word, wanted in condition.items())
