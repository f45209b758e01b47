"""Options from the command line and a configuration file, as arangod reads them.

Knows nothing of what an option does, and reads no file but the one named by -c.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, cast

from arangod.failure import Exit, ExitCode
from arangod.options.table import OPTIONS, Option, Value, boolean, value_of

DEFAULT_CONFIGS = (Path("/etc/arangodb3/arangod.conf"), Path(__file__).parent.parent / "arangod.conf")
CONFIG_WORDS = ("-c", "--config", "--configuration")


class Options:
    """The value of every option, and which were given."""

    def __init__(self) -> None:
        self._values: dict[str, Value] = {}

    @property
    def given(self) -> list[str]:
        """The names of what was given, sorted."""
        return sorted(self._values)

    def set(self, option: Option, value: Value) -> None:
        """Give an option a value; a list grows."""
        if option.kind == "list":
            value = [*self.texts(option.name, given=True), cast(str, value)]
        self._values[option.name] = value

    def preset(self, name: str, value: Value) -> None:
        """Give an option a value unless it was given one."""
        self._values.setdefault(name, value)

    def defaults_from(self, other: Options) -> None:
        """Take from another set what was not given here."""
        self._values = other._values | self._values

    def _value(self, name: str) -> Value:
        return self._values.get(name, OPTIONS[name].default)

    def flag(self, name: str) -> bool:
        """Return a truth value."""
        return cast(bool, self._value(name))

    def number(self, name: str) -> float:
        """Return a number."""
        return cast(float, self._value(name))

    def text(self, name: str) -> str:
        """Return a text."""
        return cast(str, self._value(name))

    def texts(self, name: str, *, given: bool = False) -> list[str]:
        """Return all texts of a repeated option; `given` leaves the default out."""
        return cast("list[str]", self._values.get(name, []) if given else self._value(name))


class Wish(NamedTuple):
    """What the command line asks for: `run`, `version` or `help`, and the options."""

    what: str
    options: Options


def _unknown(name: str) -> Exit:
    import difflib

    near = difflib.get_close_matches(name, OPTIONS, n=3, cutoff=0.6)
    hint = "".join(f"\n  --{word}" for word in near)
    told = f"\n\nDid you mean one of these?{hint}" if near else ""
    return Exit(
        ExitCode.INVALID_OPTION,
        f"Error while processing command-line options for arangod:\n  unknown option '--{name}'{told}\n\n"
        "Use --help to get an overview of available options",
    )


def _invalid(name: str, why: str) -> Exit:
    return Exit(
        ExitCode.INVALID_VALUE,
        f"Error while processing command-line options for arangod:\n  error setting value for option '--{name}': {why}",
    )


def _set(options: Options, name: str, text: str) -> None:
    option = OPTIONS.get(name)
    if option is None:
        raise _unknown(name)
    try:
        options.set(option, value_of(option, text))
    except ValueError as exc:
        raise _invalid(name, str(exc)) from None


def _assignments(text: str, where: str) -> Iterator[tuple[str, str]]:
    section = ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line[0] == "[" and line[-1] == "]":
            section = line[1:-1].strip()
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not key:
            raise Exit(ExitCode.INVALID_CONFIG, f"error in configuration file '{where}', line {number}: '{line}'")
        yield (key if "." in key or not section else f"{section}.{key}"), value


def read_config(path: Path) -> Options:
    """Read an ini file; one that is missing or not understood ends the process."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise Exit(ExitCode.INVALID_CONFIG, f"cannot read configuration file '{path}': {exc}") from None
    options = Options()
    for name, value in _assignments(text, str(path)):
        _set(options, name, value)
    return options


def _is_boolean(text: str) -> bool:
    try:
        boolean(text)
    except ValueError:
        return False
    return True


def _take_named(options: Options, name: str, equals: bool, text: str, rest: list[str]) -> None:
    """Set one option from the command line, taking its value from the next argument where it stands there."""
    option = OPTIONS.get(name)
    if option is None and name.startswith("no-") and name[3:] in OPTIONS:
        if OPTIONS[name[3:]].kind != "bool" or equals:
            raise _invalid(name[3:], "only a boolean option can be negated, and takes no value then")
        _set(options, name[3:], "false")
    elif equals:
        _set(options, name, text)
    elif option is not None and option.kind == "bool":
        _set(options, name, rest.pop(0) if rest and _is_boolean(rest[0]) else "true")
    elif option is None:
        raise _unknown(name)
    elif not rest:
        raise _invalid(name, "no value specified")
    else:
        _set(options, name, rest.pop(0))


def _directory(options: Options, word: str) -> None:
    if options.text("database.directory"):
        raise Exit(ExitCode.INVALID_OPTION, f"unexpected argument '{word}': the database directory is given already")
    _set(options, "database.directory", word)


def parse(argv: Sequence[str], *, default_configs: Sequence[Path] = DEFAULT_CONFIGS) -> Wish:
    """Read the arguments and the configuration file they name; what the command line says wins."""
    options, rest, config = Options(), list(argv), ""
    while rest:
        word, equals, text = rest.pop(0).partition("=")
        if word in ("--version", "--help", "-h"):
            return Wish("version" if word == "--version" else "help", options)
        if word in CONFIG_WORDS:
            if not equals and not rest:
                raise Exit(ExitCode.INVALID_CONFIG, "no configuration file specified")
            config = text if equals else rest.pop(0)
        elif word.startswith("--"):
            _take_named(options, word[2:], bool(equals), text, rest)
        elif word.startswith("-"):
            raise _unknown(word.lstrip("-"))
        else:
            _directory(options, word + equals + text)
    configs = [Path(config)] if config else [path for path in default_configs if path.is_file()][:1]
    if configs and config != "none":
        options.defaults_from(read_config(configs[0]))
    return Wish("run", options)


def help_text() -> str:
    """List every option by its section."""
    lines = ["Usage: arangod [<options>]", ""]
    section = ""
    for option in OPTIONS.values():
        head = option.name.partition(".")[0]
        if head != section:
            section = head
            lines += ["", f"Section '{section}'"]
        mark = "" if option.has_effect else " (accepted, without effect in the stand-in)"
        default = "" if option.default in ("", []) else f" (default: {_shown(option.default)})"
        lines.append(f"  --{option.name} <{option.kind}>{default}{mark}")
    return "\n".join(lines)


def _shown(value: Value) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
