"""Clusters of other sizes and with other wishes, and one that does not come up."""

from __future__ import annotations

import dataclasses
import threading
import time

import pytest

from armadillo.arango import Client, admin
from armadillo.cluster.health import health
from armadillo.engine import containers
from armadillo.errors import CrashDetected
from armadillo.topology import Mode, Topology, load_compose, load_topology, preset, render
from armadillo.topology.composefile import ComposeFile, Service
from tests.docker.place import Place

pytestmark = pytest.mark.docker

FILE = """
apiVersion: armadillo/v1
kind: Topology
metadata: {name: lab}
spec:
  mode: cluster
  image: standin
  coordinators: {count: 2}
  overrides:
    - nodes: dbserver:2
      args: {log.level: debug}
      environment: {MARK: of the second}
"""


def text(topology: Topology, place: Place) -> ComposeFile:
    return load_compose(render(topology, place.name))


def counts(place: Place) -> tuple[int, int, int]:
    roles = [one.role for one in place.deployment.servers()]
    return roles.count("agent"), roles.count("dbserver"), roles.count("coordinator")


def proved(place: Place, agents: int, dbservers: int, coordinators: int) -> None:
    assert counts(place) == (agents, dbservers, coordinators)
    seen = health(place.deployment)
    assert (seen.word, seen.percentage, seen.in_sync) == ("healthy", 100, True), seen.causes()
    assert seen.agency is not None
    assert (len(seen.agency.heard), seen.agency.margin) == (agents, agents - agents // 2 - 1)


def test_a_small_cluster_that_asks_nobody_who_they_are(place: Place) -> None:
    place.up(text(dataclasses.replace(preset("small"), auth=False), place))
    proved(place, 1, 2, 1)
    assert place.deployment.secrets() == {}
    (one,) = place.deployment.endpoints()
    with Client(one.url) as stranger:
        assert stranger.ask("GET", "/_api/database")["result"] == ["_system"]


def test_a_topology_file_s_two_coordinators_and_what_one_server_alone_is_given(place: Place) -> None:
    topology = load_topology(FILE).topology
    place.up(text(topology, place))
    proved(place, 3, 3, 2)
    deployment, password = place.deployment, place.deployment.password
    assert password
    for one in deployment.endpoints():
        assert admin.logs_in(one.url, "root", password)
        assert not admin.logs_in(one.url, "root", "")
        with deployment.client(one) as client:
            assert sorted(admin.endpoints(client)) == sorted(
                each.url.replace("http", "tcp") for each in deployment.endpoints()
            )
    for one in deployment.servers():
        seen = containers.inspected(place.connection, one.container.id)["Config"]
        alone = one.name == "dbserver2"
        assert ("--log.level=debug" in seen["Cmd"], "MARK=of the second" in seen["Env"]) == (alone, alone)


def test_five_agents_and_seven_dbservers(place: Place) -> None:
    place.up(text(Topology(mode=Mode.CLUSTER).with_counts(agents=5, dbservers=7, coordinators=1), place))
    proved(place, 5, 7, 1)


def test_a_server_that_dies_while_the_cluster_comes_up_ends_it_within_a_second(place: Place) -> None:
    file = text(preset("cluster"), place)

    def silent(service: Service) -> Service:
        script = "import signal; signal.signal(signal.SIGTERM, lambda *_: exit()); print('silent'); signal.pause()"
        return dataclasses.replace(service, entrypoint=("/usr/bin/python3", "-u", "-c", script), command=())

    held = dataclasses.replace(
        file, services=tuple(silent(one) if one.name == "dbserver3" else one for one in file.services)
    )
    dying = threading.Event()
    died: list[float] = []

    def told(line: str) -> None:
        if "dbserver3: answers? no" in line:
            dying.set()

    def kill() -> None:
        dying.wait(60)
        containers.signal(place.connection, place.deployment.server("dbserver3").container, "KILL")
        died.append(time.monotonic())

    ended: list[float] = []
    keep_logs = place.state / place.name / "logs"
    thread = threading.Thread(target=kill)
    thread.start()
    try:
        with pytest.raises(CrashDetected, match="dbserver3") as caught:
            place.up(held, told=told, keep=True)
        ended.append(time.monotonic())
    finally:
        dying.set()
        thread.join()
    assert caught.value.exit_code == 137
    assert "silent" in caught.value.log_tail
    assert ended[0] - died[0] < 1.0
    assert (keep_logs / "agent1.log").exists()
