"""What follows from the answers of a cluster's servers."""

from __future__ import annotations

import pytest

from armadillo.cluster.whole import empty, in_sync, one_version, supervised, writable
from armadillo.wait import NotYet

NORMAL = {"arango": {"Supervision": {"State": {"Mode": "Normal"}}}}


def test_servers_that_do_not_answer_have_no_version_to_differ_in() -> None:
    assert one_version({"A": {"Version": "3.12.5"}, "B": {"Version": "?"}, "C": {}}) == "3.12.5"


@pytest.mark.parametrize(
    ("versions", "said"),
    [(("3.12.5", "3.12.4"), "several: 3.12.4, 3.12.5"), (("?",), "no server tells its version"), ((), "no server")],
)
def test_several_versions_or_none_are_told(versions: tuple[str, ...], said: str) -> None:
    with pytest.raises(NotYet, match=said):
        one_version({str(number): {"Version": version} for number, version in enumerate(versions)})


def test_a_supervision_that_rests_is_told() -> None:
    assert supervised(NORMAL) == "Normal, no server in maintenance"
    with pytest.raises(NotYet, match="mode is Maintenance"):
        supervised({"arango": {"Supervision": {"State": {"Mode": "Maintenance"}}}})
    resting = {"arango": {**NORMAL["arango"], "Current": {"MaintenanceDBServers": {"PRMR-2": {}, "PRMR-1": {}}}}}
    with pytest.raises(NotYet, match="in maintenance: PRMR-1, PRMR-2"):
        supervised(resting)


def test_work_that_is_left_is_named() -> None:
    assert empty({"arango": {"Target": {"ToDo": {}}}}, "Target/ToDo", "Target/Pending") == "none"
    with pytest.raises(NotYet, match="Target/Pending: 17, 4"):
        empty({"arango": {"Target": {"Pending": {"4": {}, "17": {}}}}}, "Target/ToDo", "Target/Pending")


def test_a_cluster_that_only_reads_is_told() -> None:
    assert writable({"arango": {"Readonly": False}}) == "yes"
    with pytest.raises(NotYet, match="read-only"):
        writable({"arango": {"Readonly": True}})


def test_what_is_behind_is_named() -> None:
    assert in_sync([]) == "every shard"
    with pytest.raises(NotYet, match="not in sync: _system/c, other/d"):
        in_sync(["_system/c", "other/d"])
