"""`python -m armadillo`, the same as the command `armadillo`. Knows nothing but where the door is."""

from __future__ import annotations

import sys

from armadillo.cli import main

if __name__ == "__main__":
    sys.exit(main())
