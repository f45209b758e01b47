from __future__ import annotations

import os
import subprocess
from pathlib import Path

from armadillo.engine import identity


def test_a_process_is_alive_until_it_ends() -> None:
    child = subprocess.Popen(["sleep", "60"])
    try:
        label = identity.process(child.pid)
        assert identity.alive(label)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not identity.alive(label), "a zombie holds nothing"
    finally:
        child.kill()
        child.wait()
    assert not identity.alive(label)


def test_this_process_is_itself_and_another_of_its_number_is_not() -> None:
    boot, pid, ticks = identity.process().split(":")
    assert (int(pid), boot) == (os.getpid(), identity.boot())
    assert identity.alive(identity.process())
    assert not identity.alive(f"{boot}:{pid}:{int(ticks) + 1}")
    assert not identity.alive(f"00000000:{pid}:{ticks}")


def test_what_is_no_label_is_nobody() -> None:
    for label in ("", "x", f"{identity.boot()}:", f"{identity.boot()}:x:1", f"{identity.boot()}:{2**22 + 1}:"):
        assert not identity.alive(label)


def test_an_owner_is_a_user_of_a_machine() -> None:
    uid, _, machine = identity.owner().partition("@")
    assert int(uid) == os.getuid()
    assert machine == identity.machine() != ""


def test_a_name_with_brackets_does_not_hide_when_a_process_started(tmp_path: Path) -> None:
    odd = tmp_path / "a) R 1 (b"
    odd.symlink_to("/bin/sleep")
    with subprocess.Popen([str(odd), "60"]) as child:
        assert identity.started(child.pid).isdigit()
        child.kill()
