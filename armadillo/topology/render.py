"""A topology as Compose text, through the templates in compose-templates/ or a user's own.

Knows no engine: nothing that only a start can tell is in the text.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from armadillo import assets
from armadillo.errors import ConfigurationError
from armadillo.topology.check import ensure
from armadillo.topology.fingerprint import topology_hash
from armadillo.topology.model import Mode, Topology
from armadillo.topology.plan import secrets, servers
from armadillo.units import format_size
from armadillo.yamltext import scalar

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

KIND: Final = "compose-templates"
_SECRETS: Final = "secrets"
_SUFFIX: Final = ".yml.j2"


def render(topology: Topology, name: str = "default", *, templates: PurePath | None = None) -> str:
    """Return the Compose text of a topology; a template in the given folder replaces ours of the same name."""
    ensure(topology, name)
    # Stands where the hash will, and nowhere else: nobody can write the hash of what it stands in.
    token = hashlib.sha256(repr((name, topology)).encode()).hexdigest()
    text = _filled(topology, name, token, templates)
    return text.replace(token, topology_hash(text, name))


def secret_files(topology: Topology) -> tuple[str, ...]:
    """Return the files the text refers to, relative to its own place."""
    return tuple(f"{_SECRETS}/{secret}" for secret in secrets(topology))


def notes(topology: Topology, name: str = "default") -> tuple[str, ...]:
    """Return what a person has to know who starts the text with Compose alone, with the commands to paste."""
    ensure(topology, name)
    return tuple(_notes(topology, name))


def _notes(topology: Topology, name: str) -> Iterator[str]:
    if files := secret_files(topology):
        make = "; ".join(f"head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \\n' > {file}" for file in files)
        yield f"it reads {' and '.join(files)} beside it; make them: (umask 077; mkdir -p {_SECRETS}; {make})"
    kept = [volume.external for server in servers(topology) for volume in server.volumes if volume.external]
    if kept:
        yield "it keeps its data in volumes that must exist; make them: " + "; ".join(
            f"docker volume create {volume}" for volume in kept
        )
    yield f"start it: docker compose -p armadillo-{name} -f compose.yml up -d --wait"
    if topology.auth and topology.mode is Mode.CLUSTER:
        yield "started so, root has an empty password; `armadillo up` sets one before the cluster is ready"
    if not topology.auth:
        yield "authentication is off: whoever reaches a server may do everything"


def _filled(topology: Topology, name: str, token: str, templates: PurePath | None) -> str:
    import jinja2

    context: dict[str, Any] = {
        "name": name,
        "hash": token,
        "topology": topology,
        "servers": servers(topology),
        "secrets": secrets(topology),
    }
    try:
        return _environment(templates).get_template(f"{topology.mode}{_SUFFIX}").render(context)
    except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as exc:
        raise ConfigurationError(f"{_template_place(exc)}: {exc}", hint="mend the template") from exc


def _template_place(exc: Exception) -> str:
    """Return the template and line an error comes from."""
    import jinja2

    if isinstance(exc, jinja2.TemplateSyntaxError):
        return f"{exc.filename or exc.name}:{exc.lineno}"
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(exc.__traceback__)]
    inside = [f"{file}:{line}" for file, line in frames if file.endswith(_SUFFIX)]
    return inside[-1] if inside else "the templates"


def _environment(templates: PurePath | None) -> SandboxedEnvironment:
    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(
        loader=jinja2.FileSystemLoader([*([templates] if templates else []), assets.folder(KIND)]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(q=quoted, size=format_size)
    return environment


def quoted(value: object) -> str:
    """Write a value as a YAML string that Compose, too, reads back as it is."""
    return scalar(str(value).replace("$", "$$"))
