"""What a test with a real engine may ask for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from armadillo import __version__
from armadillo.engine import images
from armadillo.engine.docker import Connection
from armadillo.engine.endpoint import locate
from armadillo.engine.images import ResolvedImage
from armadillo.errors import ArmadilloError
from tests.docker.engines import Engine, engine, missing
from tests.docker.place import Place, placed


def opened(require: Callable[[str, bool, str], None]) -> Connection:
    reason = ""
    try:
        found = Connection(locate(environ=os.environ))
        found.info()
    except ArmadilloError as exc:
        reason = str(exc)
    require("docker", not reason, reason)
    return found


@pytest.fixture
def connection(require: Callable[[str, bool, str], None]) -> Iterator[Connection]:
    """The engine of this machine."""
    with opened(require) as found:
        yield found


@pytest.fixture(scope="session")
def standin_image(require: Callable[[str, bool, str], None], tmp_path_factory: pytest.TempPathFactory) -> ResolvedImage:
    """The stand-in, built when it is not there."""
    with opened(require) as found:
        return images.resolve(found, images.STANDIN_WISH, version=__version__, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture
def place(connection: Connection, standin_image: ResolvedImage, tmp_path: Path) -> Iterator[Place]:
    """A name to deploy under; what is under it goes with the test."""
    with placed(connection, standin_image, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def there(
    require: Callable[[str, bool, str], None], standin_image: ResolvedImage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """A deployment that is up, for tests of a module that change nothing of it."""
    with opened(require) as found, placed(found, standin_image, tmp_path_factory.mktemp("state")) as one:
        one.up()
        yield one


@pytest.fixture(scope="session")
def elsewhere(require: Callable[[str, bool, str], None]) -> Iterator[Engine]:
    """A second engine, over TCP on an address of its own, with an empty store."""
    reason = missing()
    require("docker", not reason, reason)
    with engine(elsewhere=True) as found:
        yield found
