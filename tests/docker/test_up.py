"""What `up` makes, and how it is taken over, refused, made anew and taken down."""

from __future__ import annotations

import dataclasses
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from armadillo import labels
from armadillo.arango import Client
from armadillo.cluster.deployment import Deployment, forget, listed, mine, named
from armadillo.cluster.plan import Plan
from armadillo.cluster.start import Up, up
from armadillo.engine import containers, creation, reaper
from armadillo.engine import secrets as secret_volume
from armadillo.engine.containers import Container
from armadillo.errors import ConflictError, EnvironmentUnusable, NotFoundError
from armadillo.topology import Topology
from armadillo.topology.plan import JWT, PASSWORD
from tests.docker.place import Place, unheard

pytestmark = pytest.mark.docker


def stopped(place: Place) -> Container:
    """Stop the one server behind everybody's back."""
    place.connection.api.stop(place.server.id, timeout=5)
    return place.server


def test_every_object_says_what_it_is_and_whose(there: Place) -> None:
    api, mark = there.connection.api, f"{labels.NAME}={there.name}"
    rows = [row["Labels"] for row in api.containers(filters={"label": mark})]
    rows += [row["Labels"] for row in api.volumes(filters={"label": mark})["Volumes"]]
    rows += [row["Labels"] for row in api.networks(filters={"label": mark})]
    assert len(rows) == 1 + 3 + 1
    common = {labels.MANAGED: "true", labels.SCHEMA: "1", labels.STANDIN: "true", labels.LIFETIME: "manual"}
    for row in rows:
        assert common.items() <= row.items()
        assert row[labels.COMPOSE_PROJECT] == f"armadillo-{there.name}"
        assert row[labels.TOPOLOGY_HASH] == there.file().hash
        assert {labels.RUN_ID, labels.OWNER, labels.PROCESS, labels.CREATED, labels.VERSION} <= row.keys()
    assert rows[0][labels.ROLE] == "single"
    assert rows[0][labels.PORT] == str(there.server.ports[0][1])
    assert mine(there.server)


def test_a_server_has_what_it_needs_and_no_more(there: Place) -> None:
    seen = there.seen()
    host = seen["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == 128 * 1024**2
    assert (host["CapDrop"], host["CapAdd"]) == (["ALL"], ["DAC_OVERRIDE"])
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["ReadonlyRootfs"]
    assert not host["Privileged"]
    assert host["RestartPolicy"]["Name"] == "no"
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "2", "max-size": "50m"}}
    assert seen["Config"]["Healthcheck"] == {"Test": ["NONE"]}
    assert seen["Config"]["Hostname"] == "single"
    assert seen["Config"]["StopTimeout"] == 120


def test_it_is_found_by_its_name_from_anywhere(there: Place) -> None:
    found = named(there.connection, there.name)
    assert [server.name for server in found.servers()] == ["single"]
    assert [server.url for server in found.endpoints()] == [f"http://127.0.0.1:{there.server.ports[0][1]}"]
    assert found.server("single").container.id == there.server.id
    assert [server.name for server in found.chosen(("single",))] == ["single"]
    assert there.name in listed(there.connection)
    with pytest.raises(NotFoundError, match="has no server dbserver1") as told:
        found.chosen(("dbserver1",))
    assert "single" in told.value.hint
    with pytest.raises(NotFoundError, match="no deployment"):
        named(there.connection, f"{there.name}-other")


