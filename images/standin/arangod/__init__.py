"""The Armadillo stand-in: a small server that behaves like arangod, for tests only.

Knows nothing of Armadillo itself and needs only the standard library.
"""

from __future__ import annotations

ARANGO_VERSION = "3.12.5"
STANDIN = "Armadillo stand-in, for tests only: not ArangoDB"
