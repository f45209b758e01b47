from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from armadillo import labels
from armadillo.engine import creation
from armadillo.engine.creation import Binding, Substitutions, container
from armadillo.errors import ConfigurationError
from armadillo.topology import ComposeFile, Topology, load_compose, render
from armadillo.topology.composefile import (
    Attachment,
    Logging,
    Mount,
    MountKind,
    SecretUse,
    Service,
    Ulimit,
    Volume,
)

FILE = load_compose(render(Topology(image="standin"), "lab"))
SERVICE = FILE.services[0]
GIVEN = Substitutions(
    {SERVICE.image: "sha256:1234"}, {labels.RUN_ID: "r"}, {"single": (Binding(8529, "127.0.0.1", 20123),)}
)


def body(service: Service = SERVICE, file: ComposeFile = FILE) -> dict[str, Any]:
    return container(file, service, GIVEN)


def host(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = body(service)["HostConfig"]
    return found


def changed(**given: Any) -> Service:
    return dataclasses.replace(SERVICE, **given)


def test_the_image_labels_and_ports_are_those_that_stand_for_the_texts() -> None:
    made = body()
    assert made["Image"] == "sha256:1234"
    assert made["Labels"].items() >= dict(SERVICE.labels).items()
    assert made["Labels"][labels.RUN_ID] == "r"
    assert made["Labels"][labels.PORT] == "20123"
    assert made["ExposedPorts"] == {"8529/tcp": {}}
    assert made["HostConfig"]["PortBindings"] == {"8529/tcp": [{"HostIp": "127.0.0.1", "HostPort": "20123"}]}


def test_compose_takes_the_container_for_its_own() -> None:
    made = body()["Labels"]
    assert made[labels.COMPOSE_PROJECT] == "armadillo-lab"
    assert made[labels.COMPOSE_SERVICE] == "single"
    assert (made[labels.COMPOSE_NUMBER], made[labels.COMPOSE_ONEOFF]) == ("1", "False")
    assert len(made[labels.COMPOSE_HASH]) == 64
    assert made[labels.COMPOSE_HASH] != body(changed(mem_limit=1))["Labels"][labels.COMPOSE_HASH]


def test_readiness_is_ours_and_a_crash_is_to_be_seen() -> None:
    assert body()["Healthcheck"] == {"Test": ["NONE"]}
    assert host(SERVICE)["RestartPolicy"] == {"Name": "no"}


@pytest.mark.parametrize(
    ("given", "key", "expected"),
    [
        ({"entrypoint": ("a", "b")}, "Entrypoint", ["a", "b"]),
        ({"entrypoint": None}, "Entrypoint", None),
        ({"command": ()}, "Cmd", []),
        ({"command": None}, "Cmd", None),
        ({"environment": (("A", "1"), ("B", ""))}, "Env", ["A=1", "B="]),
        ({"user": "1000"}, "User", "1000"),
        ({"working_dir": "/data"}, "WorkingDir", "/data"),
        ({"stop_signal": "SIGINT"}, "StopSignal", "SIGINT"),
        ({"stop_grace_period": 0.6}, "StopTimeout", 1),
        ({"stop_grace_period": None}, "StopTimeout", None),
        ({"ports": ()}, "ExposedPorts", None),
        ({"hostname": "other"}, "Hostname", "other"),
    ],
)
def test_each_wish_is_a_key_and_no_wish_is_none(given: dict[str, Any], key: str, expected: object) -> None:
    assert body(changed(**given)).get(key) == expected


@pytest.mark.parametrize(
    ("given", "key", "expected"),
    [
        ({"mem_limit": 5}, "Memory", 5),
        ({"mem_limit": 5}, "MemorySwap", 5),
        ({"mem_limit": None}, "Memory", None),
        ({"cpus": 1.5}, "NanoCpus", 1_500_000_000),
        ({"cap_add": ("A",)}, "CapAdd", ["A"]),
        ({"cap_drop": ()}, "CapDrop", None),
        ({"security_opt": ("x:y",)}, "SecurityOpt", ["x:y"]),
        ({"read_only": False}, "ReadonlyRootfs", False),
        ({"ulimits": (Ulimit("nofile", 1, 2),)}, "Ulimits", [{"Name": "nofile", "Soft": 1, "Hard": 2}]),
        ({"init": True}, "Init", True),
        ({"dns_opt": ("timeout:1",)}, "DnsOptions", ["timeout:1"]),
        ({"extra_hosts": (("a", "1.2.3.4"),)}, "ExtraHosts", ["a:1.2.3.4"]),
        ({"sysctls": (("net.x", "1"),)}, "Sysctls", {"net.x": "1"}),
        ({"tmpfs": ("/tmp", "/run:size=1m")}, "Tmpfs", {"/tmp": "", "/run": "size=1m"}),
        (
            {"logging": Logging("local", (("max-size", "1m"),))},
            "LogConfig",
            {"Type": "local", "Config": {"max-size": "1m"}},
        ),
        ({"logging": None}, "LogConfig", None),
    ],
)
def test_each_limit_is_a_key_and_no_limit_is_none(given: dict[str, Any], key: str, expected: object) -> None:
    assert host(changed(**given)).get(key) == expected


def test_volumes_are_mounted_under_the_engines_names_and_labelled_should_the_engine_make_them() -> None:
    volumes = (
        Volume(key="own", labels=(("mine", "1"),)),
        Volume(key="named", name="elsewhere"),
        Volume(key="users", external=True),
    )
    file = dataclasses.replace(FILE, volumes=volumes)
    mounts = tuple(Mount(MountKind.VOLUME, f"/{volume.key}", volume.key) for volume in volumes)
    made = body(changed(volumes=mounts, secrets=()), file)["HostConfig"]["Mounts"]
    assert [one["Source"] for one in made] == ["armadillo-lab_own", "elsewhere", "users"]
    given = made[0]["VolumeOptions"]["Labels"]
    assert given == creation.volume_labels(file, volumes[0], GIVEN.marks)
    assert (given["mine"], given[labels.RUN_ID], given[labels.COMPOSE_VOLUME]) == ("1", "r", "own")
    assert "VolumeOptions" not in made[2]


def test_folders_and_memory_are_mounted_as_they_are() -> None:
    mounts = (
        Mount(MountKind.BIND, "/opt", "/srv/tree", read_only=True),
        Mount(MountKind.TMPFS, "/data", size=1024),
        Mount(MountKind.TMPFS, "/more"),
    )
    made = host(changed(volumes=mounts, secrets=()))["Mounts"]
    assert made == [
        {"Type": "bind", "Target": "/opt", "ReadOnly": True, "Source": "/srv/tree"},
        {"Type": "tmpfs", "Target": "/data", "ReadOnly": False, "TmpfsOptions": {"SizeBytes": 1024}},
        {"Type": "tmpfs", "Target": "/more", "ReadOnly": False},
    ]


def test_secrets_are_one_volume_where_the_text_wants_them() -> None:
    (made,) = [one for one in host(SERVICE)["Mounts"] if one["Target"] == "/run/secrets"]
    assert made["Source"] == "armadillo-lab_secrets"
    assert made["VolumeOptions"]["Labels"][labels.COMPOSE_VOLUME] == "secrets"
    with pytest.raises(ConfigurationError, match="below /run/secrets only") as told:
        body(changed(secrets=(SecretUse("jwt", "/etc/jwt"),)))
    assert "/run/secrets/jwt" in told.value.hint


def test_the_first_network_is_given_at_creation_and_the_others_are_joined() -> None:
    networks = (Attachment("lab", ("also",), "10.1.1.5"), Attachment("side"))
    service = changed(networks=networks)
    made = body(service)
    assert made["HostConfig"]["NetworkMode"] == "armadillo-lab_lab"
    assert made["NetworkingConfig"]["EndpointsConfig"] == {
        "armadillo-lab_lab": {"Aliases": ["single", "also"], "IPAMConfig": {"IPv4Address": "10.1.1.5"}}
    }
    assert creation.further(FILE, service) == {"armadillo-lab_side": networks[1]}
    with pytest.raises(ConfigurationError, match="in no network"):
        body(changed(networks=()))


def test_a_port_may_be_published_twice_and_with_another_protocol() -> None:
    chosen = (Binding(1, "127.0.0.1", 20001), Binding(1, "127.0.0.1", 20002), Binding(1, "127.0.0.1", 3, "udp"))
    made = creation.bindings(chosen)
    assert [one["HostPort"] for one in made["1/tcp"]] == ["20001", "20002"]
    assert [one["HostPort"] for one in made["1/udp"]] == ["3"]
