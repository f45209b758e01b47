#!/usr/bin/python3 -S
"""Start the stand-in in its image, as what it is called: arangod, or the official image's entrypoint.sh."""

import sys

sys.path[0] = "/usr/share/armadillo-standin"

from arangod.__main__ import main  # noqa: E402

sys.exit(main())
