"""What any test may ask for: `require`, which skips where this machine lacks something, or fails where it may not."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

KNOWN = frozenset({"docker", "compose", "spec", "index", "other-user"})


@pytest.fixture(scope="session")
def require() -> Callable[[str, bool, str], None]:
    """Return a function of what is needed, whether it is there, and the reason to tell when it is not.

    What ARMADILLO_REQUIRE lists (a comma between each) may not be missing: the test fails instead of being skipped.
    """
    needed = frozenset(filter(None, os.environ.get("ARMADILLO_REQUIRE", "").split(",")))
    if unknown := needed - KNOWN:
        pytest.fail(f"ARMADILLO_REQUIRE names {', '.join(sorted(unknown))}; known are {', '.join(sorted(KNOWN))}")

    def check(what: str, found: bool, reason: str) -> None:
        assert what in KNOWN
        if not found and what in needed:
            pytest.fail(f"{what} is required, and {reason}")
        if not found:
            pytest.skip(f"{what}: {reason}")

    return check
