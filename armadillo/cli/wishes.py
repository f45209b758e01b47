"""The words that wish for a topology, the same for every command that takes them. Starts and prints nothing."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from armadillo import topology as topologies
from armadillo import yamltext
from armadillo.config import ArmadilloConfig
from armadillo.errors import ConfigurationError, EnvironmentUnusable, NotFoundError
from armadillo.topology import ComposeFile, Publish, Topology

OF_CLUSTERS = ("--cluster", "--agents", "--dbservers", "--coordinators", "--replication-factor")


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """What kind of deployment is wanted."""

    topology: Annotated[
        str | None,
        typer.Argument(
            metavar="TOPOLOGY",
            help="A preset (single, cluster, small, ha), a file (it has / or .), or - for stdin.",
            show_default=False,
        ),
    ] = None
    cluster: Annotated[
        bool, typer.Option("--cluster", help="A cluster: 3 agents, 3 dbservers, 1 coordinator.", show_default=False)
    ] = False
    agents: Annotated[
        int | None, typer.Option("--agents", metavar="N", help="How many agents; odd.", show_default=False)
    ] = None
    dbservers: Annotated[
        int | None, typer.Option("--dbservers", metavar="N", help="How many dbservers.", show_default=False)
    ] = None
    coordinators: Annotated[
        int | None, typer.Option("--coordinators", metavar="N", help="How many coordinators.", show_default=False)
    ] = None
    replication_factor: Annotated[
        int | None,
        typer.Option("--replication-factor", metavar="N", help="Copies of a new collection.", show_default=False),
    ] = None
    name: Annotated[
        str | None, typer.Option("--name", "-n", metavar="NAME", help="The deployment's name.", show_default=False)
    ] = None
    image: Annotated[
        str | None, typer.Option("--image", metavar="IMAGE", help="The image, or `standin`.", show_default=False)
    ] = None
    bin_dir: Annotated[
        Path | None,
        typer.Option(
            "--bin-dir", metavar="DIR", help="Run the arangod of this build or install tree.", show_default=False
        ),
    ] = None
    templates: Annotated[
        Path | None, typer.Option("--templates", metavar="DIR", help="Own Jinja2 templates.", show_default=False)
    ] = None
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="P", help="Host port of the single or first coordinator.", show_default=False),
    ] = None
    publish: Annotated[
        Publish | None, typer.Option("--publish", help="Which servers get a host port.", show_default=False)
    ] = None
    no_auth: Annotated[bool, typer.Option("--no-auth", help="No passwords and no tokens.", show_default=False)] = False
    no_egress: Annotated[
        bool, typer.Option("--no-egress", help="Let nothing out of the network.", show_default=False)
    ] = False


@dataclasses.dataclass(frozen=True, slots=True)
class Wished:
    """What the words came to: a name, a Compose text, and the topology or the Compose file behind it."""

    name: str
    text: str
    topology: Topology | None = None
    given: ComposeFile | None = None

    @property
    def file(self) -> ComposeFile:
        """What the text says."""
        return self.given or topologies.load_compose(self.text, "compose.yml")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret files the text refers to, relative to it."""
        if self.topology is not None:
            return topologies.secret_files(self.topology)
        return tuple(secret.file.removeprefix("./") for secret in self.file.secrets)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person has to know before they use the text by hand."""
        if self.topology is not None:
            return topologies.notes(self.topology, self.name)
        return (f"it reads {' and '.join(self.secrets)} beside it",) if self.secrets else ()


def wished(wish: Wish, config: ArmadilloConfig) -> Wished:
    """Turn the words into a Compose text, or say everything that is wrong with them."""
    templates = own_templates(wish, config)
    kept = None
    if wish.topology is not None and is_file(wish.topology):
        text, source = read(wish.topology)
        if is_compose(text, source):
            return of_compose(text, source, wish)
        file = topologies.load_topology(text, source)
        topology, kept = file.topology, file.name
    else:
        word = ("cluster" if wish.cluster else "single") if wish.topology is None else wish.topology
        topology = topologies.preset(word)
    counts = [word for word in beside(wish) if word in OF_CLUSTERS]
    if counts and wish.topology is not None and topology.mode is not topologies.Mode.CLUSTER:
        raise ConfigurationError(
            f"{', '.join(counts)}, but {wish.topology} is a single server",
            hint=f"leave {', '.join(counts)} out, or name another topology",
        )
    topology = adjusted(topology, wish, config)
    name = named(wish, config, kept)
    return Wished(name, topologies.render(topology, name, templates=templates), topology)


def named(wish: Wish, config: ArmadilloConfig, kept: str | None) -> str:
    """Return the deployment's name: said, configured, written in the topology file, or the default one."""
    if wish.name is not None:
        return wish.name
    return config.name if config.source("name") != "default" else kept or config.name


