"""The form of a topology file, declared once: the published JSON Schema, and the check that speaks to people.

Knows only form: whether the wish can be met is not asked here.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from armadillo.problems import KeyPath, nearest
from armadillo.topology.check import MOST_SERVERS, NAME
from armadillo.topology.reading import described
from armadillo.yamltext import Problems

API_VERSION: Final = "armadillo/v1"
KIND: Final = "Topology"

_PLAIN: Final = ["string", "number", "boolean"]


def _object(properties: Mapping[str, Any], *, required: Iterable[str] = (), about: str) -> dict[str, Any]:
    needed = {"required": list(required)} if required else {}
    return {
        "type": "object",
        "description": about,
        "properties": dict(properties),
        "additionalProperties": False,
        **needed,
    }


def _word(pattern: str, wanted: str, about: str) -> dict[str, Any]:
    return {"type": "string", "description": about, "pattern": f"^(?:{pattern})$", "patternErrorMessage": wanted}


def _whole(least: int, most: int, about: str) -> dict[str, Any]:
    return {"type": "integer", "description": about, "minimum": least, "maximum": most}


_GIVEN: Final[Mapping[str, Any]] = {
    "image": {"type": "string", "description": "The image, or standin for Armadillo's own small server."},
    "args": {
        "type": "object",
        "description": "Options of arangod; a list gives an option several times.",
        "additionalProperties": {"type": [*_PLAIN, "array"], "items": {"type": _PLAIN}, "minItems": 1},
    },
    "environment": {
        "type": "object",
        "description": "Environment variables of the servers.",
        "additionalProperties": {"type": _PLAIN},
    },
    "memory": {
        "type": ["string", "integer"],
        "description": "The limit of each server's memory.",
        "pattern": r"^[0-9]{1,18}(\.[0-9]{1,9})? ?([kKmMgGtT][iI]?)?[bB]?$",
        "patternErrorMessage": "must be a size, like 512MiB or 2g",
        "minimum": 0,
    },
    "cpus": {"type": "number", "description": "How many processors each server may use.", "exclusiveMinimum": 0},
}

_COUNT: Final = {"count": _whole(1, MOST_SERVERS, "How many servers of this role there are.")}

_OFF_OR_PARTS: Final[Mapping[str, Any]] = {
    **_object(
        {
            "jwt": {"enum": ["generate"], "description": "The secret that servers share."},
            "rootPassword": {"enum": ["generate"], "description": "The password of root."},
        },
        about="Whether servers ask who is there: generate, or off.",
    ),
    "type": ["string", "object"],
    "pattern": "^(?:generate|off)$",
    "patternErrorMessage": "must be generate or off",
}

_VOLUMES: Final[Mapping[str, Any]] = {
    **_object(
        {"keep": {"type": "string", "description": "The beginning of the names of volumes that are never removed."}},
        required=["keep"],
        about="Where data is: deployment (removed with it), tmpfs (lost at every restart), or keep: NAME.",
    ),
    "type": ["string", "object"],
    "pattern": "^(?:deployment|tmpfs)$",
    "patternErrorMessage": "must be deployment, tmpfs, or a mapping with keep",
}

_SPEC: Final[Mapping[str, Any]] = {
    "mode": {
        "enum": ["single", "cluster"],
        "description": "One server, or many; many when a role of a cluster is given.",
    },
    "image": _GIVEN["image"],
    "single": _object(_GIVEN, about="The single server."),
    "agents": _object({**_COUNT, **_GIVEN}, about="The agents, an odd number."),
    "dbservers": _object({**_COUNT, **_GIVEN}, about="The DB-Servers."),
    "coordinators": _object({**_COUNT, **_GIVEN}, about="The coordinators."),
    "overrides": {
        "type": "array",
        "description": "What some servers are given instead; the more exact choice of nodes wins.",
        "items": _object(
            {
                "nodes": {"type": "string", "description": "dbserver:2, dbserver:1,3, dbserver:* or all"},
                **_GIVEN,
            },
            required=["nodes"],
            about="Some servers, and what they are given.",
        ),
    },
    "replicationFactor": _whole(1, 10, "How many copies of a collection there are where it does not say so itself."),
    "auth": _OFF_OR_PARTS,
    "publish": {
        "enum": ["coordinators", "all", "none"],
        "description": "Which servers can be reached on 127.0.0.1; coordinators means the single server, too.",
    },
    "port": _whole(1, 65535, "The port of the first coordinator or the single server; others follow by ten."),
    "subnet": {"type": "string", "description": "The network's addresses, like 172.30.0.0/26."},
    "egress": {"type": "boolean", "description": "Whether servers can reach what is outside of their network."},
    "volumes": _VOLUMES,
    "tls": _word("off", "must be off: servers speak plain HTTP", "Only off: servers speak plain HTTP."),
}

_SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Armadillo topology",
    **_object(
        {
            "apiVersion": {"const": API_VERSION, "description": "The version of this form."},
            "kind": {"const": KIND, "description": "What this file describes."},
            "metadata": _object(
                {"name": _word(NAME, "must be lower-case letters, digits, _ and -", "The deployment's name.")},
                about="What the deployment is called.",
            ),
            "spec": _object(_SPEC, about="What is wished for."),
        },
        required=["apiVersion", "kind", "spec"],
        about="Which servers a deployment has, and what each of them is given.",
    ),
}


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the topology file."""
    return copy.deepcopy(dict(_SCHEMA))