def test_its_secrets_are_read_back_by_anybody_who_reaches_the_engine(there: Place) -> None:
    found = Deployment(there.connection, there.name)
    copies = there.state / there.name
    assert set(found.secrets()) == {JWT, PASSWORD}
    assert found.password == (copies / PASSWORD).read_text()
    for name, content in found.secrets().items():
        assert (copies / name).read_bytes() == content
        assert stat.S_IMODE((copies / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(copies.stat().st_mode) == 0o700
    with found.client(found.server("single")) as client:
        assert client.ask("GET", "/_api/database")["result"] == ["_system"]
    with Client(found.server("single").url) as stranger:
        assert stranger.send("GET", "/_api/database").status == 401


def test_the_same_again_is_taken_over_also_by_another_user(there: Place, tmp_path: Path) -> None:
    before = there.server
    told: list[str] = []
    again = up(there.connection, there.plan(), there.wanted(state=tmp_path / "copies"), told=told.append)
    assert again.adopted
    assert there.server.id == before.id
    assert f"{there.name} is there already" in told
    assert (tmp_path / "copies" / PASSWORD).read_text() == there.deployment.password


def test_another_topology_is_refused_with_what_differs(there: Place) -> None:
    file = there.file(Topology(image="standin", port=1234))
    service = dataclasses.replace(
        file.services[0],
        command=(*(file.services[0].command or ()), "--log.level=debug"),
        environment=(*file.services[0].environment, ("EXTRA", "1")),
        mem_limit=256 * 1024**2,
        cpus=0.5,
    )
    gone = dataclasses.replace(service, name="single2", container_name=f"{service.container_name}2")
    with pytest.raises(ConflictError, match="from another topology") as told:
        there.up(dataclasses.replace(file, services=(service, gone)))
    text = str(told.value)
    assert "single2 is not there" in text
    assert "arguments +--log.level=debug" in text
    assert "environment EXTRA" in text
    assert "memory 128m, wanted 256m" in text
    assert "cpus" in text
    assert "+127.0.0.1:1234:8529/tcp" in text
    assert "--recreate" in told.value.hint


def test_what_no_server_shows_is_a_difference_too_and_so_is_what_stands_in(there: Place) -> None:
    with pytest.raises(ConflictError, match="in what no server shows"):
        there.up(dataclasses.replace(there.file(), hash="0" * 64))
    api, plan = there.connection.api, there.plan()
    api.tag(there.image.reference, there.name, "real")
    real = dataclasses.replace(there.image, reference=f"{there.name}:real", standin=False)
    other = Plan(plan.file, dict.fromkeys(plan.images, real), plan.bindings, {**plan.marks, labels.STANDIN: "false"})
    try:
        with pytest.raises(ConflictError, match=rf"image armadillo/standin:\S+, wanted {there.name}:real"):
            up(there.connection, other, there.wanted(), told=unheard)
    finally:
        api.remove_image(f"{there.name}:real")


def test_an_image_that_went_meanwhile_is_no_wrong_usage(place: Place) -> None:
    plan = place.plan()
    gone = dataclasses.replace(place.image, reference=f"{place.name}:gone")
    with pytest.raises(EnvironmentUnusable, match="No such image"):
        up(
            place.connection,
            dataclasses.replace(plan, images=dict.fromkeys(plan.images, gone)),
            place.wanted(),
            told=unheard,
        )


def test_down_leaves_nothing_and_may_be_repeated(place: Place) -> None:
    place.up()
    assert place.deployment.stop(told=unheard) == []
    swept = place.deployment.remove()
    assert (swept.containers, swept.volumes, swept.networks, swept.quarantined) == (1, 3, 1, ())
    assert place.left() == []
    again = place.deployment.remove()
    assert not again
    forget(place.state / place.name)
    assert not (place.state / place.name).exists()


def test_data_and_secrets_that_were_kept_are_the_next_ones(place: Place) -> None:
    place.up()
    before = place.deployment
    with before.client(before.server("single")) as client:
        client.ask("POST", "/_api/collection", json={"name": "kept"})
    before.remove(keep_data=True)
    assert {name.rpartition("_")[2] for name in place.left()} == {"single-data", "single-apps", "secrets"}
    again = place.up()
    assert not again.adopted
    assert again.deployment.secrets() == before.secrets()
    with place.deployment.client(place.deployment.server("single")) as client:
        assert client.ask("GET", "/_api/collection/kept")["name"] == "kept"


def test_recreate_makes_everything_anew_at_the_same_port(place: Place) -> None:
    first = place.up()
    port, password = place.server.ports, first.deployment.password
    identity = place.server.id
    second = place.up(recreate=True)
    assert not second.adopted
    assert place.server.id != identity
    assert place.server.ports == port
    assert second.deployment.password != password


def test_secrets_that_were_given_are_the_servers(place: Place) -> None:
    made = place.up(given={PASSWORD: b"from outside"})
    assert made.deployment.password == "from outside"
    assert secret_volume.of_deployment(place.connection, place.name)[PASSWORD] == b"from outside"


@pytest.mark.parametrize("how", ["stopped", "paused"])
def test_what_does_not_run_is_brought_back_where_it_was(how: str, place: Place) -> None:
    place.up()
    before = place.server
    if how == "stopped":
        stopped(place)
    else:
        containers.signal(place.connection, before, "PAUSE")
    assert place.up().adopted
    assert (place.server.id, place.server.ports) == (before.id, before.ports)
    assert place.server.running


def test_ports_are_kept_over_stop_start_and_a_restart_behind_our_back(place: Place) -> None:
    place.up()
    port = place.server.ports
    assert place.deployment.stop(told=unheard) == []
    assert [one.name for one in place.deployment.start(told=unheard)] == ["single"]
    assert place.server.ports == port
    place.connection.api.restart(place.server.id, timeout=5)
    assert place.server.ports == port
    assert place.up().adopted


def test_a_frozen_server_is_stopped_in_an_orderly_way(place: Place) -> None:
    place.up()
    containers.signal(place.connection, place.server, "PAUSE")
    assert place.deployment.stop(told=unheard) == []
    assert place.server.state == "exited"


def test_a_server_that_is_deaf_is_killed_and_told(place: Place) -> None:
    place.up()
    containers.signal(place.connection, place.server, "STOP")
    assert place.deployment.stop(told=unheard, grace=1) == ["single"]


def created_only(place: Place) -> None:
    """Leave what an `up` leaves that died, with its watchdog, before it had started anything."""
    plan = place.plan()
    (service,) = plan.file.services
    names = [creation.on_engine(plan.file, volume) for volume in plan.file.volumes]
    for volume in [*names, secret_volume.volume_name(plan.file.project)]:
        place.connection.api.create_volume(volume, labels=dict(plan.marks))
    place.connection.api.create_network(f"{plan.file.project}_lab", labels=dict(plan.marks))
    body = creation.container(plan.file, service, plan.substitutions)
    place.connection.api.create_container_from_config(body, service.container_name)  # type: ignore[no-untyped-call]


def test_what_never_ran_is_removed_and_made_anew(place: Place) -> None:
    created_only(place)
    before = place.server.id
    told: list[str] = []
    assert not place.up(told=told.append).adopted
    assert place.server.id != before
    assert any("unfinished" in line for line in told)


def test_a_deployment_that_lost_a_server_keeps_its_data(place: Place) -> None:
    file = place.file()
    place.up(file)
    password = place.deployment.password
    other = dataclasses.replace(
        file.services[0],
        name="single2",
        index=2,
        container_name=f"{file.services[0].container_name}2",
        hostname="single2",
        volumes=(),
        tmpfs=("/tmp", "/var/lib/arangodb3", "/var/lib/arangodb3-apps"),
        labels=tuple({**dict(file.services[0].labels), labels.INDEX: "2"}.items()),
    )
    told: list[str] = []
    made = place.up(dataclasses.replace(file, services=(file.services[0], other)), told=told.append)
    assert not made.adopted
    assert made.deployment.password == password
    assert len(place.deployment.servers()) == 2


def test_of_two_at_once_one_makes_and_the_other_takes_over(place: Place) -> None:
    results: list[Up] = []
    told: list[str] = []
    calls: list[Callable[[], Any]] = [lambda: results.append(place.up(told=told.append)) for _ in range(3)]
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.adopted for result in results) == [False, True, True]
    assert any("another process is at" in line for line in told)
    assert len(place.deployment.servers()) == 1


def test_what_somebody_else_has_under_our_names_is_left_alone(place: Place) -> None:
    api, project = place.connection.api, labels.project(place.name)
    network = api.create_network(f"{project}_lab")["Id"]
    try:
        with pytest.raises(ConflictError, match="already exists") as told:
            place.up()
        assert "docker network rm" in told.value.hint
        assert place.left() == [f"{project}_lab"]
    finally:
        api.remove_network(network)
    api.create_volume(f"{project}_single-data")
    try:
        with pytest.raises(ConflictError, match="not of") as told:
            place.up()
        assert place.left() == [f"{project}_single-data"]
    finally:
        api.remove_volume(f"{project}_single-data")
    container = api.create_container(place.image.reference, name=f"{project}-single")["Id"]
    try:
        with pytest.raises(ConflictError, match="already in use"):
            place.up()
        assert place.left() == [f"{project}-single"]
    finally:
        api.remove_container(container, v=True)


def test_a_stranger_on_our_network_is_named_and_keeps_it(place: Place) -> None:
    place.up()
    api, name = place.connection.api, f"{place.name}-stranger"
    stranger = api.create_container(
        place.image.reference, entrypoint=["python3", "-c", "input()"], stdin_open=True, name=name
    )
    api.connect_container_to_network(stranger["Id"], f"armadillo-{place.name}_lab")
    api.start(stranger["Id"])
    try:
        with pytest.raises(ConflictError, match=f"in use by {name}"):
            place.deployment.remove()
        assert place.left() == [f"armadillo-{place.name}_lab"]
        assert api.inspect_container(stranger["Id"])["State"]["Running"]
    finally:
        api.remove_container(stranger["Id"], force=True, v=True)
    assert place.deployment.remove().networks == 1


def test_a_volume_that_a_stranger_uses_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaper, "BUSY_SECONDS", 0.3)
    api = place.connection.api
    plan = place.plan()
    volume = f"{plan.file.project}_single-data"
    api.create_volume(volume, labels=dict(plan.marks))
    host = api.create_host_config(binds=[f"{volume}:/data"])
    stranger = api.create_container(place.image.reference, host_config=host)["Id"]
    try:
        with pytest.raises(ConflictError, match="is in use"):
            place.deployment.remove()
    finally:
        api.remove_container(stranger, v=True)
    assert place.deployment.remove().volumes == 1


def test_copies_that_cannot_be_written_leave_nothing_behind(place: Place) -> None:
    place.state.joinpath("file").write_text("")
    with pytest.raises(EnvironmentUnusable, match="cannot be made"):
        place.up(state=place.state / "file" / "x")
    assert place.left() == []


def test_a_server_may_be_in_several_networks(place: Place) -> None:
    file = place.file()
    service = file.services[0]
    second = dataclasses.replace(service.networks[0], network="side", aliases=("aside",))
    both = dataclasses.replace(service, networks=(*service.networks, second))
    side = dataclasses.replace(file.networks[0], key="side", internal=True)
    place.up(dataclasses.replace(file, services=(both,), networks=(*file.networks, side)))
    networks = place.seen()["NetworkSettings"]["Networks"]
    assert set(networks) == {f"armadillo-{place.name}_lab", f"armadillo-{place.name}_side"}
    assert {"single", "aside"} <= set(networks[f"armadillo-{place.name}_side"]["Aliases"])
