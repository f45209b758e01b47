"""`armadillo prune`: what nobody wants goes, and nothing else."""

from __future__ import annotations

import pytest

from armadillo.engine import identity

from .lab import Lab

pytestmark = pytest.mark.docker


def reasons(lab: Lab, *words: str) -> dict[str, str]:
    said = lab("prune", "--json", *words).json
    return {one["deployment"]: one["why"] for one in said["leftovers"]}


def test_what_has_expired_goes_and_what_is_wanted_stays(lab: Lab) -> None:
    wanted, expired = lab.up(), lab.up("--ttl", "100ms")
    assert reasons(lab, "--dry-run")[expired] == "expired"
    assert len(lab.servers(expired)) == 1
    assert expired not in reasons(lab, "--older-than", "1h")
    found = reasons(lab)
    assert expired in found
    assert wanted not in found
    assert lab.left(expired) == []
    assert len(lab.servers(wanted)) == 1


def test_data_that_was_kept_goes_with_everything_only_which_wants_a_yes(lab: Lab) -> None:
    name = lab.up()
    assert lab("down", name, "--keep-data").code == 0
    assert name not in reasons(lab, "--dry-run")
    assert reasons(lab, "--dry-run", "--all")[name] == "data that was kept"
    refused = lab("prune", "--all")
    assert (refused.code, "--yes" in refused.err) == (2, True)


def test_what_a_start_that_died_has_left_goes_with_its_lock(lab: Lab) -> None:
    name = lab.up()
    [server] = lab.servers(name)
    assert not identity.alive(server.labels["armadillo.process"])
    marks = {**server.labels, "armadillo.role": "lock"}
    lab.connection.api.create_container(server.image, name=f"armadillo-{name}-lock", labels=marks)
    assert reasons(lab, "--dry-run")[name] == "its `up` died"
    assert name in reasons(lab)
    assert lab.left(name) == []


def test_what_is_not_ours_is_never_seen(lab: Lab) -> None:
    name = lab.name()
    image = lab("image", "build", "--json").json["tag"]
    api = lab.connection.api
    foreign = {
        "armadillo.managed": "true",
        "armadillo.name": name,
        "armadillo.owner": "4711@elsewhere",
        "armadillo.lifetime": "until:2020-01-01T00:00:00Z",
    }
    api.create_container(image, name=f"armadillo-{name}-single", labels=foreign)
    api.create_volume(f"armadillo-{name}_data", labels={"armadillo.name": name})
    try:
        assert name not in reasons(lab, "--dry-run", "--all")
        assert reasons(lab).get(name) is None
        assert len(lab.left(name)) == 2
    finally:
        api.remove_container(f"armadillo-{name}-single", v=True)
        api.remove_volume(f"armadillo-{name}_data")
