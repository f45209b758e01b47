"""The files that come with the package, templates and image sources, and the images that everything starts from.

Knows nothing of what is in them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from armadillo.errors import EnvironmentUnusable

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

ARANGODB_IMAGE = "arangodb/arangodb:3.12.5"
STANDIN_ALIAS = "armadillo/standin"

_HINT = "install it again: pip install --force-reinstall armadillo-arangodb"


def package() -> Traversable:
    """Return where the package is installed."""
    from importlib.resources import files

    return files("armadillo")


def folder(kind: str) -> Path:
    """Return the folder `images` or `compose-templates`, of the installed package or of a checkout."""
    root = package()
    if not isinstance(root, Path):
        raise EnvironmentUnusable("Armadillo runs from an archive, but Docker needs its files in a folder", hint=_HINT)
    packaged, checkout = root / "_data" / kind, root.parent
    if packaged.is_dir():
        return packaged
    if (checkout / "pyproject.toml").is_file() and (checkout / kind).is_dir():
        return checkout / kind
    raise EnvironmentUnusable(f"the folder {kind} is missing from this installation of Armadillo", hint=_HINT)


def text(kind: str, name: str) -> str:
    """Return what is in one of the files."""
    path = folder(kind) / name
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise EnvironmentUnusable(f"{path} cannot be read: {exc}", hint=_HINT) from exc
