"""Topology files: what they mean, and what is told about those that mean nothing."""

from __future__ import annotations

import pytest

from armadillo.errors import ConfigurationError
from armadillo.topology import Mode, Override, Publish, Servers, Topology, load_topology, pairs, preset

HEAD = "apiVersion: armadillo/v1\nkind: Topology\n"
FULL = """\
apiVersion: armadillo/v1
kind: Topology
metadata: {name: ha}
spec:
  image: arangodb/enterprise:3.12.5
  mode: cluster
  agents: {count: 3, memory: 512MiB}
  dbservers:
    count: 3
    memory: 1GiB
    cpus: 1.5
    args: {"--log.level": [info, replication2=debug], query.memory-limit: 1000, foxx.api: false}
    environment: {A: 1, B: true, C: no}
  coordinators: {count: 2.0, memory: 536870912}
  overrides:
    - nodes: "dbserver:2"          # role:index[,index] | role:* | all
      image: arangodb/enterprise:3.12.4
  replicationFactor: 2
  auth: {jwt: generate, rootPassword: generate}
  publish: all
  port: 8529
  subnet: 172.30.0.0/26
  egress: false
  volumes: {keep: mine}
  tls: off
"""


def spec(text: str) -> Topology:
    return load_topology(f"{HEAD}spec:{text}").topology


def refused(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as told:
        load_topology(text, "t.yml")
    problems = told.value.details["problems"]
    return [f"{it['place']}: {it['path']}: {it['message']}; {it['hint']}" for it in problems]


def test_everything_that_can_be_said_is_understood() -> None:
    topology, name = load_topology(FULL)
    assert name == "ha"
    assert topology == Topology(
        mode=Mode.CLUSTER,
        image="arangodb/enterprise:3.12.5",
        agents=Servers(3, memory=512 << 20),
        dbservers=Servers(
            3,
            memory=1 << 30,
            cpus=1.5,
            arguments=pairs(
                {"log.level": ["info", "replication2=debug"], "query.memory-limit": "1000", "foxx.api": "false"}
            ),
            environment=pairs({"A": "1", "B": "true", "C": "no"}),
        ),
        coordinators=Servers(2, memory=512 << 20),
        overrides=(Override("dbserver:2", image="arangodb/enterprise:3.12.4"),),
        replication_factor=2,
        publish=Publish.ALL,
        port=8529,
        subnet="172.30.0.0/26",
        egress=False,
        keep="mine",
    )


@pytest.mark.parametrize(
    ("text", "topology"),
    [
        (" {}", Topology()),
        (" {mode: single}", Topology()),
        (" {mode: cluster}", preset("cluster")),
        (" {agents: {count: 1}, dbservers: {count: 2}}", preset("small")),
        (" {coordinators: {count: 2}}", preset("ha")),
        (" {dbservers: {}}", preset("cluster")),
        (" {single: {cpus: 2}}", Topology(single=Servers(cpus=2.0))),
        (" {auth: off}", Topology(auth=False)),
        (" {auth: generate}", Topology()),
        (" {volumes: tmpfs}", Topology(tmpfs=True)),
        (" {volumes: deployment}", Topology()),
        (" {publish: none}", Topology(publish=Publish.NONE)),
        (" {image: standin}", Topology(image="standin")),
    ],
)
def test_what_is_left_out_is_as_in_the_presets(text: str, topology: Topology) -> None:
    assert spec(text) == topology


def test_a_file_need_not_name_the_deployment() -> None:
    assert load_topology(f"{HEAD}spec: {{}}").name is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dbservers: {cuont: 3}", "4:15: spec.dbservers.cuont: unknown key, did you mean count?; "),
        ("replication_factor: 2", "4:3: spec.replication_factor: unknown key, did you mean replicationFactor?; "),
        (
            "single: {count: 1}",
            "4:12: spec.single.count: unknown key; known here: image, args, environment, memory, cpus",
        ),
        ("agents: {count: two}", "4:19: spec.agents.count: must be a whole number, not 'two'; "),
        ("agents: {count: true}", "4:19: spec.agents.count: must be a whole number, not true; "),
        ("agents: {count: 2.5}", "4:19: spec.agents.count: must be a whole number, not 2.5; "),
        ("agents: {count: 0}", "4:19: spec.agents.count: must be at least 1, not 0; "),
        ("agents: {count: 1001}", "4:19: spec.agents.count: must be at most 1000, not 1001; "),
        ("agents: 3", "4:11: spec.agents: must be a mapping, not 3; "),
        ("agents:", "4:10: spec.agents: must be a mapping, not empty; "),
        ("agents: {cpus: 0}", "4:18: spec.agents.cpus: must be more than 0, not 0; "),
        ("agents: {memory: lots}", "4:20: spec.agents.memory: must be a size, like 512MiB or 2g, not 'lots'; "),
        ("agents: {args: {a.b: []}}", '4:24: spec.agents.args["a.b"]: must not be empty; '),
        (
            "agents: {args: {a.b: }}",
            '4:24: spec.agents.args["a.b"]: must be a string or a number or true or false or a list, not empty; ',
        ),
        ("mode: clster", "4:9: spec.mode: must be one of single, cluster, not 'clster'; did you mean cluster?; "),
        ("mode: 5", "4:9: spec.mode: must be one of single, cluster, not 5; "),
        ("overrides: [{image: a}]", "4:15: spec.overrides[0]: has no nodes; write nodes: …"),
        ("overrides: {nodes: all}", "4:14: spec.overrides: must be a list, not a mapping; "),
        ("overrides: [x]", "4:15: spec.overrides[0]: must be a mapping, not 'x'; "),
        ("auth: yes", "4:9: spec.auth: must be generate or off, not 'yes'; "),
        ("auth: {jwt: secret}", "4:15: spec.auth.jwt: must be generate, not 'secret'; "),
        ("volumes: {}", "4:12: spec.volumes: has no keep; write keep: …"),
        ("volumes: disk", "4:12: spec.volumes: must be deployment, tmpfs, or a mapping with keep, not 'disk'; "),
        ("tls: generate", "4:8: spec.tls: must be off: servers speak plain HTTP, not 'generate'; "),
        ("egress: no", "4:11: spec.egress: must be true or false, not 'no'; "),
        ("image: 3.12", "4:10: spec.image: must be a string, not 3.12; "),
    ],
)
def test_another_form_is_told_with_place_and_what_was_meant(text: str, said: str) -> None:
    assert refused(f"{HEAD}spec:\n  {text}\n") == [f"t.yml:{said}"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "agents: {count: 2}",
            (
                "4:19: spec.agents.count: 2 agents survive no more losses than 1, and ArangoDB refuses them; "
                "use an odd number: 1 or 3"
            ),
        ),
        (
            "agents: {args: {--server.endpoint: x}}",
            '4:38: spec.agents.args["--server.endpoint"]: is set by Armadillo; choose the port and what is published',
        ),
        (
            "agents: {args: {server.endpoint: x}}",
            '4:36: spec.agents.args["server.endpoint"]: is set by Armadillo; choose the port and what is published',
        ),
        (
            "overrides: [{nodes: single2, cpus: 1}]",
            "4:23: spec.overrides[0].nodes: 'single2' chooses no servers; write single:2",
        ),
        (
            "replicationFactor: 2",
            (
                "4:22: spec.replicationFactor: a single server keeps one copy of everything; "
                "choose mode cluster, or leave it out"
            ),
        ),
    ],
)
def test_an_impossible_wish_is_told_with_its_place(text: str, said: str) -> None:
    assert refused(f"{HEAD}spec:\n  {text}\n") == [f"t.yml:{said}"]


