"""A cluster that is up: what is proved of it, what is told when servers go, and that all is well when they return."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator

import pytest

from armadillo import labels
from armadillo.arango import Client, admin, agency
from armadillo.cluster.checks import CLUSTER, Health
from armadillo.cluster.deployment import Deployment, Server
from armadillo.cluster.health import health
from armadillo.cluster.readiness import FORGOTTEN, wait_ready
from armadillo.cluster.whole import PROBE, heard, view
from armadillo.engine import containers
from armadillo.engine.images import ResolvedImage
from armadillo.errors import ArmadilloError
from armadillo.topology import load_compose, preset, render
from armadillo.topology.composefile import ComposeFile
from tests.docker.conftest import opened
from tests.docker.place import Place, placed, unheard
from tests.processes import soon

pytestmark = pytest.mark.docker

SEEN_WITHIN = 2.0
PATIENCE = 60.0
SEED = 4


def text(place: Place) -> ComposeFile:
    return load_compose(render(preset("cluster"), place.name))


@pytest.fixture(scope="module")
def shared(
    require: Callable[[str, bool, str], None], standin_image: ResolvedImage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    with opened(require) as found, placed(found, standin_image, tmp_path_factory.mktemp("state")) as one:
        one.up(text(one))
        yield one


@pytest.fixture
def lab(shared: Place) -> Iterator[Deployment]:
    """A cluster of 3, 3 and 1 that is in sync; whatever a test took away from it is brought back."""
    deployment = shared.deployment
    restored(deployment)
    yield deployment
    restored(deployment)


def restored(deployment: Deployment) -> None:
    """Start what does not run, and wait until all is as it was."""
    deployment.start(told=unheard)
    wait_ready(deployment, timeout=PATIENCE, told=unheard)
    assert soon(lambda: health(deployment).in_sync), causes(health(deployment))


def kill(deployment: Deployment, name: str) -> None:
    """End a server without a word, and return when the engine knows."""
    container = deployment.server(name).container
    containers.signal(deployment.connection, container, "KILL")
    deployment.connection.api.wait(container.id)


def causes(seen: Health) -> dict[tuple[str, str], str]:
    return {(check.server, check.what): check.evidence for check in seen.causes()}


def evidence(seen: Health, server: str, what: str) -> str:
    (found,) = [check.evidence for check in seen.of(server) if check.what == what]
    return found


@contextlib.contextmanager
def coordinator(deployment: Deployment) -> Iterator[Client]:
    with deployment.client(deployment.server("coordinator")) as client:
        yield client


def registered(deployment: Deployment) -> dict[str, tuple[str, str]]:
    """Return each server's id and short name by its host name; agents are not told by one."""
    with coordinator(deployment) as client:
        told = admin.named(admin.servers(client))
        return {host: (server, one["ShortName"]) for host, server, one in told if "ShortName" in one}


def kept(deployment: Deployment, name: str, count: int = 20) -> Callable[[], bool]:
    """Write documents on every dbserver, twice; return what says whether all can be read."""
    with coordinator(deployment) as client:
        client.ask("POST", "/_api/collection", json={"name": name, "numberOfShards": 6, "replicationFactor": 2})
        for number in range(count):
            client.ask("POST", f"/_api/document/{name}", json={"_key": f"k{number}", "value": number})

    def all_there() -> bool:
        with coordinator(deployment) as client:
            found = [client.ask("GET", f"/_api/document/{name}/k{number}")["value"] for number in range(count)]
        return found == list(range(count))

    return all_there


def leading(deployment: Deployment) -> Server | None:
    return heard(deployment, deployment.servers()).leader


def test_what_is_ready_is_healthy_and_in_sync(lab: Deployment) -> None:
    seen = health(lab)
    assert (seen.word, seen.percentage, seen.in_sync, seen.causes()) == ("healthy", 100, True, ())
    assert [one.name for one in lab.servers()] == [
        *(f"agent{number}" for number in (1, 2, 3)),
        *(f"dbserver{number}" for number in (1, 2, 3)),
        "coordinator1",
    ]
    assert seen.agency is not None
    assert seen.agency.leader in seen.agency.agents
    assert (seen.agency.quorum, seen.agency.margin, len(seen.agency.lag)) == (2, 1, 2)
    assert seen.agency.term >= 1
    assert evidence(seen, "coordinator1", "probe") == "created, wrote, read, dropped"
    assert evidence(seen, "dbserver2", "GOOD").startswith("GOOD, DBServer")
    assert evidence(seen, CLUSTER, "quorum") == "3 of 3 agents answer, 1 more may be lost"


def test_root_has_the_password_of_the_deployment_and_no_empty_one(lab: Deployment) -> None:
    url, password = lab.server("coordinator").url, lab.password
    assert password
    assert admin.logs_in(url, "root", password)
    assert not admin.logs_in(url, "root", "")
    with Client(url) as stranger:
        assert stranger.send("GET", "/_api/database").status == 401


def test_the_cluster_knows_where_its_coordinator_is_published(lab: Deployment) -> None:
    one = lab.server("coordinator")
    (_, port), *others = one.container.ports
    assert others == []
    assert one.container.labels[labels.PORT] == str(port)
    with coordinator(lab) as client:
        assert admin.endpoints(client) == [f"tcp://127.0.0.1:{port}"]
    assert [server.container.ports for server in lab.servers() if server.role != "coordinator"] == [()] * 6


def test_the_same_again_is_taken_over(shared: Place, lab: Deployment) -> None:
    before = {one.name: one.container.id for one in lab.servers()}
    assert shared.up(text(shared)).adopted
    assert {one.name: one.container.id for one in lab.servers()} == before


