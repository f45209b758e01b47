from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from armadillo import labels
from armadillo.cluster.plan import (
    Lifetime,
    Plan,
    check_memory,
    check_ports,
    chosen_ports,
    marks,
    memory_used,
)
from armadillo.engine import identity
from armadillo.engine.docker import Connection
from armadillo.engine.endpoint import Endpoint
from armadillo.engine.images import ResolvedImage
from armadillo.errors import ConfigurationError, EnvironmentUnusable
from armadillo.topology import Topology, load_compose, preset, render
from tests.engine.fake import Answer, Asked, engine, refused

GIB = 1024**3
NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)


SINGLE = load_compose(render(Topology(image="standin"), "lab"))
CLUSTER = load_compose(render(preset("ha"), "lab"))


def server(
    name: str, deployment: str, *, port: str = "", state: str = "running", standin: str = "false"
) -> dict[str, Any]:
    given = {
        labels.NAME: deployment,
        labels.ROLE: "single",
        labels.COMPOSE_SERVICE: name,
        labels.PORT: port,
        labels.STANDIN: standin,
    }
    return {"Id": name, "Names": [f"/{name}"], "State": state, "Image": "x", "Created": 0, "Labels": given}


class There:
    """The servers that an engine has."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.memory: dict[str, int] = {}

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/containers/json":
            return Answer(200, self.rows)
        name = asked.path.split("/")[2]
        if name not in self.memory:
            return refused(404, "No such container")
        return Answer(200, {"HostConfig": {"Memory": self.memory[name]}})


@pytest.fixture
def there() -> There:
    return There()


@pytest.fixture
def connection(there: There, tmp_path: Path) -> Iterator[Connection]:
    with engine(tmp_path / "s", there.answer) as found, found.connection() as made:
        yield made


def test_ports_are_free_ones_unless_the_text_says_so(connection: Connection) -> None:
    (binding,) = chosen_ports(connection, SINGLE)["single"]
    assert (binding.container, binding.host_ip, binding.protocol) == (8529, "127.0.0.1", "tcp")
    assert 20_000 <= binding.host < 65_536
    fixed = load_compose(render(Topology(image="standin", port=1234), "lab"))
    assert chosen_ports(connection, fixed)["single"][0].host == 1234


def test_the_port_of_before_is_kept_and_those_that_others_keep_are_not_taken(
    there: There, connection: Connection
) -> None:
    there.rows = [server("single", "lab", port="31111", state="exited")]
    assert chosen_ports(connection, SINGLE)["single"][0].host == 31111
    there.rows = [server("single", "other", port=",".join(map(str, range(20_001, 32_768))), state="exited")]
    assert chosen_ports(connection, SINGLE)["single"][0].host == 20_000


def test_more_ports_than_before_are_free_ones(there: There, connection: Connection) -> None:
    text = render(Topology(image="standin"), "lab")
    more = load_compose(text.replace('ports: ["127.0.0.1::8529"]', 'ports: ["127.0.0.1::8529", "127.0.0.1::8530"]'))
    there.rows = [server("single", "lab", port="31111")]
    first, second = chosen_ports(connection, more)["single"]
    assert first.host == 31111
    assert second.host not in (0, 31111)


def test_what_is_not_published_needs_no_port(connection: Connection) -> None:
    assert set(chosen_ports(connection, CLUSTER)) == {"coordinator1", "coordinator2"}


def test_on_an_engine_elsewhere_it_is_published_for_whoever_reaches_it(connection: Connection) -> None:
    with Connection(Away(connection.endpoint.url, "a test")) as away:
        assert chosen_ports(away, SINGLE)["single"][0].host_ip == "0.0.0.0"
        text = render(Topology(image="standin"), "lab").replace("127.0.0.1::8529", "192.0.2.7::8529")
        assert chosen_ports(away, load_compose(text))["single"][0].host_ip == "192.0.2.7"
        with pytest.raises(ConfigurationError, match="has no authentication"):
            chosen_ports(away, load_compose(render(Topology(image="standin", auth=False), "lab")))


class Away(Endpoint):
    """An endpoint that says it is elsewhere."""

    @property
    def local(self) -> bool:
        return False


def test_two_servers_on_one_port_are_refused() -> None:
    text = render(preset("ha"), "lab")
    check_ports(load_compose(text))
    with pytest.raises(ConfigurationError, match="coordinator2 and coordinator1 both want port 8529"):
        check_ports(load_compose(text.replace("127.0.0.1::8529", "127.0.0.1:8529:8529")))


@pytest.mark.parametrize(
    ("standin", "used", "fits"),
    [(False, 0, True), (False, 15 * GIB, False), (True, 15 * GIB, True), (True, 16 * GIB, False)],
)
def test_memory_is_what_is_limited_here_and_elsewhere(standin: bool, used: int, fits: bool) -> None:
    if fits:
        check_memory(CLUSTER, standin=standin, total=17 * GIB, used=used)
        return
    with pytest.raises(EnvironmentUnusable, match=r"and the engine has 16\.2 GiB") as told:
        check_memory(CLUSTER, standin=standin, total=int(16.2 * GIB), used=used)
    assert "--force" in told.value.hint


def test_the_memory_in_use_is_that_of_running_servers_but_our_own(there: There, connection: Connection) -> None:
    there.rows = [
        server("a", "one"),
        server("b", "two", standin="true"),
        server("c", "two", state="exited"),
        server("gone", "two"),
    ]
    there.memory = {"a": 3 * GIB, "b": 3 * GIB, "c": 3 * GIB}
    assert memory_used(connection) == 3 * GIB + 128 * 1024**2
    assert memory_used(connection, besides="one") == 128 * 1024**2


def test_a_lifetime_is_a_moment_or_none() -> None:
    assert Lifetime.of(None, NOW).word == "manual"
    assert Lifetime.of(90, NOW).word == "until:2030-01-01T00:01:30.000000Z"


def test_a_plan_starts_agents_first_and_carries_every_label_that_only_a_start_knows() -> None:
    known = marks(CLUSTER, run_id="r", lifetime=Lifetime(), standin=False, version="3.12.5", created="now")
    image = ResolvedImage("x:1", "sha256:1", "", "3.12.5", False, "")
    plan = Plan(CLUSTER, {service.image: image for service in CLUSTER.services}, {}, known)
    assert [group[0].name for group in plan.groups()] == ["agent1", "dbserver1", "coordinator1"]
    assert (plan.name, plan.standin) == ("lab", False)
    assert known[labels.OWNER] == identity.owner()
    assert set(known) == {
        *labels.LATE - {labels.PORT, labels.SESSION_ID},
        labels.MANAGED,
        labels.NAME,
        labels.TOPOLOGY_HASH,
        labels.SCHEMA,
    }
