"""Compose files read back: ours, those edited by hand, and those that are not ours."""

from __future__ import annotations

import pytest

from armadillo.errors import ConfigurationError
from armadillo.topology import ComposeFile, Role, load_compose, preset, render
from armadillo.topology.composefile import Attachment, Network, Secret, Service, Volume
from tests.topology.test_parts import HEAD, PLACES


def refused(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as told:
        load_compose(text, "c.yml")
    problems = told.value.details["problems"]
    return [f"{it['place']}: {it['path']}: {it['message']}; {it['hint']}" for it in problems]


def test_the_least_file_is_a_service_with_our_labels() -> None:
    read = load_compose(HEAD)
    assert (read.name, read.project, read.written_hash) == ("mine", "armadillo-mine", "")
    assert read.services == (
        Service(
            name="single",
            role=Role.SINGLE,
            index=1,
            image="arangodb/arangodb:3.12.5",
            container_name="armadillo-mine-single",
            hostname="single",
            labels=(
                ("armadillo.managed", "true"),
                ("armadillo.name", "mine"),
                ("armadillo.role", "single"),
                ("armadillo.index", "1"),
            ),
            networks=(Attachment("default"),),
        ),
    )
    assert read.networks == (Network(key="default"),)
    assert read.by_name == {"single": read.services[0]}


def test_networks_volumes_and_secrets_are_read() -> None:
    read = load_compose(
        HEAD
        + """
version: "3.8"
name: armadillo-mine
x-mine: {}
networks:
  lab:
    driver: bridge
    internal: true
    driver_opts: {a.b: "false"}
    ipam: {driver: default, config: [{subnet: 172.30.0.0/26}]}
    labels: [a=b]
volumes:
  data: {name: mine, external: true}
  more: {driver: local, driver_opts: {type: tmpfs}, labels: {a: b}}
secrets:
  jwt: {file: ./secrets/jwt}
"""
    )
    assert read.networks[0] == Network(
        key="lab",
        internal=True,
        driver_opts=(("a.b", "false"),),
        subnet="172.30.0.0/26",
        labels=(("a", "b"),),
    )
    assert read.volumes == (
        Volume(key="data", name="mine", external=True),
        Volume(key="more", driver="local", driver_opts=(("type", "tmpfs"),), labels=(("a", "b"),)),
    )
    assert read.secrets == (Secret("jwt", "./secrets/jwt"),)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("mem_limt: 1g", "mem_limt: unknown key, did you mean mem_limit?; "),
        ("restart: always", "restart: is not supported here; leave it out: a crash is to be seen, not healed"),
        ("deploy: {replicas: 2}", "deploy: is not supported here; use mem_limit and cpus"),
        ("hostname: $HOST", "hostname: $HOST is a variable, and none is looked up; write its value, or $$ for a $"),
        (
            "hostname: '${X:-y}'",
            "hostname: ${X:-y} is a variable, and none is looked up; write its value, or $$ for a $",
        ),
        ("hostname: 5", 'hostname: must be a string, not 5; quote it: "5"'),
        ("hostname: [a]", "hostname: must be a string, not a list; "),
        ("environment: {A: true}", 'environment.A: must be a string, not a boolean; quote it: "true"'),
        (
            "environment: {A: }",
            'environment.A: has no value, and nothing is taken from the environment; write a value, perhaps ""',
        ),
        ("environment: [A]", "environment[0]: must be name=value; nothing is taken from the environment"),
        ("environment: [A=1, A=2]", "environment[1]: A is given twice; keep one of them"),
        ("environment: x", "environment: must be a mapping, not 'x'; "),
        ('command: "a \'b"', "command: cannot be split into words: No closing quotation; write it as a list"),
        (
            "ports: ['8000-8010:8529']",
            ('ports[0]: \'8000-8010:8529\' publishes no port; write "127.0.0.1::8529" or "127.0.0.1:8529:8529"'),
        ),
        (
            "ports: ['127.0.0.1::0']",
            ('ports[0]: \'127.0.0.1::0\' publishes no port; write "127.0.0.1::8529" or "127.0.0.1:8529:8529"'),
        ),
        ("ports: 8529", "ports: must be a list, not 8529; "),
        ("ports: [{published: 1}]", "ports[0]: has no target; write target: 8529"),
        ("ports: [{target: 0}]", "ports[0].target: must be a whole number from 1, not 0; "),
        ("ports: [{target: 1, mode: x}]", "ports[0].mode: must be host or ingress, not 'x'; "),
        (
            "volumes: [/a]",
            "volumes[0]: '/a' mounts nothing; write volume:/path, ./path:/path or /path:/path, perhaps with :ro",
        ),
        (
            "volumes: ['data:/a:z']",
            (
                "volumes[0]: 'data:/a:z' mounts nothing; "
                "write volume:/path, ./path:/path or /path:/path, perhaps with :ro"
            ),
        ),
        ("volumes: ['~/a:/a']", "volumes[0]: whose home ~/a is in depends on who starts it; write the whole path"),
        ("volumes: ['dta:/a']", "volumes: there is no volume dta; did you mean data?"),
        ("volumes: [{type: npipe}]", "volumes[0].type: must be of type volume, bind or tmpfs, not 'npipe'; "),
        (
            "volumes: [{type: tmpfs, source: data, target: /a}]",
            "volumes[0]: a mount of type tmpfs has a target alone; the target is an absolute path",
        ),
        (
            "volumes: [{type: bind, target: /a}]",
            "volumes[0]: a mount of type bind has a source and a target; the target is an absolute path",
        ),
        ("networks: [zzz]", "networks: there is no network zzz; add it under networks"),
        ("secrets: [pw]", "secrets: there is no secret pw; add it under secrets"),
        ("secrets: [{target: x}]", "secrets[0]: has no source; name the secret"),
        ("secrets: [{source: jwt, mode: 256}]", "secrets[0].mode: unknown key; known here: source, target"),
        ("depends_on: [agent1]", "depends_on: there is no service agent1; add it under services"),
        (
            "depends_on: {single: {condition: ready}}",
            (
                "depends_on.single.condition: must be one of service_started, "
                "service_healthy, service_completed_successfully, not 'ready'; "
            ),
        ),
        ("depends_on: {single: {restart: true}}", "depends_on.single.restart: unknown key; known here: condition"),
        ("mem_limit: lots", "mem_limit: 'lots' is not a size; "),
        ("mem_limit: {}", "mem_limit: must be a number with its unit, not a mapping; "),
        ("cpus: 0", "cpus: must be a number above 0, not 0; "),
        ("cpus: many", "cpus: must be a number above 0, not 'many'; "),
        ("read_only: 'yes'", "read_only: must be true or false, not 'yes'; "),
        ("ulimits: {nofile: {soft: 1}}", "ulimits.nofile: has no hard limit; write both, or one number for both"),
        ("ulimits: {nofile: x}", "ulimits.nofile: must be a whole number from -1, not 'x'; "),
        ("stop_grace_period: none", "stop_grace_period: must have an end; write a time, like 60s"),
        ("stop_grace_period: soon", "stop_grace_period: 'soon' is not a duration; "),
        ("stop_grace_period: true", "stop_grace_period: must be a number with its unit, not true; "),
        ("healthcheck: {interval: 1s}", "healthcheck: has no test; write test: [CMD, …], or disable: true"),
        (
            "healthcheck: {test: [wget]}",
            "healthcheck.test: must begin with CMD, CMD-SHELL or NONE; or be one string, for a shell",
        ),
        (
            "healthcheck: {test: x, start_interval: 1s}",
            "healthcheck.start_interval: unknown key, did you mean interval?; ",
        ),
    ],
)
def test_what_is_not_supported_is_refused_by_line_and_name(line: str, said: str) -> None:
    told = refused(f"{HEAD}    {line}\n{PLACES}")
    assert len(told) == 1
    place, _, what = told[0].partition(": ")
    assert place.startswith("c.yml:5:")
    assert what.startswith(f"services.single.{said}")