@pytest.mark.parametrize("name", ["dbserver1", "dbserver2", "dbserver3"])
def test_a_dbserver_that_is_killed_is_told_at_once_and_fails_and_comes_back_as_itself(
    name: str, lab: Deployment
) -> None:
    all_there = kept(lab, f"with-{name}")
    before = registered(lab)
    kill(lab, name)
    since = time.monotonic()
    seen = health(lab)
    assert time.monotonic() - since < SEEN_WITHIN
    assert seen.word == "degraded", causes(seen)
    assert causes(seen)[name, "running"].startswith("Exited (137)")
    assert soon(lambda: evidence(health(lab), name, "GOOD").startswith("FAILED, last heard of at"))
    failed = health(lab)
    assert (failed.word, failed.in_sync) == ("degraded", False)
    assert before[name][0] in causes(failed)[CLUSTER, "failed servers"]
    lab.start((name,), told=unheard)
    wait_ready(lab, timeout=PATIENCE, told=unheard)
    assert soon(lambda: health(lab).in_sync), causes(health(lab))
    assert registered(lab) == before
    assert all_there()


def test_what_a_probe_left_is_dropped_by_a_later_one(lab: Deployment) -> None:
    forgotten, young = (f"{PROBE}{int(time.time()) - age:x}_1f" for age in (2 * int(FORGOTTEN), 0))
    with coordinator(lab) as client:
        for name in (forgotten, young, f"{PROBE}of_a_user"):
            client.ask("POST", "/_api/collection", json={"name": name})
        assert health(lab).word == "healthy"
        rows = client.ask("GET", "/_api/collection?excludeSystem=true")["result"]
        found = {row["name"] for row in rows if row["name"].startswith(PROBE)}
    assert {young, f"{PROBE}of_a_user"} <= found
    assert forgotten not in found


def test_another_agent_leads_when_the_leading_one_is_killed(lab: Deployment) -> None:
    first = leading(lab)
    assert first is not None
    term = heard(lab, lab.servers()).agency.term
    kill(lab, first.name)
    assert soon(lambda: leading(lab) is not None), "no other leads"
    assert soon(lambda: health(lab).word == "degraded"), causes(health(lab))
    seen = health(lab)
    assert seen.word == "degraded", causes(seen)
    assert not any(server == CLUSTER and what == "versions" for server, what in causes(seen))
    assert (first.name, "running") in causes(seen)
    assert f"{first.name} does not answer" in causes(seen)[CLUSTER, "agreement"]
    assert seen.agency is not None
    assert seen.agency.leader not in (None, first.name)
    assert seen.agency.term > term
    assert seen.agency.margin == 0
    lab.start((first.name,), told=unheard)
    assert soon(lambda: health(lab).word == "healthy"), causes(health(lab))


def test_without_a_quorum_nothing_is_acknowledged_and_nothing_hangs(lab: Deployment) -> None:
    for name in ("agent1", "agent2"):
        kill(lab, name)
    since = time.monotonic()
    seen = health(lab)
    assert time.monotonic() - since < 10
    assert seen.word == "unhealthy"
    assert causes(seen)[CLUSTER, "quorum"] == "1 of 3 agents answer, 2 are needed"
    assert seen.agency is not None
    assert seen.agency.margin == -1
    last = lab.server("agent3")
    with lab.client(last) as client, pytest.raises(ArmadilloError):
        client.ask("POST", "/_api/agency/write", json=[[{"/armadillo/lost": {"op": "set", "new": 1}}]], seconds=3)
    assert soon(lambda: leading(lab) is None)
    with coordinator(lab) as client, pytest.raises(ArmadilloError):
        client.ask("POST", "/_api/collection", json={"name": "unheard-of"}, seconds=3)
    lab.start(told=unheard)
    assert soon(lambda: health(lab).word == "healthy"), causes(health(lab))
    leader = leading(lab)
    assert leader is not None
    with lab.client(leader) as client:
        assert agency.write_and_read(client).startswith("wrote and read back")


def test_the_whole_is_stopped_and_started_with_its_data_and_its_names(lab: Deployment) -> None:
    all_there = kept(lab, "over-a-stop")
    before, ports, password = registered(lab), lab.server("coordinator").url, lab.password
    assert lab.stop(told=unheard) == []
    assert health(lab).word == "unhealthy"
    lab.start(told=unheard)
    wait_ready(lab, timeout=PATIENCE, told=unheard)
    assert soon(lambda: health(lab).in_sync), causes(health(lab))
    assert (registered(lab), lab.server("coordinator").url) == (before, ports)
    assert password
    assert admin.logs_in(ports, "root", password)
    assert all_there()


def test_servers_are_restarted_one_by_one_in_any_order(lab: Deployment) -> None:
    all_there = kept(lab, "over-restarts")
    before = registered(lab)
    names = [one.name for one in lab.servers()]
    random.Random(SEED).shuffle(names)
    for name in names:
        assert lab.stop((name,), told=unheard) == [], name
        lab.start((name,), told=unheard)
        wait_ready(lab, timeout=PATIENCE, told=unheard, nodes=(name,))
    wait_ready(lab, timeout=PATIENCE, told=unheard)
    assert soon(lambda: health(lab).in_sync), causes(health(lab))
    assert registered(lab) == before
    assert all_there()


def test_all_started_in_any_order_find_each_other(lab: Deployment) -> None:
    before = registered(lab)
    assert lab.stop(told=unheard) == []
    for one in random.Random(SEED).sample(lab.servers(), k=7):
        lab.start((one.name,), told=unheard)
    wait_ready(lab, timeout=PATIENCE, told=unheard)
    assert registered(lab) == before


def test_an_agent_that_does_not_run_says_nothing(lab: Deployment) -> None:
    kill(lab, "agent2")
    assert view(lab, lab.server("agent2")) is None
    assert heard(lab, lab.servers()).agency.margin == 0