def own_templates(wish: Wish, config: ArmadilloConfig) -> Path | None:
    """Return the directory of the user's own templates."""
    folder = wish.templates or config.templates
    if folder is not None and not folder.is_dir():
        hint = "copy those of compose-templates/ there, or leave it out"
        raise NotFoundError(f"the templates {folder} are no directory", hint=hint)
    return folder


def adjusted(topology: Topology, wish: Wish, config: ArmadilloConfig) -> Topology:
    """Return a topology with what was said beside it."""
    topology = topology.with_counts(
        agents=wish.agents,
        dbservers=wish.dbservers,
        coordinators=wish.coordinators,
        replication_factor=wish.replication_factor,
    )
    said: dict[str, Any] = {"port": wish.port, "publish": wish.publish, "image": wish.image}
    changes = {key: value for key, value in said.items() if value is not None}
    if topology.image is None and config.image:
        changes.setdefault("image", config.image)
    if wish.bin_dir is not None:
        from armadillo.engine.tree import located

        changes["tree"] = located(wish.bin_dir)
    if wish.no_auth:
        changes["auth"] = False
    if wish.no_egress:
        changes["egress"] = False
    return dataclasses.replace(topology, **changes)


def of_compose(text: str, source: str, wish: Wish) -> Wished:
    """Take a Compose text as it is: it is the truth, so words beside it have no place."""
    extra = sorted(beside(wish))
    if extra:
        raise ConfigurationError(
            f"{source} is a Compose file, which is taken as it is; {', '.join(extra)} cannot change it",
            hint="change the file, or give a topology file",
        )
    file = topologies.load_compose(text, source)
    return Wished(file.name, text, given=file)


def beside(wish: Wish) -> Iterator[str]:
    """Yield the options that were said beside the topology."""
    for field in dataclasses.fields(Wish):
        said = getattr(wish, field.name)
        if field.name != "topology" and said is not None and said is not False:
            yield "--" + field.name.replace("_", "-")


def is_compose(text: str, source: str) -> bool:
    """Say whether a text is a Compose file: a topology file has no services."""
    value = yamltext.load(text, source).value
    return isinstance(value, dict) and "services" in value


def is_file(word: str) -> bool:
    """Say whether a word is a path and not a preset: it has / or ., or is - for stdin."""
    return word == "-" or "/" in word or "." in word


def read(word: str) -> tuple[str, str]:
    """Return a file's text and what to call it."""
    source = "stdin" if word == "-" else word
    try:
        raw = sys.stdin.buffer.read() if word == "-" else Path(word).read_bytes()
        return raw.decode("utf-8-sig"), source
    except FileNotFoundError as exc:
        raise NotFoundError(f"{source}: no such file", hint="a preset has neither / nor . in its name") from exc
    except UnicodeDecodeError as exc:
        raise ConfigurationError(f"{source}: byte {exc.start} is not UTF-8") from exc
    except IsADirectoryError as exc:
        raise ConfigurationError(f"{source} is a directory", hint="name the file in it") from exc
    except OSError as exc:
        raise EnvironmentUnusable(f"{source} cannot be read: {exc.strerror}") from exc
