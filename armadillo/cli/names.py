"""Which deployment a command means, and where this user's copies of its files are. Asks no engine."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Annotated

import typer

from armadillo.config import ArmadilloConfig, below
from armadillo.errors import ConfigurationError


@dataclasses.dataclass(frozen=True, slots=True)
class Named:
    """A deployment by its name, as an argument or as an option."""

    word: Annotated[str | None, typer.Argument(metavar="NAME", help="The deployment's name.", show_default=False)] = (
        None
    )
    name: Annotated[
        str | None, typer.Option("--name", "-n", metavar="NAME", help="The deployment's name.", show_default=False)
    ] = None

    def chosen(self, config: ArmadilloConfig) -> str:
        """Return the name said, else the configured one."""
        if self.word is not None and self.name not in (None, self.word):
            raise ConfigurationError(f"{self.word!r} and --name {self.name} name two deployments", hint="name one")
        said = self.name if self.word is None else self.word
        return config.name if said is None else said


def state_folder(name: str) -> Path:
    """Return where this user's copies of a deployment's secrets are."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return below(state / "armadillo", name)
