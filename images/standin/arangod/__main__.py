"""`python -m arangod`: the executable `arangod`; under the name `entrypoint.sh`, the entrypoint of the official image.

Knows nothing of what either does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from arangod.process.run import run, take_signals


def main() -> int:
    """Be what this program was called as."""
    take_signals()
    if Path(sys.argv[0]).stem == "entrypoint":
        from arangod.entrypoint import enter

        return enter(sys.argv[1:], os.environ)
    return run(sys.argv[1:], os.environ)


if __name__ == "__main__":
    sys.exit(main())
