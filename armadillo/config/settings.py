"""The settings: the fields of `ArmadilloConfig` are the only list, and schema, starter file and docs are made of it.

Knows nothing of where values come from, nor of what a setting does.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from armadillo.config.paths import below
from armadillo.errors import ConfigurationError

PREFIX: Final = "ARMADILLO_"


def new_run_id() -> str:
    """Return a name for a run that sorts by time and that no other run has."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _about(text: str, **more: Any) -> Mapping[str, Any]:
    return {"about": text, **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmadilloConfig:
    """The settings of one process, each with where it comes from."""

    name: str = field(default="default", metadata=_about("Name of the deployment when none is given."))
    image: str | None = field(
        default=None, metadata=_about("Image of the servers; without one the release that Armadillo was tested with.")
    )
    templates: Path | None = field(default=None, metadata=_about("Directory of your own templates.", path=True))
    jwt_secret_file: Path | None = field(
        default=None, metadata=_about("File with the secret that tokens are signed with.", path=True)
    )
    output: str = field(
        default="text", metadata=_about("Form of results on stdout.", choices=("text", "json", "jsonl", "yaml"))
    )
    output_dir: Path = field(
        default=Path("build/armadillo"), metadata=_about("Directory below which each run has its own.", path=True)
    )
    run_id: str = field(
        default_factory=new_run_id,
        metadata=_about(
            "Name of this run; without one it is made of time and chance.",
            pattern="[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
            in_files=False,
        ),
    )
    log_level: str = field(
        default="warning", metadata=_about("What is logged.", choices=("debug", "info", "warning", "error"))
    )
    log_format: str = field(default="text", metadata=_about("Form of the log.", choices=("text", "json")))
    log_file: Path | None = field(default=None, metadata=_about("File that gets the log too.", path=True))
    color: str = field(default="auto", metadata=_about("When to write colours.", choices=("auto", "always", "never")))
    sources: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    warnings: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def source(self, key: str) -> str:
        """Return where a value comes from: "flag", "environment ARMADILLO_…", "file NAME:LINE:COLUMN", "default"."""
        return self.sources.get(key, SETTINGS[key].unset)

    def derive_sub_tmp(self, *parts: str) -> Path:
        """Return a directory below the run's, made when it is not there; the same one for the same parts."""
        path = below(below(self.output_dir, self.run_id), *parts)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            hint = "choose another place: --output-dir or ARMADILLO_OUTPUT_DIR"
            raise ConfigurationError(f"{path} cannot be made: {exc.strerror}", hint=hint) from exc
        return path


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table: how a setting is named, what it accepts, what it is for."""

    key: str
    about: str
    default: str | None
    choices: tuple[str, ...] = ()
    pattern: str = ".+"
    path: bool = False
    in_files: bool = True

    @property
    def variable(self) -> str:
        return PREFIX + self.key.upper()

    @property
    def accepted(self) -> str:
        """What may be written, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        return "a path" if self.path else "text" if self.pattern == ".+" else f"text like {self.pattern}"

    @property
    def unset(self) -> str:
        """The source of a value nobody set."""
        return "default" if self.in_files else "generated"


def _table() -> Iterator[Setting]:
    for each in dataclasses.fields(ArmadilloConfig):
        if each.metadata:
            fixed = each.default is not dataclasses.MISSING and each.default is not None
            yield Setting(each.name, default=str(each.default) if fixed else None, **each.metadata)


SETTINGS: Final[Mapping[str, Setting]] = MappingProxyType({setting.key: setting for setting in _table()})


def rows(config: ArmadilloConfig) -> list[dict[str, str | None]]:
    """Return every setting with its value and source; no setting holds a secret, only where one is."""
    values = ((key, getattr(config, key)) for key in SETTINGS)
    return [
        {"name": key, "value": None if value is None else str(value), "source": config.source(key)}
        for key, value in values
    ]


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema of armadillo.yaml."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of Armadillo",
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {setting.key: _described(setting) for setting in SETTINGS.values() if setting.in_files},
    }


def _described(setting: Setting) -> dict[str, Any]:
    limits: dict[str, Any] = {"enum": [*setting.choices, None]} if setting.choices else {"minLength": 1}
    return {"description": setting.about, "type": ["string", "null"], **limits, "default": setting.default}


def init_text() -> str:
    """Return a file to start from: every setting with its default, as comments."""
    head = "# Settings of Armadillo. A flag and its ARMADILLO_ variable win over this file; `armadillo config show`\n"
    head += "# prints every value with its source. Relative paths are meant from this file's directory.\n"
    return head + "".join(
        f"\n# {setting.about} Accepts {setting.accepted}.\n# {setting.key}: {setting.default or 'null'}\n"
        for setting in SETTINGS.values()
        if setting.in_files
    )
