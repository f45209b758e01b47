"""`armadillo config`: the settings with their sources, a file to start from, the schemas. Changes no setting."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from armadillo import config as settings
from armadillo.cli.globals import Form
from armadillo.cli.output import Output, document, table, write
from armadillo.errors import ConflictError


class Described(enum.StrEnum):
    """The files whose schema can be printed."""

    CONFIG = "config"
    TOPOLOGY = "topology"


def show(out: Output) -> None:
    """Print each setting with its value and where it comes from."""
    rows = settings.rows(out.config)
    shown = table(("SETTING", "VALUE", "SOURCE"), [[cell or "-" for cell in row.values()] for row in rows])
    out.result("config", {"settings": rows}, shown)


def init(
    out: Output,
    out_file: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it; - is stdout.")] = Path(
        "armadillo.yaml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that exists.")] = False,
) -> None:
    """Write a commented armadillo.yaml to start from."""
    from armadillo.files import atomic_write

    text = settings.init_text()
    if str(out_file) == "-":
        write(text)
        return
    if out_file.exists() and not force:
        raise ConflictError(f"{out_file} exists", hint="give --force to overwrite it, or --out FILE for another place")
    atomic_write(out_file, text)
    out.result("config-init", {"path": str(out_file)}, f"wrote {out_file}")


def schema(
    out: Output,
    file: Annotated[Described, typer.Argument(help="Which file the schema is of.")] = Described.CONFIG,
) -> None:
    """Print the JSON Schema of a file that Armadillo reads."""
    if file is Described.CONFIG:
        described = settings.config_schema()
    else:
        from armadillo import topology

        described = topology.schema()
    write(document(Form.JSON if out.form is Form.TEXT else out.form, described))