def test_a_bad_name_is_told_with_its_place() -> None:
    assert refused(f"{HEAD}metadata: {{name: dbserver1}}\nspec: {{}}\n") == [
        "t.yml:3:18: metadata.name: 'dbserver1' always names a server, never a deployment; call it my-dbserver1"
    ]
    assert refused(f"{HEAD}metadata: {{name: A}}\nspec: {{}}\n") == [
        "t.yml:3:18: metadata.name: must be lower-case letters, digits, _ and -, not 'A'; "
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["t.yml:1:1: : must be a mapping, not empty; "]),
        ("[]", ["t.yml:1:1: : must be a mapping, not a list; "]),
        (
            "kind: topology",
            [
                "t.yml:1:1: : has no apiVersion; write apiVersion: armadillo/v1",
                "t.yml:1:1: : has no spec; write spec: …",
                "t.yml:1:7: kind: must be Topology, not 'topology'; ",
            ],
        ),
    ],
)
def test_what_is_no_topology_file_is_refused(text: str, said: list[str]) -> None:
    assert refused(text) == said


def test_form_and_wish_are_told_together() -> None:
    told = refused(
        f"{HEAD}spec:\n  imagee: x\n  agents: {{count: 2, memory: lots}}\n"
        "  overrides: [{nodes: dbserver7, cpus: 1}]\n"
    )
    assert [it.split(": ")[1] for it in told] == [
        "spec.imagee",
        "spec.agents.count",
        "spec.agents.memory",
        "spec.overrides[0].nodes",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{dbservers: {cuont: 5}, replicationFactor: 4}",
        "{dbservers: {count: five}, replicationFactor: 4}",
        "{agnets: {count: 3}, replicationFactor: 2}",
        "{mode: clster, replicationFactor: 2}",
        "{agents: {count: 3}, overrides: [{nodes: all, memroy: 1g}]}",
        "{agents: {count: 3}, overrides: [x, {nodes: all, memory: 1g}]}",
    ],
)
def test_nothing_is_guessed_about_what_could_not_be_read(text: str) -> None:
    assert len(refused(f"{HEAD}spec: {text}\n")) == 1
