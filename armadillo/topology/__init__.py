"""Topologies: the wish, the Compose text it becomes, and that text read back.

Knows no engine: everything here is text and values.
"""

from armadillo.topology.check import Problem, ensure, problems
from armadillo.topology.compose import load as load_compose
from armadillo.topology.composefile import ComposeFile
from armadillo.topology.form import schema
from armadillo.topology.model import Mode, Override, Publish, Role, Servers, Topology, Tree, pairs
from armadillo.topology.parse import TopologyFile, load_topology
from armadillo.topology.presets import PRESETS, preset
from armadillo.topology.render import notes, render, secret_files

__all__ = [
    "PRESETS",
    "ComposeFile",
    "Mode",
    "Override",
    "Problem",
    "Publish",
    "Role",
    "Servers",
    "Topology",
    "TopologyFile",
    "Tree",
    "ensure",
    "load_compose",
    "load_topology",
    "notes",
    "pairs",
    "preset",
    "problems",
    "render",
    "schema",
    "secret_files",
]
