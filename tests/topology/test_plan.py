"""Each server of a topology: what it is given, by role and by override."""

from __future__ import annotations

from dataclasses import replace

import pytest

from armadillo import __version__
from armadillo.assets import ARANGODB_IMAGE
from armadillo.topology import Override, Publish, Role, Servers, Topology, pairs, preset
from armadillo.topology.plan import Server, Volume, secrets, servers

MIB = 1 << 20


def planned(topology: Topology) -> dict[str, Server]:
    return {server.service: server for server in servers(topology)}


def test_an_agent_knows_itself_and_the_others() -> None:
    assert planned(preset("cluster"))["agent2"].arguments == (
        "--server.endpoint=tcp://0.0.0.0:8529",
        "--server.authentication=true",
        "--server.jwt-secret-keyfile=/run/secrets/jwt",
        "--database.directory=/var/lib/arangodb3",
        "--log.output=-",
        "--agency.activate=true",
        "--agency.my-address=tcp://agent2:8529",
        "--agency.size=3",
        "--agency.supervision=true",
        "--agency.endpoint=tcp://agent1:8529",
        "--agency.endpoint=tcp://agent3:8529",
        "--foxx.queues=false",
    )


def test_a_dbserver_knows_itself_and_all_agents() -> None:
    assert planned(preset("cluster"))["dbserver3"].arguments[5:] == (
        "--cluster.my-role=PRIMARY",
        "--cluster.my-address=tcp://dbserver3:8529",
        "--cluster.agency-endpoint=tcp://agent1:8529",
        "--cluster.agency-endpoint=tcp://agent2:8529",
        "--cluster.agency-endpoint=tcp://agent3:8529",
        "--foxx.queues=false",
    )


def test_a_coordinator_knows_the_replication_factor() -> None:
    wish = preset("small").with_counts(replication_factor=2)
    assert planned(wish)["coordinator1"].arguments[5:] == (
        "--cluster.my-role=COORDINATOR",
        "--cluster.my-address=tcp://coordinator1:8529",
        "--cluster.agency-endpoint=tcp://agent1:8529",
        "--cluster.default-replication-factor=2",
        "--foxx.queues=true",
    )


def test_a_single_server_leaves_authentication_to_the_image() -> None:
    single = planned(Topology())["single"]
    assert single.arguments == (
        "arangod",
        "--server.endpoint=tcp://0.0.0.0:8529",
        "--server.jwt-secret-keyfile=/run/secrets/jwt",
        "--database.directory=/var/lib/arangodb3",
        "--log.output=-",
        "--foxx.queues=true",
    )
    assert dict(single.environment)["ARANGO_ROOT_PASSWORD_FILE"] == "/run/secrets/root-password"
    assert secrets(Topology()) == ("jwt", "root-password")


def test_without_authentication_there_is_no_secret() -> None:
    single = planned(Topology(auth=False))["single"]
    assert dict(single.environment)["ARANGO_NO_AUTH"] == "1"
    agent = planned(replace(preset("small"), auth=False))["agent1"]
    assert "--server.authentication=false" in agent.arguments
    assert not [it for server in (single, agent) for it in server.arguments if "jwt" in it]
    assert secrets(Topology(auth=False)) == ()


