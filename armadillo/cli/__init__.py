"""The command `armadillo`: words in, text or JSON and an exit code out.

Each command is one small file, named in `app.COMMANDS` and imported only when it is called. Knows nothing of how the
work is done.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    try:
        from armadillo.cli.app import run

        return run(argv)
    except KeyboardInterrupt:  # before there was anybody to say so
        return 130
