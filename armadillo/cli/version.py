"""`armadillo version`: what is installed here. Asks no engine."""

from __future__ import annotations

import platform

from armadillo import __version__
from armadillo.assets import ARANGODB_IMAGE
from armadillo.cli.output import Output


def version(out: Output) -> None:
    """Print the version of Armadillo and of what it runs on."""
    data = {
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "image": ARANGODB_IMAGE,
    }
    text = (
        f"armadillo {__version__}\npython {data['python']} on {data['platform']}\nimage unless told: {ARANGODB_IMAGE}\n"
    )
    out.result("version", data, text)
