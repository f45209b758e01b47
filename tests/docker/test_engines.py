"""The second engine that tests may have: nothing of it is left, and the machine's own bridge is as before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docker.engines import CGROUPS, engine, missing
from tests.processes import soon

pytestmark = pytest.mark.docker

LINKS = Path("/sys/class/net")


@pytest.mark.parametrize("elsewhere", [True, False], ids=["elsewhere", "here"])
def test_nothing_is_left_of_it_however_it_ended(elsewhere: bool, require: Callable[[str, bool, str], None]) -> None:
    reason = missing()
    require("docker", not reason, reason)
    bridge = (LINKS / "docker0").exists()
    with engine(elsewhere=elsewhere) as one:
        with one.connection() as connection:
            network = connection.api.create_network("left-behind", driver="bridge")["Id"]
        one.kill()
        one.start()
        with one.connection() as connection:
            assert network in {row["Id"] for row in connection.api.networks()}
        one.stop()
    assert (LINKS / "docker0").exists() == bridge
    assert soon(lambda: not (LINKS / one.name).exists())  # the kernel takes a while to end a network namespace
    assert not (LINKS / f"br-{network[:12]}").exists()
    assert not one.home.exists()
    assert one.left() == []
    assert one.mounts() == []
    assert list(CGROUPS.glob(f"*/{one.name}")) == []
