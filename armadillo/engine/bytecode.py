"""Byte code that is never checked against its source and depends on nothing but it: for images that only start.

Runs on its own too, `python -I -S bytecode.py`, because what is compiled in a fresh process comes out the same each
time. Needs the standard library only and knows nothing of images.
"""

from __future__ import annotations

import importlib.util
import marshal
import sys
import warnings

_UNCHECKED = (1).to_bytes(4, "little")


def compiled(source: bytes, path: str) -> bytes:
    """Return a hash-based pyc of a source that will be found at the path; of a source that is none, nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            code = compile(source, path, "exec", dont_inherit=True, optimize=0)
        except (SyntaxError, ValueError):
            return b""
    return importlib.util.MAGIC_NUMBER + _UNCHECKED + importlib.util.source_hash(source) + marshal.dumps(code)


def main() -> None:
    """Read a marshalled list of paths and sources from standard input, write the list of paths and byte code."""
    wanted: list[tuple[str, bytes]] = marshal.load(sys.stdin.buffer)
    marshal.dump([(path, compiled(source, f"/{path}")) for path, source in wanted], sys.stdout.buffer)


if __name__ == "__main__":
    main()
