"""The options that every command takes, before its name or after it. Knows no command."""

from __future__ import annotations

import dataclasses
import enum
from typing import Annotated

import typer


class Form(enum.StrEnum):
    """How a result is written on stdout."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    YAML = "yaml"


class LogForm(enum.StrEnum):
    """How the log is written on stderr."""

    TEXT = "text"
    JSON = "json"


class Colour(enum.StrEnum):
    """When to write colours."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclasses.dataclass(frozen=True, slots=True)
class Globals:
    """What was said on the command line; None and zero where nothing was said."""

    output: Annotated[
        Form | None, typer.Option("--output", "-o", help="Form of the result on stdout.", show_default=False)
    ] = None
    json: Annotated[bool, typer.Option("--json", help="Short for --output json.", show_default=False)] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors on stderr.", show_default=False)] = False
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="More on stderr; -vv for debugging.", show_default=False)
    ] = 0
    log_format: Annotated[
        LogForm | None, typer.Option("--log-format", help="Form of the log on stderr.", show_default=False)
    ] = None
    log_file: Annotated[
        str | None, typer.Option("--log-file", metavar="FILE", help="Write the log to a file too.", show_default=False)
    ] = None
    color: Annotated[
        Colour | None, typer.Option("--color", help="When to write colours; NO_COLOR is honoured.", show_default=False)
    ] = None

    def over(self, outer: Globals) -> Globals:
        """Return these words, and where they say nothing the weaker ones; of each pair both or none."""
        said = {
            field.name: getattr(self, field.name) or getattr(outer, field.name) for field in dataclasses.fields(self)
        }
        if self.form:
            said |= {"output": self.output, "json": self.json}
        if self.quiet or self.verbose:
            said |= {"quiet": self.quiet, "verbose": self.verbose}
        return Globals(**said)

    @property
    def level(self) -> str | None:
        """The log level asked for."""
        if self.quiet:
            return "error"
        return (None, "info", "debug")[min(self.verbose, 2)]

    @property
    def form(self) -> Form | None:
        """The form asked for."""
        return Form.JSON if self.json else self.output
