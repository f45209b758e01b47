"""A plain function becomes a command: options that belong together are a dataclass, written once and used by several.

A command's callback takes `out: Output`, any dataclasses of options, and options of its own. Knows no command.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer
from typer.main import get_command

from armadillo.cli.globals import Globals


def fields_of(kind: type[Any]) -> Iterator[inspect.Parameter]:
    """Yield a dataclass's fields as keyword parameters."""
    hints = typing.get_type_hints(kind, include_extras=True)
    for field in dataclasses.fields(kind):
        missing = field.default is dataclasses.MISSING
        default = inspect.Parameter.empty if missing else field.default
        yield inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name]
        )


def expanded(callback: Callable[..., Any]) -> tuple[list[inspect.Parameter], dict[str, type[Any]]]:
    """Return a callback's options with its dataclasses unfolded, and those dataclasses by parameter name."""
    hints = typing.get_type_hints(callback, include_extras=True)
    own: list[inspect.Parameter] = []
    groups: dict[str, type[Any]] = {}
    for name, parameter in inspect.signature(callback).parameters.items():
        if name == "out":
            continue
        if dataclasses.is_dataclass(hints[name]):
            groups[name] = typing.cast("type[Any]", hints[name])
            own.extend(fields_of(groups[name]))
        else:
            own.append(parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY))
    return own, groups


def folded(kind: type[Any], values: dict[str, Any]) -> Any:
    """Take a dataclass's fields out of `values` and make it."""
    return kind(**{field.name: values.pop(field.name) for field in dataclasses.fields(kind)})


def spread(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function typer can read: every option a parameter of its own, the global ones last."""
    own, groups = expanded(callback)

    @functools.wraps(callback)
    def call(ctx: typer.Context, **values: Any) -> Any:
        from armadillo.cli.output import Output

        said = spoken(ctx, folded(Globals, values))
        arguments = {name: folded(kind, values) for name, kind in groups.items()}
        with Output.opened(said) as out:
            return callback(out, **arguments, **values)

    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    shape(call, [context, *own, *fields_of(Globals)])
    return call


def shape(function: Callable[..., Any], parameters: list[inspect.Parameter]) -> None:
    """Give a function the signature that typer shall see."""
    described: Any = function
    described.__signature__ = inspect.Signature(parameters)
    described.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    vars(function).pop("__wrapped__", None)


def spoken(ctx: typer.Context, here: Globals) -> Globals:
    """Return the global options: said here, else before the command's name, else set in the environment."""
    by_source: dict[str, dict[str, Any]] = {"COMMANDLINE": {}, "ENVIRONMENT": {}}
    for name in GLOBALS:
        source = ctx.get_parameter_source(name)
        by_source.get(source.name if source else "", {})[name] = getattr(here, name)
    before = ctx.obj if isinstance(ctx.obj, Globals) else Globals()
    return Globals(**by_source["COMMANDLINE"]).over(before).over(Globals(**by_source["ENVIRONMENT"]))


def say_version(asked: bool) -> None:
    if asked:
        from armadillo import __version__
        from armadillo.cli.output import write

        write(f"armadillo {__version__}\n")
        raise typer.Exit


VERSION = Annotated[
    bool,
    typer.Option("--version", help="Print the version.", callback=say_version, is_eager=True, show_default=False),
]
GLOBALS = frozenset(field.name for field in dataclasses.fields(Globals))


def group_callback(*, version: bool = False) -> Callable[..., None]:
    """Return what keeps the words that stand before a command's name."""

    def keep(ctx: typer.Context, **values: Any) -> None:
        values.pop("version", None)
        ctx.obj = spoken(ctx, folded(Globals, values))

    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    own = [inspect.Parameter("version", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=VERSION)]
    shape(keep, [context, *(own if version else []), *fields_of(Globals)])
    return keep


def command(callback: Callable[..., Any], *, name: str) -> Any:
    """Make a typer command of a callback; each option can be given by its environment variable.

    What is a setting too is left to the configuration, which reads that variable itself.
    """
    from armadillo.config import SETTINGS

    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name=name)(spread(callback))
    made: Any = get_command(app)
    for parameter in made.params:
        if parameter.param_type_name == "option" and parameter.name not in ("help", *SETTINGS):
            parameter.envvar, parameter.show_envvar = variable(parameter.opts), False
    return made


def variable(spellings: list[str]) -> str:
    """Return the environment variable of an option: its long spelling, in capitals."""
    long = max(spellings, key=len)
    return "ARMADILLO_" + long.lstrip("-").upper().replace("-", "_")
