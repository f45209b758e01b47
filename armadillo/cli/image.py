"""`armadillo image`: the images servers are started from. Starts none."""

from __future__ import annotations

from typing import Annotated

import typer

from armadillo import __version__
from armadillo.assets import ARANGODB_IMAGE
from armadillo.cli.lab import Engine, cache_folder
from armadillo.cli.output import Output, table
from armadillo.cli.progress import Progress
from armadillo.clock import rfc3339
from armadillo.engine import images, standin


def build(
    out: Output,
    engine: Engine,
    progress: Progress,
    base: Annotated[
        str | None,
        typer.Option(
            "--base", metavar="IMAGE", help="Build on an image with Python 3.11 or newer.", show_default=False
        ),
    ] = None,
) -> None:
    """Build the stand-in, a small server for tests that needs no registry."""
    with engine.opened() as connection, progress.shown(out) as told:
        built = standin.build_standin(connection, version=__version__, base=base, cache=cache_folder(), told=told)
    data = {
        "tag": built.tag,
        "id": built.id,
        "seconds": round(built.seconds, 3),
        "built": built.built,
        "size": built.size,
    }
    how = f"built in {built.seconds:.1f} s" if built.built else "is there already"
    out.result("image-build", data, f"{built.tag} {how}, {built.size / 1e6:.0f} MB")


def ls(out: Output, engine: Engine) -> None:
    """List the images of ArangoDB and of the stand-in."""
    with engine.opened() as connection:
        found = images.listed(connection)
    rows = [
        {
            "reference": one.reference,
            "id": one.id,
            "size": one.size,
            "created": rfc3339(one.created) if one.created else None,
            "standin": one.standin,
            "containers": one.containers,
        }
        for one in found
    ]
    cells = [
        (r["reference"], f"{one.size / 1e6:.0f} MB", "yes" if one.standin else "no", one.containers)
        for r, one in zip(rows, found, strict=True)
    ]
    text = (
        table(("IMAGE", "SIZE", "STAND-IN", "CONTAINERS"), cells)
        if rows
        else "no images; armadillo image build makes the stand-in\n"
    )
    out.result("images", {"images": rows}, text)


def pull(
    out: Output,
    engine: Engine,
    progress: Progress,
    reference: Annotated[str, typer.Argument(metavar="IMAGE", help="The image.")] = ARANGODB_IMAGE,
) -> None:
    """Get an image from its registry."""
    with engine.opened() as connection, progress.shown(out) as told:
        got = images.pull(connection, reference, told)
    data = {"reference": got.reference, "id": got.id, "digest": got.digest, "version": got.version}
    out.result("image-pull", data, f"{got.reference} {got.digest or got.id}")
