from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from armadillo.engine import network
from armadillo.engine.docker import Connection
from armadillo.engine.network import Network, Taken, candidates, refuse_overlap, routes
from armadillo.errors import ConflictError, EnvironmentUnusable, ExecutionError
from tests.engine.fake import Answer, Asked, engine, refused

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
LINE = "{}\t{}\t00000000\t0001\t0\t0\t0\t{}\t0\t0\t0\n"
POOL = "10.9.0.0/24"


def taken(*subnets: str) -> list[Taken]:
    return [Taken(ipaddress.IPv4Network(subnet), "a test") for subnet in subnets]


@given(some.text(min_size=1), some.lists(some.integers(0, 3), unique=True))
def test_every_free_subnet_is_offered_once_and_no_other(name: str, used: list[int]) -> None:
    parts = [str(subnet) for subnet in ipaddress.IPv4Network(POOL).subnets(new_prefix=26)]
    offered = list(candidates(name, POOL, taken(*(parts[index] for index in used))))
    assert sorted(offered) == sorted(part for index, part in enumerate(parts) if index not in used)


def test_names_begin_at_different_places() -> None:
    assert len({next(candidates(f"n{number}", network.POOL, [])) for number in range(20)}) > 15


def test_what_overlaps_a_part_is_avoided_and_what_goes_around_the_pool_is_not() -> None:
    used = taken("10.9.0.0/25", "10.9.0.192/30", "10.0.0.0/8", "192.168.0.0/16")
    assert list(candidates("x", POOL, used)) == ["10.9.0.128/26"]
    assert list(candidates("x", "10.9.0.0/28", [])) == ["10.9.0.0/28"]


def test_routes_are_read_as_the_kernel_writes_them(tmp_path: Path) -> None:
    table = tmp_path / "route"
    lines = [("eth0", "00000000", "00000000"), ("docker0", "000011AC", "0000FFFF"), ("tun0", "0000D50A", "00FFFFFF")]
    table.write_text(HEAD + "".join(LINE.format(*line) for line in lines))
    found = {str(one.subnet): one.by for one in routes(table)}
    assert found == {
        "172.17.0.0/16": "a route of this host (docker0)",
        "10.213.0.0/24": "a route of this host (tun0)",
    }
    assert list(routes(tmp_path / "none")) == []


def test_a_subnet_that_was_asked_for_and_is_in_use_is_told_with_whose_it_is() -> None:
    refuse_overlap("10.9.1.0/26", taken("10.9.0.0/24"))
    refuse_overlap("fd00::/64", taken("10.9.0.0/24"))
    with pytest.raises(ConflictError, match=r"10\.9\.0\.64/26 overlaps 10\.9\.0\.0/24 of a test") as told:
        refuse_overlap("10.9.0.64/26", taken("10.9.0.0/24"))
    assert "another subnet" in told.value.hint


@pytest.fixture(autouse=True)
def no_routes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(network, "ROUTES", tmp_path / "route")
    monkeypatch.setattr(network, "BUSY_SECONDS", 0.2)


def creating(connection: Connection, subnet: str | None = None) -> str:
    return network.create(connection, Network("n", {}, subnet), pool=POOL)


def test_a_subnet_that_somebody_took_meanwhile_is_followed_by_the_next(tmp_path: Path) -> None:
    said = iter([refused(403, "Pool overlaps with other one on this address space"), Answer(201, {"Id": "made"})])
    with (
        engine(tmp_path / "s", lambda asked: Answer(200, []) if asked.method == "GET" else next(said)) as server,
        server.connection() as connection,
    ):
        assert creating(connection) == "made"
    assert [asked.path for asked in server.asked if asked.method == "POST"] == ["/networks/create"] * 2


@pytest.mark.parametrize(
    ("answer", "subnet", "kind", "words"),
    [
        (refused(403, "Pool overlaps with other one"), None, EnvironmentUnusable, "no free subnet is left"),
        (refused(403, "Pool overlaps with other one"), "10.9.0.0/26", ConflictError, "overlaps"),
        (refused(409, "network with name n already exists"), None, ConflictError, "already exists"),
        (refused(500, "it broke"), None, ExecutionError, "it broke"),
    ],
)
def test_an_engine_that_makes_no_network_says_why(
    answer: Answer, subnet: str | None, kind: type[Exception], words: str, tmp_path: Path
) -> None:
    with (
        engine(tmp_path / "s", lambda asked: Answer(200, []) if asked.method == "GET" else answer) as server,
        server.connection() as connection,
        pytest.raises(kind, match=words),
    ):
        creating(connection, subnet)


def miscounting(containers: dict[str, dict[str, str]] | None) -> Callable[[Asked], Answer]:
    def answers(asked: Asked) -> Answer:
        if asked.method == "DELETE":
            return refused(403, "error while removing network: network n has active endpoints")
        return Answer(404) if containers is None else Answer(200, {"Containers": containers})

    return answers


def test_a_network_that_the_engine_miscounts_is_left_for_later_and_no_failure(tmp_path: Path) -> None:
    for name, answers in (("here", miscounting({})), ("gone", miscounting(None))):
        with engine(tmp_path / name, answers) as server, server.connection() as connection:
            assert not network.remove(connection, "n")


def test_a_network_that_somebody_is_on_is_told_with_their_names(tmp_path: Path) -> None:
    there = {"id": {"Name": "stranger"}}
    with (
        engine(tmp_path / "s", miscounting(there)) as server,
        server.connection() as connection,
        pytest.raises(ConflictError, match="in use by stranger") as told,
    ):
        network.remove(connection, "n")
    assert told.value.hint.startswith("docker network disconnect -f n stranger")


def test_a_network_that_is_gone_is_as_good_and_another_refusal_is_an_error(tmp_path: Path) -> None:
    with engine(tmp_path / "s", lambda asked: refused(404, "none")) as server, server.connection() as connection:
        assert network.remove(connection, "n")
    with (
        engine(tmp_path / "t", lambda asked: refused(500, "broke")) as server,
        server.connection() as connection,
        pytest.raises(ExecutionError, match="broke"),
    ):
        network.remove(connection, "n")
