"""`armadillo up --dry-run`: the plan says what `up` does, for a cluster as for a single server."""

from __future__ import annotations

from pathlib import Path

import pytest

from .running import Call


@pytest.mark.parametrize("word", ["single", "cluster"])
def test_the_stand_in_and_roots_password_are_in_the_plan(word: str, call: Call) -> None:
    plan = call("up", word, "--dry-run", "--json").json
    assert plan["secrets"] == {"jwt": "generated", "root-password": "generated"}
    assert plan["substitutions"]["image"] == "the stand-in with 128m a server, where no registry gives it"


def test_an_image_that_was_named_is_not_replaced(call: Call) -> None:
    plan = call("up", "cluster", "--image", "arangodb/arangodb:3.12.4", "--dry-run", "--json").json
    assert plan["substitutions"]["image"] == "as it is"


def test_a_cluster_takes_a_password_of_ones_own(call: Call, place: Path) -> None:
    secret = place / "password"
    secret.write_text("as long as it needs to be")
    secret.chmod(0o600)
    plan = call("up", "--cluster", "--password-file", "password", "--dry-run", "--json").json
    assert plan["secrets"] == {"jwt": "generated", "root-password": "given"}