@pytest.mark.parametrize(
    ("role", "memory", "grace"),
    [(Role.AGENT, 512, 60), (Role.DBSERVER, 2048, 300), (Role.COORDINATOR, 1536, 60)],
)
def test_a_role_has_its_limits(role: Role, memory: int, grace: int) -> None:
    server = planned(preset("small"))[f"{role}1"]
    assert (server.memory, server.grace) == (memory * MIB, grace)
    assert dict(server.environment) == {"ARANGODB_OVERRIDE_DETECTED_TOTAL_MEMORY": str(memory * MIB * 3 // 4)}


def test_a_single_server_has_its_limits() -> None:
    single = planned(Topology())["single"]
    assert (single.memory, single.grace) == (1536 * MIB, 120)


def test_the_stand_in_is_small_and_named_by_its_alias() -> None:
    single = planned(Topology(image="standin"))["single"]
    assert (single.image, single.memory, single.standin) == (f"armadillo/standin:{__version__}", 128 * MIB, True)
    assert planned(Topology(image="standin", single=Servers(memory=256 * MIB)))["single"].memory == 256 * MIB


def test_the_pinned_image_is_used_unless_told_otherwise() -> None:
    wish = replace(preset("small"), agents=Servers(1, image="a:1"), overrides=(Override("dbserver:2", image="b:2"),))
    assert {it.service: it.image for it in servers(wish)} == {
        "agent1": "a:1",
        "dbserver1": ARANGODB_IMAGE,
        "dbserver2": "b:2",
        "coordinator1": ARANGODB_IMAGE,
    }
    assert planned(replace(wish, image="c:3"))["dbserver1"].image == "c:3"


def test_the_more_exact_override_wins() -> None:
    wish = replace(
        preset("small"),
        dbservers=Servers(2, memory=100 * MIB, arguments=pairs({"log.level": ["a", "b"], "x.y": "1"})),
        overrides=(
            Override("dbserver:2", memory=300 * MIB),
            Override("all", memory=200 * MIB, arguments=pairs({"log.level": "c"}), environment=pairs({"A": "1"})),
        ),
    )
    first, second = planned(wish)["dbserver1"], planned(wish)["dbserver2"]
    assert (first.memory, second.memory) == (200 * MIB, 300 * MIB)
    assert first.arguments[-2:] == ("--log.level=c", "--x.y=1")
    assert dict(second.environment) == {"ARANGODB_OVERRIDE_DETECTED_TOTAL_MEMORY": str(225 * MIB), "A": "1"}


def test_an_argument_replaces_ours_unless_it_is_reserved() -> None:
    wish = Topology(single=Servers(arguments=pairs({"log.output": ["-", "file:///tmp/x"]})))
    assert [it for it in planned(wish)["single"].arguments if "log" in it] == [
        "--log.output=-",
        "--log.output=file:///tmp/x",
    ]


def test_a_share_of_processors_is_told_to_the_server_in_whole_ones() -> None:
    single = planned(Topology(single=Servers(cpus=1.5)))["single"]
    assert single.cpus == 1.5
    assert dict(single.environment)["ARANGODB_OVERRIDE_DETECTED_NUMBER_OF_CORES"] == "2"


@pytest.mark.parametrize(
    ("publish", "port", "published"),
    [
        (Publish.COORDINATORS, None, {"coordinator1": "127.0.0.1::8529", "coordinator2": "127.0.0.1::8529"}),
        (Publish.COORDINATORS, 8529, {"coordinator1": "127.0.0.1:8529:8529", "coordinator2": "127.0.0.1:8539:8529"}),
        (Publish.NONE, None, {}),
    ],
)
def test_coordinators_are_published_on_every_tenth_port(
    publish: Publish, port: int | None, published: dict[str, str]
) -> None:
    wish = replace(preset("ha"), publish=publish, port=port)
    assert {it.service: it.ports[0] for it in servers(wish) if it.ports} == published


def test_all_are_published_on_request_with_ports_of_their_own() -> None:
    wish = replace(preset("small"), publish=Publish.ALL, port=9000)
    assert [it.ports for it in servers(wish)] == [("127.0.0.1::8529",)] * 3 + [("127.0.0.1:9000:8529",)]


def test_servers_wait_for_the_roles_before_them() -> None:
    assert {it.service: it.after for it in servers(preset("small"))} == {
        "agent1": (),
        "dbserver1": ("agent1",),
        "dbserver2": ("agent1",),
        "coordinator1": ("agent1", "dbserver1", "dbserver2"),
    }


def test_data_is_in_a_volume_of_the_deployment() -> None:
    agent = planned(preset("small"))["agent1"]
    assert agent.volumes == (Volume("agent1-data", "/var/lib/arangodb3"),)
    assert agent.tmpfs == ("/tmp", "/var/lib/arangodb3-apps")


def test_a_single_server_keeps_its_services_too() -> None:
    single = planned(Topology())["single"]
    assert [it.key for it in single.volumes] == ["single-data", "single-apps"]
    assert single.tmpfs == ("/tmp",)


def test_data_is_in_memory_on_request() -> None:
    single = planned(Topology(tmpfs=True))["single"]
    assert single.volumes == ()
    assert single.tmpfs == ("/tmp", "/var/lib/arangodb3", "/var/lib/arangodb3-apps")


def test_a_named_volume_is_kept_for_each_server() -> None:
    kept = [volume.external for server in servers(replace(preset("small"), keep="x")) for volume in server.volumes]
    assert kept == ["x-agent1", "x-dbserver1", "x-dbserver2", "x-coordinator1"]
    assert [it.external for it in planned(Topology(keep="x"))["single"].volumes] == ["x-single", "x-single-apps"]