def check(problems: Problems, value: Any) -> Iterator[tuple[KeyPath, KeyPath | None]]:
    """Note where a file has another form; yield the path that is wrong, and the one that was probably meant."""
    return _check(problems, (), value, _SCHEMA)


def _check(
    problems: Problems, path: KeyPath, value: Any, form: Mapping[str, Any]
) -> Iterator[tuple[KeyPath, KeyPath | None]]:
    if message := _wrong(value, form):
        problems.add(path, message)
        yield path, path
    elif isinstance(value, dict):
        yield from _check_mapping(problems, path, value, form)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _check(problems, (*path, number), item, form["items"])


def _check_mapping(
    problems: Problems, path: KeyPath, value: Mapping[str, Any], form: Mapping[str, Any]
) -> Iterator[tuple[KeyPath, KeyPath | None]]:
    known: Mapping[str, Any] = form.get("properties", {})
    for key, part in value.items():
        at = (*path, key)
        if key in known:
            yield from _check(problems, at, part, known[key])
        elif form["additionalProperties"] is False:
            meant = problems.unknown_key(at, known)
            yield at, (*path, meant) if meant else None
        else:
            yield from _check(problems, at, part, form["additionalProperties"])
    for key in form.get("required", ()):
        if key not in value:
            problems.add(path, f"has no {key}", hint=f"write {key}: {known[key].get('const', '…')}")
            yield (*path, key), (*path, key)


_KINDS: Final[Mapping[str, str]] = {
    "object": "a mapping",
    "array": "a list",
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def _wrong(value: Any, form: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a value by itself, without looking inside of it."""
    kinds = [form["type"]] if isinstance(form.get("type"), str) else form.get("type", ())
    if kinds and not any(_is(value, kind) for kind in kinds):
        return f"must be {' or '.join(_KINDS[kind] for kind in kinds)}, not {described(value)}"
    allowed = [form["const"]] if "const" in form else form.get("enum", [value])
    if value not in allowed:
        meant = nearest(value, allowed) if isinstance(value, str) and len(allowed) > 1 else None
        one = "one of " if len(allowed) > 1 else ""
        guess = f"; did you mean {meant}?" if meant else ""
        return f"must be {one}{', '.join(allowed)}, not {described(value)}{guess}"
    if isinstance(value, str) and not re.search(form.get("pattern", ""), value):
        return f"{form['patternErrorMessage']}, not {value!r}"
    if isinstance(value, list) and len(value) < form.get("minItems", 0):
        return "must not be empty"
    return _outside(value, form) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _outside(value: float, form: Mapping[str, Any]) -> str | None:
    if "minimum" in form and value < form["minimum"]:
        return f"must be at least {form['minimum']}, not {value}"
    if "maximum" in form and value > form["maximum"]:
        return f"must be at most {form['maximum']}, not {value}"
    if "exclusiveMinimum" in form and value <= form["exclusiveMinimum"]:
        return f"must be more than {form['exclusiveMinimum']}, not {value}"
    return None


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, float):
        return kind == "number" or (kind == "integer" and value.is_integer())
    types: Mapping[str, tuple[type, ...]] = {
        "object": (dict,),
        "array": (list,),
        "string": (str,),
        "integer": (int,),
        "number": (int,),
    }
    return isinstance(value, types.get(kind, ()))
