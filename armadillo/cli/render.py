"""`armadillo render`: a topology as Compose text. Starts nothing and asks no engine."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from armadillo.cli.output import Output
from armadillo.cli.wishes import Wish, Wished, wished
from armadillo.crypto import CryptoService
from armadillo.errors import ConfigurationError, ConflictError, EnvironmentUnusable
from armadillo.files import atomic_write
from armadillo.labels import project

COMPOSE = "compose.yml"
SECRET_LENGTH = 48


def render(
    out: Output,
    wish: Wish,
    out_dir: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Write compose.yml, .env and the secret files there.", show_default=False
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a compose.yml or .env that differs.")] = False,
) -> None:
    """Print a topology as Compose text; nothing is started.

    armadillo render --cluster > compose.yml
    """
    made = wished(wish, out.config)
    if out_dir is None:
        out.result("render", lambda: described(made), made.text)
        for note in made.notes:
            out.say(note)
        return
    with writing_to(out_dir):
        written = [str(path) for path in write_all(made, out_dir, force=force)]
    # The secrets are there now, and the command to start it names another place.
    notes = [note for note in made.notes if made.topology is None or not note.startswith(("it reads", "start it"))]
    start = f"start it: docker compose -f {shlex.quote(str(out_dir / COMPOSE))} up -d --wait"
    out.result(
        "render",
        lambda: {**described(made), "notes": [start, *notes], "files": written},
        "".join(f"{path}\n" for path in written),
    )
    for note in (start, *notes):
        out.say(note)


def described(made: Wished) -> dict[str, Any]:
    """Return what was rendered, for programs."""
    file = made.file
    return {
        "name": made.name,
        "topology_hash": file.hash,
        "services": [service.name for service in file.services],
        "compose": made.text,
        "secrets": list(made.secrets),
        "notes": list(made.notes),
    }


def write_all(made: Wished, folder: Path, *, force: bool) -> list[Path]:
    """Write the text and what belongs to it; secrets that are there stay as they are."""
    texts = {folder / COMPOSE: made.text, folder / ".env": f"COMPOSE_PROJECT_NAME={project(made.name)}\n"}
    for path, text in texts.items():
        if path.exists() and not force and path.read_text(errors="replace") != text:
            raise ConflictError(f"{path} exists and is another text", hint="give --force, or another folder")
    # Whose own file it is knows what its secrets are; only ours are random words.
    secrets = [folder / secret for secret in made.secrets] if made.topology is not None else []
    for path in secrets:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            atomic_write(path, CryptoService().random_id(SECRET_LENGTH), secret=True)
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        atomic_write(path, text)
    return [*texts, *secrets]


@contextlib.contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Tell what is wrong with a folder."""
    try:
        yield
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as exc:
        raise ConfigurationError(f"{exc.filename}: {exc.strerror}", hint="name a directory: --out DIR") from exc
    except OSError as exc:
        hint = "name a directory that can be written: --out DIR"
        raise EnvironmentUnusable(f"{exc.filename or folder}: {exc.strerror}", hint=hint) from exc
