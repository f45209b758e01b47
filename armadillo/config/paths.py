"""The one check of names that become paths. Knows nothing of what lies there."""

from __future__ import annotations

from pathlib import Path

from armadillo.errors import ConfigurationError


def below(root: Path, *parts: str) -> Path:
    """Return the path of these parts below a directory; refuse what would not lie there, links included.

    The one check of its kind: every name that becomes a path goes through it.
    """
    for part in parts:
        if "\0" in part or not {"", ".", ".."}.isdisjoint(part.split("/")):
            raise ConfigurationError(
                f"{part!r} is no path below {root}", hint="use names without ., .. and a leading /"
            )
    path = root.joinpath(*parts)
    try:
        inside = path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError) as exc:
        raise ConfigurationError(f"{str(path)!r} is no path: {exc}", hint="choose another name") from exc
    if not inside:
        raise ConfigurationError(f"{path} leads out of {root} through a link", hint=f"ls -l {path}")
    return path
