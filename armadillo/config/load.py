"""Where values come from: user file, project file, environment and flags, the strongest last, every problem at once.

Knows the table of settings, and nothing of what a setting does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from armadillo.config.settings import PREFIX, SETTINGS, ArmadilloConfig, Setting
from armadillo.errors import ConfigurationError, EnvironmentUnusable
from armadillo.problems import Mark, Problem, error, nearest, placed

PROJECT_FILE: Final = "armadillo.yaml"
USER_FILE: Final = "armadillo/config.yaml"
PYPROJECT: Final = "pyproject.toml"
TABLE: Final = "[tool.armadillo]"

_HEADER: Final = re.compile(r"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*armadillo[ \t]*\]", re.MULTILINE)
_NEXT_HEADER: Final = re.compile(r"^[ \t]*\[", re.MULTILINE)

# Options of commands are no settings, but each can be given by its variable; the last two are our own test suite's.
HONOURED: Final = frozenset(
    PREFIX + name
    for name in (
        *("AGENTS", "BIN_DIR", "CLUSTER", "COORDINATORS", "DBSERVERS", "FORCE", "NO_AUTH", "NO_EGRESS", "OUT"),
        *("PORT", "PUBLISH", "REPLICATION_FACTOR", "SERVER_ID", "TTL", "USER"),
        *("ALL", "BASE", "CHECK", "CONTEXT", "DOCKER_HOST", "DRY_RUN", "FOLLOW", "FOR", "GRACE", "INTERVAL", "KEEP"),
        *("KEEP_DATA", "NO_INPUT", "NO_ROLLBACK", "OLDER_THAN", "PASSWORD_FILE", "PROGRESS", "PULL", "RECREATE"),
        *("SHELL", "SHOW_SECRETS", "STDIN", "STRICT", "TAIL", "TIMEOUT", "VOLUMES", "WAIT", "WATCH", "YES"),
        *("JSON", "QUIET", "VERBOSE"),
        *("REQUIRE", "SPEC_DIR"),
    )
)


def load_config(
    *, environ: Mapping[str, str] | None = None, cwd: Path | str | None = None, **overrides: Any
) -> ArmadilloConfig:
    """Read every source; an override that is None says nothing, and so does an empty variable or a null in a file.

    Relative paths are meant from where they are written: a file's directory, else `cwd`. Everything that is wrong
    anywhere is told at once.
    """
    here = _folder(cwd)
    reading = _Reading(os.environ if environ is None else environ, here)
    reading.user_file()
    reading.project_file()
    reading.environment()
    for key, value in overrides.items():
        reading.take(key, value, f"--{key.replace('_', '-')}", "flag", here)
    if reading.problems:
        raise error(reading.problems)
    reading.values.setdefault("output_dir", here / ArmadilloConfig().output_dir)
    return ArmadilloConfig(
        **reading.values, sources=MappingProxyType(reading.sources), warnings=tuple(reading.warnings)
    )


def _folder(cwd: Path | str | None) -> Path:
    try:
        return Path(cwd or Path.cwd()).resolve()
    except FileNotFoundError as exc:
        raise EnvironmentUnusable("the current directory does not exist any more", hint="cd to one that does") from exc


class _Reading:
    """One pass over all sources, the weakest first; what comes later replaces what came before."""

    def __init__(self, environ: Mapping[str, str], here: Path) -> None:
        self.environ = environ
        self.here = here
        self.values: dict[str, Any] = {}
        self.sources: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.warnings: list[str] = []

    def user_file(self) -> None:
        """Read the user's own file, where XDG says it is."""
        folder = self.environ.get("XDG_CONFIG_HOME", "")
        if not folder.startswith("/"):
            folder = self.environ.get("HOME", "") + "/.config"
        self._yaml(Path(folder) / USER_FILE)

    def project_file(self) -> None:
        """Read the nearest project file, from here up to the root of the repository."""
        for folder in (self.here, *self.here.parents):
            table = self._table_of(folder / PYPROJECT)
            if self._yaml(folder / PROJECT_FILE) and table:
                message = f"{TABLE} and {self._shown(folder / PROJECT_FILE)} both hold settings"
                self.problems.append(Problem(table, "", message, "move them into one of the two"))
            if table or os.path.lexists(folder / PROJECT_FILE) or os.path.lexists(folder / ".git"):
                return

    def environment(self) -> None:
        """Read what is set under our prefix, and tell the names nobody knows."""
        known = {setting.variable: setting.key for setting in SETTINGS.values()}
        words = [each.removeprefix(PREFIX) for each in sorted({*known, *HONOURED})]
        for name in sorted(self.environ):
            if name in known:
                value = self.environ[name] or None
                self.take(known[name], value, f"environment {name}", f"environment {name}", self.here)
            elif name.startswith(PREFIX) and name not in HONOURED:
                meant = nearest(name.removeprefix(PREFIX), words)
                told = f"did you mean {PREFIX}{meant}?" if meant else "nothing reads it"
                self.warnings.append(f"the environment variable {name} is unknown, {told}")

    def take(self, key: str, value: Any, place: str, source: str, base: Path) -> None:
        """Keep a value, or note what is wrong with it."""
        setting = SETTINGS.get(key)
        if setting is None:
            meant = nearest(key, SETTINGS)
            message = "unknown key" + (f", did you mean {meant}?" if meant else "")
            hint = "" if meant else f"known here: {', '.join(SETTINGS)}"
            self.problems.append(Problem(place, key, message, hint))
        elif source.startswith("file") and not setting.in_files:
            message = "is of one run only, so no file can hold it"
            self.problems.append(Problem(place, key, message, f"set {setting.variable}"))
        elif value is not None:
            self._value(setting, value, place, source, base)

    def _value(self, setting: Setting, value: Any, place: str, source: str, base: Path) -> None:
        text = os.fspath(value) if setting.path and isinstance(value, os.PathLike) else value
        if not _accepts(setting, text):
            meant = nearest(text, setting.choices) if isinstance(text, str) else None
            hint = f"did you mean {meant}?" if meant else "" if isinstance(text, str) else "quote it, if it is text"
            message = f"accepts {setting.accepted}, not {_written(text)}"
            self.problems.append(Problem(place, setting.key, message, hint))
            return
        self.values[setting.key] = self._path(text, base) if setting.path else text
        self.sources[setting.key] = source

    def _path(self, text: str, base: Path) -> Path:
        if text == "~" or text.startswith("~/"):
            text = self.environ.get("HOME", "~") + text[1:]
        return base / text

    def _yaml(self, path: Path) -> bool:
        """Take the settings of a YAML file; return whether it is there."""
        text = self._text(path)
        if text is None:
            mistaken = path.with_suffix(".yml")
            if os.path.lexists(mistaken):
                self.warnings.append(f"{self._shown(mistaken)} is not read: its name must be {path.name}")
            return False
        from armadillo import yamltext

        try:
            document = yamltext.load(text, self._shown(path))
        except ConfigurationError as exc:
            self.problems += [Problem(**problem) for problem in exc.details["problems"]]
            return True
        if not isinstance(document.value, dict | None):
            message = f"holds {_written(document.value)} and no settings"
            self.problems.append(Problem(document.place(), "", message, "write `key: value` lines"))
            return True
        for key, value in (document.value or {}).items():
            known = key in SETTINGS and SETTINGS[key].in_files
            place = document.place((key,)) if known else document.key_place((key,))
            self.take(key, value, place, f"file {document.key_place((key,))}", path.parent)
        return True

    def _table_of(self, path: Path) -> str:
        """Take the settings of a pyproject.toml; return the place of our table in it."""
        text = self._text(path)
        if text is None or "armadillo" not in text:
            return ""
        import tomllib

        name = self._shown(path)
        try:
            tool = tomllib.loads(text).get("tool")
        except tomllib.TOMLDecodeError as exc:
            at = re.search(r"line (\d+), column (\d+)", str(exc))
            place = f"{name}:{at[1]}:{at[2]}" if at else name
            self.problems.append(Problem(place, "", f"not TOML: {exc}"))
            return ""
        if not isinstance(tool, dict) or "armadillo" not in tool:
            return ""
        table = tool["armadillo"]
        if not isinstance(table, dict):
            self.problems.append(Problem(name, "tool.armadillo", f"must be a table, not {_written(table)}"))
            return name
        for key, value in table.items():
            place = _toml_place(text, name, key)
            self.take(key, value, place, f"file {place}", path.parent)
        return _toml_place(text, name)

    def _text(self, path: Path) -> str | None:
        try:
            return path.read_bytes().decode("utf-8-sig")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except UnicodeDecodeError as exc:
            self.problems.append(Problem(self._shown(path), "", f"byte {exc.start} is not UTF-8", "save it as UTF-8"))
        except OSError as exc:
            if not os.access(path.parent, os.X_OK):  # somebody else's directory: nothing of it is meant for us
                return None
            self.problems.append(Problem(self._shown(path), "", f"cannot be read: {exc.strerror}"))
        return None

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self.here) if path.is_relative_to(self.here) else path)


def _accepts(setting: Setting, text: Any) -> bool:
    if not isinstance(text, str) or "\0" in text:
        return False
    return text in setting.choices if setting.choices else re.fullmatch(setting.pattern, text) is not None


def _written(value: Any) -> str:
    kinds = {dict: "a table", list: "a list", bool: str(value).lower()}
    return kinds.get(type(value), repr(value))


def _toml_place(text: str, name: str, key: str = "") -> str:
    """Return where a key of our table stands, else the table, as far as it is written under a header of its own."""
    header = _HEADER.search(text)
    if header is None:
        return name
    end = _NEXT_HEADER.search(text, header.end())
    line = re.compile(rf"^[ \t]*(?=[\"']?{re.escape(key)}[\"']?\s*[=.])", re.MULTILINE)
    found = line.search(text, header.end(), end.start() if end else len(text)) if key else None
    at = found.end() if found else header.start()
    return placed(name, Mark(text.count("\n", 0, at), at - text.rfind("\n", 0, at) - 1))
