"""Topologies to test with: a table of named ones, and a strategy for any that is possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from armadillo.topology import PRESETS, Mode, Override, Publish, Servers, Topology, Tree, pairs

NAMED: Mapping[str, Topology] = {
    **PRESETS,
    "no-auth": Topology(auth=False),
    "no-auth-cluster": replace(PRESETS["small"], auth=False),
    "overrides": Topology(
        mode=Mode.CLUSTER,
        image="arangodb/enterprise:3.12.5",
        dbservers=Servers(3, memory=1 << 30, arguments=pairs({"--log.level": ["info", "replication2=debug"]})),
        overrides=(
            Override("dbserver:2", image="arangodb/enterprise:3.12.4", cpus=1.5),
            Override("dbserver:*", arguments=pairs({"log.level": "warning"})),
            Override("all", environment=pairs({"ARANGO_LICENSE_KEY": "a$b: #c"})),
        ),
        replication_factor=2,
    ),
    "ports": replace(PRESETS["ha"], port=8529, publish=Publish.ALL, subnet="172.30.0.0/26"),
    "isolated": replace(PRESETS["small"], egress=False, publish=Publish.NONE, tmpfs=True),
    "kept": Topology(keep="mine"),
    "standin": replace(PRESETS["small"], image="standin"),
    "bin-dir": Topology(tree=Tree("/opt/a b/usr/sbin/arangod", share="/opt/a b/usr/share/arangodb3")),
}

# What no program can be given is left out; everything else must survive.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30) | st.sampled_from(
    [
        "",
        "no",
        "017",
        "1:30",
        "$HOME ${X:-y} $$",
        "a: b # c",
        "'\"\\",
        "\n\t ",
        "<<",
        "---",
        "é😀",
        "{a: [b]}",
        "x\x85\u2028y",
    ]
)
ARGUMENTS = st.lists(st.tuples(st.sampled_from(["log.level", "rocksdb.x-y", "query.z"]), TEXTS), max_size=3).map(tuple)
ENVIRONMENTS = st.dictionaries(st.from_regex(r"X[A-Z0-9_]{0,5}", fullmatch=True), TEXTS, max_size=3).map(pairs)
GIVEN: Mapping[str, st.SearchStrategy[Any]] = {
    "image": st.sampled_from([None, "standin", "arangodb/enterprise:3.12.4", "localhost:5000/a/b@sha256:" + "0" * 64]),
    "arguments": ARGUMENTS,
    "environment": ENVIRONMENTS,
    "memory": st.none() | st.integers(64 << 20, 1 << 40),
    "cpus": st.none() | st.floats(0.01, 64),
}


def servers(most: int) -> st.SearchStrategy[Servers]:
    """Return up to so many servers of a role, and whatever they are given."""
    return st.builds(Servers, st.integers(1, most), **GIVEN)


def _overridden(topology: Topology) -> st.SearchStrategy[Topology]:
    choices = [
        "all",
        *(f"{role}:*" for role in topology.roles()),
        *(f"{role}:{number}" for role, number in topology.nodes()),
    ]
    chosen = st.lists(st.sampled_from(choices), max_size=3, unique=True)
    return chosen.flatmap(
        lambda nodes: st.tuples(
            *(st.builds(Override, st.just(it), **{**GIVEN, "memory": st.just(1 << 30)}) for it in nodes)
        )
    ).map(lambda overrides: replace(topology, overrides=overrides))


TREES = st.none() | st.builds(Tree, TEXTS.map("/opt/{}".format), st.sampled_from([None, "/a:b"]), st.just(None))
SHARED: Mapping[str, st.SearchStrategy[Any]] = {
    "image": GIVEN["image"],
    "auth": st.booleans(),
    "publish": st.sampled_from([Publish.COORDINATORS, Publish.ALL]),
    "port": st.none() | st.integers(1, 65000),
    "subnet": st.sampled_from([None, "172.30.0.0/24"]),
    "egress": st.booleans(),
    "tree": TREES,
}

POSSIBLE = st.one_of(
    st.builds(Topology, single=st.builds(Servers, st.just(1), **GIVEN), **SHARED),
    st.builds(
        Topology,
        mode=st.just(Mode.CLUSTER),
        agents=servers(2).map(lambda agents: replace(agents, count=agents.count * 2 - 1)),
        dbservers=servers(4),
        coordinators=servers(3),
        replication_factor=st.sampled_from([None, 1]),
        **SHARED,
    ),
    st.builds(Topology, single=st.builds(Servers, st.just(1), **GIVEN), tmpfs=st.just(True)),
    st.builds(Topology, keep=st.sampled_from(["mine", "X.y_z-1"])),
).flatmap(_overridden)