@pytest.mark.parametrize(
    ("changed", "to", "said"),
    [
        (
            "armadillo.managed=true, ",
            "",
            (
                "c.yml:3:5: services.single: carries no label armadillo.managed: "
                "this is no server of ours; label every server as armadillo render does: armadillo.managed, "
                "armadillo.name, armadillo.role, armadillo.index, armadillo.topology-hash, armadillo.schema"
            ),
        ),
        (
            "role=single",
            "role=boss",
            (
                "c.yml:4:13: services.single.labels: armadillo.role 'boss' and armadillo.index '1' "
                "name no server; roles are agent, dbserver, coordinator, single"
            ),
        ),
        (
            "index=1",
            "index=0",
            (
                "c.yml:4:13: services.single.labels: armadillo.role 'single' and armadillo.index '0' "
                "name no server; roles are agent, dbserver, coordinator, single"
            ),
        ),
        (
            "role=single",
            "role=agent",
            ("c.yml:2:3: services.single: is labelled as agent1; call the service agent1, or mend its labels"),
        ),
        (
            "index=1",
            "index=1, armadillo.schema=2",
            ("c.yml:4:13: services.single.labels: armadillo.schema 2 is of another version; render the file again"),
        ),
        (
            "index=1",
            "index=1, armadillo.run-id=x",
            ("c.yml:4:13: services.single.labels: armadillo.run-id is set when the deployment starts; leave it out"),
        ),
        (
            "index=1",
            "index=1, armadillo.scheme=1",
            ("c.yml:4:13: services.single.labels: unknown label armadillo.scheme, did you mean armadillo.schema?; "),
        ),
        (
            "name=mine",
            "name=dbserver1",
            (
                "c.yml:4:13: services.single.labels: armadillo.name 'dbserver1' cannot be the name "
                "of a deployment; call it, say, default"
            ),
        ),
        (
            "    image: arangodb/arangodb:3.12.5\n",
            "",
            ("c.yml:3:5: services.single: has no image; write image: arangodb/arangodb:3.12.5"),
        ),
        (
            "services:",
            "name: other\nservices:",
            ("c.yml:1:7: name: must be armadillo-mine, as the labels say; mend it, or leave it out"),
        ),
        (
            "services:",
            "configs: {}\nservices:",
            "c.yml:1:10: configs: is not supported here; use a secret or a bind mount",
        ),
        ("services:", "srvices: {}\nservices:", "c.yml:1:1: srvices: unknown key, did you mean services?; "),
        (
            "services:",
            "secrets: {a: {external: true}}\nservices:",
            ("c.yml:1:15: secrets.a.external: unknown key; known here: file"),
        ),
        (
            "services:",
            "networks: {a: {ipam: {config: [{subnet: x}]}}}\nservices:",
            (
                "c.yml:1:41: "
                "networks.a.ipam.config[0].subnet: is no network: 'x' does not appear to be an IPv4 or IPv6 network; "
                "write it like 172.30.0.0/26"
            ),
        ),
        (
            "services:",
            "networks: {a: {ipam: {driver: x}}}\nservices:",
            ("c.yml:1:31: networks.a.ipam.driver: must be default, not 'x'; "),
        ),
        (
            "services:",
            "networks: {a: {ipam: {config: [{subnet: 10.0.0.0/24}, {subnet: 10.0.1.0/24}]}}}\nservices:",
            "c.yml:1:31: networks.a.ipam.config: has several subnets; keep one of them",
        ),
    ],
)
def test_what_is_not_ours_is_refused(changed: str, to: str, said: str) -> None:
    told = refused(HEAD.replace(changed, to, 1))
    assert said in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "c.yml:1:1: : there are no services; armadillo render prints a file"),
        ("services: {}", "c.yml:1:11: services: there are no services; armadillo render prints a file"),
        ("[]", "c.yml:1:1: : must be a mapping, not a list; "),
        ("services: x", "c.yml:1:11: services: must be a mapping, not 'x'; "),
        ("services: {single: }", "c.yml:1:20: services.single: has no image; write image: arangodb/arangodb:3.12.5"),
    ],
)
def test_what_is_no_compose_file_is_refused(text: str, said: str) -> None:
    assert said in refused(text)


def test_all_servers_are_of_one_deployment() -> None:
    text = render(preset("small")).replace('armadillo.name: "default"', "armadillo.name: other", 1)
    assert any("armadillo.name is 'default', and elsewhere 'other'" in it for it in refused(text))


def test_a_mistake_in_what_all_share_is_told_once() -> None:
    told = refused(render(preset("small")).replace("  cap_drop:", "  cap_drp:"))
    assert told == ["c.yml:4:3: services.agent1.cap_drp: unknown key, did you mean cap_drop?; "]


def test_every_problem_is_told_at_once_in_the_order_of_the_text() -> None:
    told = refused(f"{HEAD}    cpus: 0\n    restart: always\n    foo: 1\n")
    assert [it.split(":")[1] for it in told] == ["5", "6", "7"]


def test_what_is_read_is_a_value() -> None:
    read: ComposeFile = load_compose(render(preset("ha")))
    assert hash(read) == hash(load_compose(render(preset("ha"))))
