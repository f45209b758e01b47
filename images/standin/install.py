"""Finish the stand-in in an image that brings its own Python: launchers, data folders, byte code.

Runs once, inside that image, while it is built; needs the standard library only.
"""

from __future__ import annotations

import compileall
import os
import py_compile
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LAUNCHERS = ("/entrypoint.sh", "/usr/bin/arangod", "/usr/sbin/arangod")
DATA_FOLDERS = ("/var/lib/arangodb3", "/var/lib/arangodb3-apps")


def main() -> None:
    """Do it all, or say why this image will not do."""
    if sys.version_info < (3, 11):  # noqa: UP036  whatever the image has runs this
        sys.exit("it has Python " + sys.version.split()[0])
    body = (HERE / "launch.py").read_text(encoding="utf-8").partition("\n")[2]
    for path in map(Path, LAUNCHERS):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{sys.executable} -S\n{body}", encoding="utf-8")
        path.chmod(0o755)
    for path in map(Path, DATA_FOLDERS):
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, 0, 0)
        path.chmod(0o777)
    compileall.compile_dir(HERE, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


main()
