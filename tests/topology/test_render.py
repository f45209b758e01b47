"""The Compose text: deterministic, right for every Compose, and silent about what only a start can tell."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings

from armadillo import labels
from armadillo.errors import ConfigurationError
from armadillo.topology import Servers, Topology, load_compose, notes, pairs, preset, render, secret_files
from armadillo.topology.plan import servers
from tests.topology.wishes import NAMED, POSSIBLE

Require = Callable[[str, bool, str], None]

# What docker-compose 1.29 refuses or ignores, as dotted paths with * for any key.
FORBIDDEN = {
    *("name", "version", "include", "configs"),
    *(f"services.*.{key}" for key in ("annotations", "attach", "develop", "cgroup", "uts", "configs", "restart")),
    *("services.*.depends_on.*.restart", "services.*.depends_on.*.required", "services.*.healthcheck.start_interval"),
    *("services.*.networks.*.mac_address", "secrets.*.environment", "services.*.deploy"),
}


WORDS = "'\"\\ $HOME $$ ${x} a: b #c\n\t{} [] é😀\x85 no"
HOSTILE = Topology(single=Servers(arguments=pairs({"log.level": WORDS}), environment=pairs({"A": WORDS, "y": "no"})))


def keys(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield (*path, key)
            yield from keys(part, (*path, key))


def forbidden(text: str) -> set[str]:
    paths = {".".join(path) for path in keys(yaml.safe_load(text))}
    return {rule for rule in FORBIDDEN if any(re.fullmatch(rule.replace("*", "[^.]+"), path) for path in paths)}


@settings(deadline=None)
@given(POSSIBLE)
def test_any_possible_topology_renders_and_is_read_back(topology: Topology) -> None:
    text = render(topology, "x")
    assert text == render(topology, "x")
    assert not forbidden(text)
    read = load_compose(text)
    assert (read.name, read.project, read.hash) == ("x", "armadillo-x", read.written_hash)
    planned = servers(topology)
    assert [service.name for service in read.services] == [server.service for server in planned]
    for service, server in zip(read.services, planned, strict=True):
        assert (service.role, service.index, service.image) == (server.role, server.index, server.image)
        assert service.command == server.arguments
        assert service.environment == server.environment
        assert (service.mem_limit, service.cpus) == (server.memory, server.cpus)
        assert service.stop_grace_period == server.grace
        assert tuple(it.service for it in service.depends_on) == server.after
        mounts = [*((it.key, it.target) for it in server.volumes), *server.binds]
        assert [(it.source, it.target) for it in service.volumes] == mounts
        assert service.tmpfs == server.tmpfs


def test_hostile_words_arrive_as_they_were() -> None:
    single = load_compose(render(HOSTILE)).services[0]
    assert [it for it in single.command or () if "log" in it][1:] == [f"--log.level={WORDS}"]
    assert dict(single.environment)["A"] == WORDS
    assert dict(single.environment)["y"] == "no"


def test_a_word_that_looks_like_the_hash_label_is_left_alone() -> None:
    word = "armadillo.topology-hash: "
    read = load_compose(render(Topology(single=Servers(environment=pairs({"A": word})))))
    assert dict(read.services[0].environment)["A"] == word
    assert read.hash == read.written_hash


@pytest.mark.parametrize("name", NAMED)
def test_the_name_is_in_the_text_and_not_in_the_hash(name: str) -> None:
    one, other = (load_compose(render(NAMED[name], deployment)) for deployment in ("single-1", "no"))
    assert one.hash == other.hash == one.written_hash
    assert {service.container_name for service in one.services} == {
        f"armadillo-single-1-{it.name}" for it in one.services
    }


def test_different_topologies_have_different_hashes() -> None:
    assert len({load_compose(render(topology)).hash for topology in NAMED.values()}) == len(NAMED)


def test_an_edited_text_has_another_hash_than_its_label_says() -> None:
    read = load_compose(render(Topology()).replace("mem_limit: 1536m", "mem_limit: 1g"))
    assert read.hash != read.written_hash


@pytest.mark.parametrize("name", NAMED)
def test_every_server_and_place_carries_our_labels(name: str) -> None:
    read = load_compose(render(NAMED[name], "x"))
    for service in read.services:
        assert dict(service.labels) == {
            labels.MANAGED: "true",
            labels.NAME: "x",
            labels.ROLE: service.role,
            labels.INDEX: str(service.index),
            labels.TOPOLOGY_HASH: read.hash,
            labels.SCHEMA: "1",
        }
    places = [it.labels for it in read.networks] + [it.labels for it in read.volumes if not it.external]
    for given_labels in places:
        assert dict(given_labels) == {labels.MANAGED: "true", labels.NAME: "x", labels.SCHEMA: "1"}


@pytest.mark.parametrize("name", NAMED)
def test_every_server_is_hardened(name: str) -> None:
    for service in load_compose(render(NAMED[name])).services:
        assert (service.cap_drop, service.cap_add) == (("ALL",), ("DAC_OVERRIDE",))
        assert service.security_opt == ("no-new-privileges:true",)
        assert service.read_only
        assert service.logging
        assert dict(service.logging.options)["max-size"]
        assert service.healthcheck
        assert service.entrypoint == (None if service.name == "single" else ("arangod",))
        assert service.hostname == service.name


def test_nothing_that_only_a_start_can_tell_is_in_the_text() -> None:
    text = render(preset("ha"))
    read = load_compose(text)
    assert {port.host for service in read.services for port in service.ports} == {None}
    assert {port.host_ip for service in read.services for port in service.ports} == {"127.0.0.1"}
    assert [network.subnet for network in read.networks] == [None]
    assert not [label for label in labels.LATE if label in text]


def test_without_egress_nothing_is_masqueraded_and_lookups_are_short() -> None:
    read = load_compose(render(NAMED["isolated"]))
    assert dict(read.networks[0].driver_opts) == {"com.docker.network.bridge.enable_ip_masquerade": "false"}
    assert {service.dns_opt for service in read.services} == {("timeout:1", "attempts:1")}
    assert not load_compose(render(preset("small"))).services[0].dns_opt


def test_an_impossible_wish_is_not_rendered() -> None:
    with pytest.raises(ConfigurationError, match="agents survive"):
        render(Topology().with_counts(agents=2))
    with pytest.raises(ConfigurationError, match="always names a server"):
        notes(Topology(), "single")


def test_a_thousand_servers_take_less_than_a_second() -> None:
    wish = preset("cluster").with_counts(dbservers=500, coordinators=497)
    render(wish)
    began = time.process_time()
    render(wish)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("wish", [*NAMED.values(), HOSTILE], ids=[*NAMED, "hostile"])
def test_docker_compose_1_29_reads_the_text_as_it_is_meant(wish: Topology, require: Require, tmp_path: Path) -> None:
    compose = shutil.which("docker-compose")
    require("compose", compose is not None, "there is no docker-compose on the PATH")
    argv = [compose or "", "-p", "armadillo-x", "-f", "-", "config"]
    done = subprocess.run(argv, input=render(wish, "x").encode(), capture_output=True, cwd=tmp_path, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    resolved = yaml.safe_load(done.stdout)["services"]
    for server in servers(wish):
        service = resolved.pop(server.service)
        assert [it.replace("$$", "$") for it in service["command"]] == list(server.arguments)
        assert {key: it.replace("$$", "$") for key, it in service["environment"].items()} == dict(server.environment)
    assert not resolved


@pytest.mark.parametrize("name", NAMED)
def test_the_compose_specification_accepts_the_text(name: str, require: Require) -> None:
    path = Path(os.environ.get("ARMADILLO_SPEC_DIR", "/nonexistent")) / "compose-spec.json"
    require("spec", path.is_file(), "ARMADILLO_SPEC_DIR names no folder with compose-spec.json")
    jsonschema.Draft7Validator(json.loads(path.read_text())).validate(yaml.safe_load(render(NAMED[name])))


def test_a_template_of_the_user_replaces_ours_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "single.yml.j2").write_text(
        '{% import "_server.yml.j2" as write %}\n# {{ name }} {{ servers[0].service }}\n'
        "{{ write.shared(topology, secrets) }}{{ hash|length }}"
    )
    text = render(Topology(), "x", templates=tmp_path)
    assert text.startswith("# x single\nx-server: &server\n")
    assert text.endswith("64")
    assert render(preset("small"), templates=tmp_path) == render(preset("small"))


@pytest.mark.parametrize(
    ("template", "line", "says"),
    [
        ("a\n{% if %}", 2, "Expected an expression"),
        ("a\nb\n{{ nme }}", 3, "'nme' is undefined"),
        ("{{ servers[0].nme }}", 1, "has no attribute 'nme'"),
        ("{{ ().__class__ }}", 1, "unsafe"),
        ("\n{{ 1 / 0 }}", 2, "division by zero"),
        ("{{ 1 + 'a' }}", 1, "unsupported operand"),
    ],
)
def test_an_error_in_a_template_is_told_with_its_line(tmp_path: Path, template: str, line: int, says: str) -> None:
    path = tmp_path / "single.yml.j2"
    path.write_text(template)
    with pytest.raises(ConfigurationError) as told:
        render(Topology(), templates=tmp_path)
    assert str(told.value).startswith(f"{path}:{line}: ")
    assert says in str(told.value)


def test_a_template_that_includes_what_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "single.yml.j2"
    path.write_text('{% include "other.yml.j2" %}')
    with pytest.raises(ConfigurationError, match=r"single\.yml\.j2:1: .*other\.yml\.j2"):
        render(Topology(), templates=tmp_path)


def test_notes_make_the_secret_files_that_the_text_refers_to(tmp_path: Path) -> None:
    wish = Topology()
    command = re.search(r"make them: (.*)", notes(wish)[0])
    assert command
    subprocess.run(command[1], shell=True, cwd=tmp_path, check=True, timeout=10)
    assert secret_files(wish) == tuple(f"secrets/{secret.key}" for secret in load_compose(render(wish)).secrets)
    for file in secret_files(wish):
        path = tmp_path / file
        assert re.fullmatch("[0-9a-f]{64}", path.read_text())
        assert path.stat().st_mode & 0o777 == 0o600


def test_notes_say_what_compose_alone_does_not_do() -> None:
    assert "root has an empty password" in notes(preset("small"), "x")[-1]
    assert "docker compose -p armadillo-x -f compose.yml up -d --wait" in notes(preset("small"), "x")[-2]
    assert "authentication is off" in notes(Topology(auth=False))[-1]
    assert "docker volume create mine-single; docker volume create mine-single-apps" in notes(NAMED["kept"])[1]
    assert not [note for note in notes(Topology()) if "empty password" in note]
